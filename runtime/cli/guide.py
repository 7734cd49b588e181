"""The level meter that is shown while takes are recorded.

What an enrollment came to, for people and for programs.

The guided enrollment at the microphone: takes one after the other, each judged at once.
"""

from __future__ import annotations

import contextlib
import select
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.live import Live
from rich.text import Text

from enroll import Capture, Drafts
from enroll.patterns import single_beats
from runtime.cli import screen
from runtime.cli.advice import finding_text
from runtime.sources import open_source
from runtime.sources._devices import play_flac
from wakeword.errors import LibraryError, WakesoundError
from wakeword.library.recordings import Take

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from rich.console import Console

    from enroll import EnrollmentResult, Finding, Reading, TakeCollector
    from wakeword.library.library import SoundLibrary


LOWEST_DB = -72.0
"""Level at the left end of the meter, dBFS; the right end is 0."""
HOT_DB = -6.0
"""From here on the meter is yellow."""
WIDTH = 30
HINT_SECONDS = 10.0
"""After so long without a sound a hint is shown."""


class Meter:
    """A line at the bottom of the terminal; nothing where there is none.

    Args:
        console: the terminal.
    """

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._shown = console.is_terminal

    def __enter__(self) -> Meter:
        if self._shown:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._live.stop()

    def show(self, reading: Reading, title: str) -> None:
        """Draw it anew.

        Args:
            reading: what the microphone delivers.
            title: what is being recorded.
        """
        if self._shown:
            self._live.update(render(reading, title), refresh=True)


def render(reading: Reading, title: str) -> Text:
    """The meter as a line of at most 80 columns."""
    colour = "red" if reading.clipped else "yellow" if reading.level_db > HOT_DB else "green"
    filled = screen.bar(1.0 - reading.level_db / LOWEST_DB, WIDTH)
    line = Text.assemble((f"{title}  ", "bold"), (filled, colour))
    line.append(f" {reading.level_db:4.0f} dBFS  ", style="dim")
    if reading.settling:
        return line.append("keep quiet ...", style="yellow")
    if reading.clipped:
        return line.append("too loud", style="red")
    if reading.active:
        return line.append("● recording", style="red")
    if reading.waited_seconds >= HINT_SECONDS:
        return line.append("nothing heard yet: closer, or louder?", style="yellow")
    return line.append("make the sound")


def summary(result: EnrollmentResult) -> dict[str, Any]:
    """What was enrolled, as a JSON object."""
    from runtime.cli.pattern import about
    from runtime.cli.sounds import expectation

    sound, calibration = result.sound, result.calibration
    return {
        "name": sound.name,
        "added": result.added,
        "takes": [
            {
                "file": take.file,
                "length_seconds": round(take.end_seconds - take.start_seconds, 3),
                "level_db": take.level_db,
                "snr_db": take.snr_db,
                "likeness": round(likeness, 4) if likeness is not None else None,
            }
            for take, likeness in _judged(result)
        ],
        "text": sound.text.written if sound.text else None,
        "understood": sound.text.text if sound.text else None,
        "threshold": sound.threshold,
        "patterns": [about(pattern, sound.name) for pattern in sound.patterns],
        "vetoes": [veto.label for veto in sound.vetoes],
        "budget_per_hour": sound.budget_per_hour,
        **expectation(calibration.expectation),
        "recordings": [{"file": path} | account.as_json() for path, account in result.recordings],
        "findings": [
            {"code": finding.code, "message": finding_text(finding)} for finding in result.findings
        ],
        "refitted": [
            {
                "name": one.after.name,
                "threshold_before": one.before.threshold,
                "threshold": one.after.threshold,
            }
            for one in result.refitted
        ],
    }


def _judged(result: EnrollmentResult) -> list[tuple[Any, float | None]]:
    """Each take with its likeness to the others, which a single one does not have."""
    takes, scores = result.sound.takes, result.calibration.scores
    return list(zip(takes, scores or [None] * len(takes), strict=True))


def show(result: EnrollmentResult) -> None:
    """Print it."""
    from rich.text import Text

    from runtime.cli import screen
    from runtime.cli.pattern import in_words

    console = screen.console()
    numbers = ("Length", "Level", "Over noise", "Likeness")
    table = screen.table("Take", *numbers, right=numbers)
    for number, (take, likeness) in enumerate(_judged(result), 1):
        table.add_row(
            str(number),
            f"{take.end_seconds - take.start_seconds:.2f} s",
            f"{take.level_db:.0f} dBFS",
            f"{take.snr_db:.0f} dB",
            "-" if likeness is None else f"{likeness:.2f}",
        )
    if result.sound.takes:
        console.print(table)
    for finding in result.findings:
        console.print(screen.note(finding_text(finding)))
    sound = result.sound
    name = (sound.name, "bold green")
    if result.added is None:
        console.print(Text.assemble("Enrolled ", name, "."))
    else:
        count = f"; it has {_count(len(sound.takes))} now."
        console.print(Text.assemble(f"Added {_count(result.added)} to ", name, count))
    if sound.text is not None:
        console.print(f"In words: {sound.text}.", soft_wrap=True)
    for pattern in sound.patterns:
        console.print(f"Wakes on {in_words(pattern, sound)}.")
    if sound.vetoes:
        console.print(f"Not on: {', '.join(veto.label for veto in sound.vetoes)}.")
    about_it = " for a beat" if sound.patterns else f": {result.calibration}"
    console.print(f"Threshold {sound.threshold:.2f}{about_it}.", soft_wrap=True)
    for one in result.refitted:
        change = f"{one.before.threshold:.2f} -> {one.after.threshold:.2f}"
        why = f"because {sound.name} would set it off"
        text = f"{one.after.name} was fitted again, {why}: threshold {change}."
        console.print(text, style="dim", soft_wrap=True)


RATE = 48_000
"""Takes are recorded at this rate, so that they serve any encoder, also later."""
SHORT_TAKES, LONG_TAKES, MORE_TAKES = 10, 5, 5
"""How many takes are asked for: of short sounds, of long ones, and of sounds that get more."""
LONG_SECONDS = 1.5
"""A sound is long from here on; decided by the first takes."""
ENOUGH_TAKES, ENOUGH_LIKENESS = 5, 0.7
"""With so many takes that are all so like the others, fewer will do."""


class Guide:
    """Leads through the takes of one sound and enrolls it.

    The sound is made again and again, about a second apart; the takes are counted and judged as
    they come. What was recorded is kept as drafts until the sound is enrolled, so an interruption
    costs nothing.

    Args:
        enrollment: collects the takes, of a new sound or of one that gets more; still empty.
        library: where the drafts are.
        wanted: how many takes; None asks for ten of a short sound and five of a long one.
    """

    def __init__(
        self, enrollment: TakeCollector, library: SoundLibrary, wanted: int | None = None
    ) -> None:
        self._enrollment = enrollment
        self._drafts = Drafts(library, enrollment.name)
        self._asked_for = wanted
        self._paths: list[Path] = []  # the draft of each take of the enrollment
        self._number = enrollment.known
        self._told_enough = False
        self._console = screen.console(stderr=True)
        self._interactive = sys.stdin.isatty() and self._console.is_terminal

    def run(self, uri: str) -> EnrollmentResult:
        """Record takes from the source ``uri``, let them be played, dropped or added, enroll.

        Raises:
            SourceError: the source cannot be heard, or nothing was heard for long.
            TakeRejected: a warning stops it.
            LibraryError: the sound or a draft cannot be stored.
        """
        try:
            self._resume()
            self._record(uri, lambda: self._wanted)
            while self._interactive and self._review():
                self._record(uri, partial(int, len(self._paths) + 1))
            with screen.busy("Fitting the threshold"):
                result = self._enrollment.finish()
        except BaseException:
            self._tell_of_drafts()
            raise
        try:
            self._drafts.clear()
        except LibraryError as error:  # the sound is enrolled all the same
            self._console.print(f"! {error}", style="yellow")
        return result

    @property
    def _wanted(self) -> int:
        """How many takes to record, as far as is known by now."""
        if self._asked_for is not None:
            return self._asked_for
        lengths = sorted(take.sound_seconds for take in self._enrollment.takes)
        is_long = bool(lengths) and lengths[len(lengths) // 2] >= LONG_SECONDS
        return LONG_TAKES if is_long else SHORT_TAKES

    def _resume(self) -> None:
        """Take up what an interrupted enrollment has left."""
        found = self._drafts.load()
        if not found:
            return
        offer = f"Go on with {_count(len(found))} of {self._enrollment.name} from last time"
        if not self._interactive:
            self._console.print(f"{offer}.", style="dim")
        elif not click.confirm(f"{offer}?", default=True, err=True):
            self._drafts.clear()
            return
        for path, take in found.items():
            self._judge(take, path)

    def _record(self, uri: str, goal: Callable[[], int]) -> None:
        """Record until there are as many takes as ``goal`` says, or Enter is pressed."""
        missing = goal() - len(self._paths)
        if missing <= 0:
            return
        again = "once" if missing == 1 else f"{missing} times, about a second apart"
        sooner = " Enter ends it sooner." if self._interactive and missing > 1 else ""
        with contextlib.closing(open_source(uri, RATE)) as source, Meter(self._console) as meter:
            self._console.print(f"Make the sound {again}.{sooner}")
            for heard in Capture(source):
                if isinstance(heard, Take):
                    for part in single_beats(heard) if self._enrollment.patterns else [heard]:
                        self._judge(part, self._drafts.save(part))
                    if len(self._paths) >= goal():
                        return
                    self._tell_enough()
                else:
                    meter.show(heard, f"Take {len(self._paths) + 1} of {goal()}")
                    if self._interactive and self._paths and _enter_pressed():
                        return
        self._console.print(screen.note(f"{uri} ended after {len(self._paths)} of {goal()} takes"))

    def _judge(self, take: Take, path: Path) -> None:
        """Add the take to the others and say what is thought of it."""
        self._number += 1
        label = f"take {self._number}"
        before = len(self._enrollment.takes)
        findings = self._enrollment.add(take, label)
        if len(self._enrollment.takes) == before:
            self._drafts.remove(path)
            self._number -= 1
        else:
            self._paths.append(path)
            self._console.print(_praise(take, label, self._enrollment.scores))
        self._tell(findings)

    def _tell(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            sign, colour = ("✗", "red") if finding.refused else ("!", "yellow")
            self._console.print(screen.note(finding_text(finding), sign=sign, colour=colour))

    def _tell_enough(self) -> None:
        """Say once that fewer takes will do."""
        scores = self._enrollment.scores
        if not self._interactive or self._told_enough or len(scores) < ENOUGH_TAKES:
            return
        if min(scores) >= ENOUGH_LIKENESS and len(scores) < self._wanted:
            self._told_enough = True
            text = f"{len(scores)} takes that agree will do; press Enter, or go on: more is better."
            self._console.print(text, style="dim")

    def _review(self) -> bool:
        """Let takes be played and dropped; whether another one is to be recorded."""
        does = "adds" if self._enrollment.known else "enrolls"
        question = f"Enter {does} these; NUMBER drops a take, p NUMBER plays it, + adds one"
        while True:
            labels = self._numbers
            if not labels:
                self._console.print("No take is left.", style="yellow")
                return True
            hint = " ".join(f"{n}?" for i, n in enumerate(labels) if self._enrollment.findings(i))
            prompt = f"{question} ({hint})" if hint else question
            answer = click.prompt(prompt, default="", show_default=False, err=True)
            words = answer.replace(",", " ").replace("+", " + ").split()
            again, playing = "+" in words, "p" in words
            numbers = [word for word in words if word not in ("+", "p")]
            if not words:
                return False
            if not all(number in labels for number in numbers) or (playing and not numbers):
                self._console.print(f"There are the takes {' '.join(labels)}.", style="yellow")
            elif playing:
                for number in numbers:
                    self._play(labels.index(number))
            else:
                for index in sorted({labels.index(n) for n in numbers}, reverse=True):
                    self._drop(index)
                if numbers:
                    self._console.print(f"{_count(len(self._paths))} left.", style="dim")
                if again:
                    return True

    @property
    def _numbers(self) -> list[str]:
        """What each take is called in the prompt."""
        return [label.removeprefix("take ") for label in self._enrollment.labels]

    def _play(self, index: int) -> None:
        try:
            play_flac(self._paths[index].read_bytes())
        except (WakesoundError, OSError) as error:
            self._console.print(f"! {error}", style="yellow")

    def _drop(self, index: int) -> None:
        self._enrollment.drop(index)
        self._drafts.remove(self._paths.pop(index))

    def _tell_of_drafts(self) -> None:
        if self._paths:
            kept = f"{_count(len(self._paths))} kept; the same command goes on from there."
            self._console.print(kept, style="dim")


def _enter_pressed() -> bool:
    """Whether a line was typed meanwhile; it is read then."""
    if not select.select([sys.stdin], [], [], 0)[0]:
        return False
    sys.stdin.readline()
    return True


def _count(takes: int) -> str:
    return "1 take" if takes == 1 else f"{takes} takes"


def _praise(take: Take, label: str, scores: Sequence[float]) -> Text:
    """What was recorded, in a line."""
    line = Text.assemble(
        ("✓ ", "green"),
        (f"{label:<7}", "bold"),
        f" {take.sound_seconds:5.2f} s  {take.level_db:4.0f} dBFS",
        f"  {take.snr_db:3.0f} dB over noise",
    )
    return line.append(f"  likeness {scores[-1]:.2f}") if scores else line
