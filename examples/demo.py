"""What ``make demo`` shows: two sounds are enrolled, then heard in a noisy minute.

Everything is the real thing: the recordings in ``assets/demo`` go through enrollment into a
library, the minute through a listener, and each wake event through a callback.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from enroll import enroll_files
from runtime import WakeListener
from wakeword.encoders import create_encoder
from wakeword.errors import WakesoundError
from wakeword.events import WakeEvent

RECORDINGS = Path(__file__).parents[1] / "assets" / "demo"
BUDGETS_PER_HOUR = {"whistle": 0.5, "double knock": 5.0}
"""False wakes that are borne; knocks are like much else, and a few more buy hits."""
SOUNDS = {"whistle": "whistle_*.flac", "double knock": "double_knock_*.flac"}
LATE_SECONDS = 1.0
"""An event counts for a sound that ended at most so long before."""

console = Console(highlight=False)


class Lamp:
    """Something to switch: a lamp on the screen."""

    def __init__(self, colour: str) -> None:
        self.colour = colour
        self.on = False

    def toggle(self, event: WakeEvent) -> None:
        """Switch it and say why."""
        self.on = not self.on
        bulb = f"[{self.colour}]●[/] on " if self.on else "○ off"
        console.print(
            f"  {event.start_seconds:5.1f} s  {event.sound:<13} "
            f"score {event.score:.2f} (needs {event.threshold:.2f})   lamp {bulb}"
        )


def enroll(library: Path) -> None:
    """Enroll the demo's sounds, three takes each."""
    encoder = create_encoder()
    for name, pattern in SOUNDS.items():
        takes = sorted(RECORDINGS.glob(pattern))
        budget = BUDGETS_PER_HOUR[name]
        result = enroll_files(library, encoder, name, takes, budget_per_hour=budget)
        console.print(f"  [bold]{name}[/]: {len(takes)} takes; {result.calibration}")


def listen(library: Path) -> list[WakeEvent]:
    """Play the noisy minute through a listener; the events that it fired."""
    heard: list[WakeEvent] = []
    listener = WakeListener(library, sources=f"file:{RECORDINGS / 'noisy_minute.flac'}")
    listener.on("*", heard.append)
    listener.on("whistle", Lamp("yellow").toggle)
    listener.on("double knock", Lamp("green").toggle)
    listener.run()
    return heard


def compare(heard: list[WakeEvent]) -> tuple[int, int, int]:
    """Hits, misses and false alarms, against what was put into the minute."""
    truth = json.loads((RECORDINGS / "noisy_minute.json").read_text())["events"]
    missing = [(e["sound"].replace("_", " "), e["start"], e["end"] + LATE_SECONDS) for e in truth]
    false = 0
    for event in heard:
        at = event.end_seconds
        hit = next((m for m in missing if m[0] == event.sound and m[1] <= at <= m[2]), None)
        if hit is None:
            false += 1
        else:
            missing.remove(hit)
    return len(truth) - len(missing), len(missing), false


def offer_microphone() -> None:
    """With a microphone and somebody at the keyboard: enroll a sound of one's own."""
    from runtime.sources._devices import list_microphones

    try:
        microphones = list_microphones()
    except WakesoundError:
        microphones = []
    if not microphones or not sys.stdin.isatty():
        console.print("\nYour own sound: [bold].venv/bin/wakesound enroll NAME FILE...[/]")
        return
    answer = console.input("\nEnroll a sound of your own now? [y/N] ", markup=False)
    if answer.strip().lower() != "y":
        return
    name = console.input("What is it called? ").strip() or "my sound"
    command = [sys.executable, "-m", "runtime"]
    if subprocess.run([*command, "enroll", name], check=False).returncode == 0:
        console.print("Listening; Ctrl-C ends it.")
        subprocess.run([*command, "listen"], check=False)


def main() -> int:
    """Run the demo; 0 when something was heard."""
    with tempfile.TemporaryDirectory() as folder:
        console.print("[bold]Enrolling from assets/demo[/]")
        enroll(Path(folder))
        console.print("\n[bold]Listening to a noisy minute[/] (fan, music, talk, other sounds)")
        started = time.perf_counter()
        heard = listen(Path(folder))
        took = time.perf_counter() - started
    hits, misses, false = compare(heard)
    console.print(
        f"\n{hits} heard, {misses} missed, {false} false; "
        f"60 s of sound took {took:.1f} s ({60 / took:.0f} times real time)"
    )
    if not heard:
        console.print("[red]Nothing was heard: something is wrong.[/] Try: wakesound doctor")
        return 1
    offer_microphone()
    return 0


if __name__ == "__main__":
    sys.exit(main())
