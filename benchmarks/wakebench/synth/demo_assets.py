"""Makes the sounds of the demo: takes to enroll and a noisy minute to find them in.

    python -m wakebench.synth.demo_assets assets/demo

The same command makes the same sounds, sample by sample (within rounding of one machine's
mathematics to another's).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile

from wakebench.synth.backgrounds import background
from wakebench.synth.kinds import make_source
from wakebench.synth.level import heard_span, loudest_db, power_db
from wakebench.synth.room import make_room
from wakebench.synth.samples import RATE, Signal, add, count, gain
from wakebench.synth.source import SoundSource
from wakebench.synth.tones import edges

SEED = 20
SECONDS = 60.0
RT60_SECONDS = 0.35
MARGIN_SECONDS = 0.5
QUIET_DB = -62.0
"""Level of the room in the takes, dBFS."""
NOISE_DB = -45.0
"""Level of the noisy minute without its events, dBFS."""
SNR_DB = (15.0, 20.0)
"""Events lie this far over the noise around them, measured on their loudest frames."""
TAKE_PEAKS_DB = (-7.0, -14.0, -10.0)
"""How loud the takes are: nobody enrolls three times at one level."""
SOUNDS = {"whistle": ("whistle_rising", 5), "double_knock": ("double_knock", 4)}
"""What is enrolled: name, kind, and how often it is heard in the noisy minute."""
NEAR_MISSES = ("bird", "clap", "glass", "microwave", "finger_snap", "whistle_falling")
"""What is heard too and must not wake anything."""


@dataclass(frozen=True)
class Placed:
    """A sound in the noisy minute."""

    sound: str
    """Name of the enrolled sound, or kind of the near miss."""
    start: float
    """Where it begins, in seconds."""
    end: float
    """Where it has fallen by 30 dB, in seconds."""
    snr_db: float
    """Over the noise half a second around it."""


def make_takes(source: SoundSource, rng: np.random.Generator) -> list[Signal]:
    """Three recordings of ``source`` at arm's length in a quiet room."""
    recordings = []
    for peak_db in TAKE_PEAKS_DB:
        room = make_room(rng, RT60_SECONDS, distance_metres=float(rng.uniform(0.5, 1.0)))
        heard = room.hear(source.take(rng))
        heard = heard[: heard_span(heard, 45.0)[1]]
        margin = count(MARGIN_SECONDS)
        made = np.zeros(len(heard) + 2 * margin)
        add(made, heard * edges(len(heard), 0.001, 0.02), margin)
        made *= gain(peak_db) / np.abs(made).max()
        quiet = background("quiet", len(made) / RATE, rng).astype(float)
        recordings.append(made + quiet * gain(QUIET_DB - power_db(quiet)))
    return recordings


def make_noise(rng: np.random.Generator) -> Signal:
    """A kitchen: a fan all the time, music that stops, people that come in."""
    n = count(SECONDS)
    fan = background("fan", SECONDS, rng)
    music = make_room(rng, 0.4, distance_metres=2.5).hear(background("music", 38.0, rng))
    people = make_room(rng, 0.4, distance_metres=3.0).hear(background("babble", 40.0, rng))
    made = fan.astype(float)
    add(made, 0.6 * _faded(music.astype(float)), 0)
    add(made, 0.6 * _faded(people.astype(float)), n - count(40.0))
    return made * gain(NOISE_DB - power_db(made))


def _faded(samples: Signal) -> Signal:
    return samples * edges(len(samples), 2.0, 3.0)


def make_minute(
    sources: dict[str, SoundSource], rng: np.random.Generator
) -> tuple[Signal, list[Placed], list[Placed]]:
    """The noisy minute, its events and its near misses."""
    made = make_noise(rng)
    noise = made.copy()
    calls = [name for name, (_, times) in SOUNDS.items() for _ in range(times)]
    calls = [str(call) for call in rng.permutation([*calls, *NEAR_MISSES])]
    slot = (SECONDS - 4.0) / len(calls)
    events: list[Placed] = []
    near_misses: list[Placed] = []
    for index, call in enumerate(calls):
        source = sources[call] if call in sources else make_source(call, rng)
        start = 2.5 + slot * (index + float(rng.uniform(0, 0.25)))
        placed = _place(made, noise, call, source, start, rng)
        (events if call in sources else near_misses).append(placed)
    return made, events, near_misses


def _place(
    made: Signal,
    noise: Signal,
    name: str,
    source: SoundSource,
    start_seconds: float,
    rng: np.random.Generator,
) -> Placed:
    room = make_room(rng, RT60_SECONDS, distance_metres=float(rng.uniform(1.2, 2.5)))
    heard = room.hear(source.take(rng)).astype(float)
    first, last = heard_span(heard)
    start = count(start_seconds)
    around = noise[start + first - RATE // 2 : start + last + RATE // 2]
    snr = float(rng.uniform(*SNR_DB))
    add(made, heard * gain(power_db(around) + snr - loudest_db(heard)), start)
    return Placed(
        sound=name,
        start=round((start + first) / RATE, 3),
        end=round((start + last) / RATE, 3),
        snr_db=round(snr, 1),
    )


def make_demo(folder: Path, seed: int = SEED) -> None:
    """Write takes, noisy minute and its true times into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    sources = {name: make_source(kind, rng) for name, (kind, _) in SOUNDS.items()}
    for name, source in sources.items():
        for number, take in enumerate(make_takes(source, rng), start=1):
            _write(folder / f"{name}_{number}.flac", take)
    minute, events, near_misses = make_minute(sources, rng)
    _write(folder / "noisy_minute.flac", minute)
    truth = {
        "schema": 1,
        "seconds": SECONDS,
        "rate": RATE,
        "seed": seed,
        "events": [asdict(event) for event in events],
        "near_misses": [asdict(event) for event in near_misses],
    }
    (folder / "noisy_minute.json").write_text(json.dumps(truth, indent=2) + "\n")


def _write(path: Path, samples: Signal) -> None:
    whole = np.round(np.clip(samples, -1, 1) * 32_767).astype(np.int16)
    soundfile.write(path, whole, RATE, format="FLAC", subtype="PCM_16")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Make the sounds of the demo.")
    parser.add_argument("folder", type=Path, help="where to put them, e.g. assets/demo")
    make_demo(parser.parse_args().folder)


if __name__ == "__main__":
    main()
