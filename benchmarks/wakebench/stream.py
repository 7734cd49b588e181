"""A composed stream: audio, what is where in it, and its copy on disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from wakebench.synth import RATE
from wakeword.audio.flac import encode_flac
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import read_audio
from wakeword.library.storage import write_atomically


@dataclass(frozen=True)
class Placed:
    """An event in a stream."""

    sound: str
    take: int
    """Which of the sound's takes."""
    start: int
    """First sample of the event."""
    end: int
    """Sample just past it; a room's tail is not counted."""


@dataclass(frozen=True)
class Section:
    """A stretch of one background."""

    label: str
    start: int
    end: int


@dataclass(frozen=True)
class Layout:
    """What is where in a stream."""

    length: int
    """Samples at 16 kHz."""
    events: tuple[Placed, ...]
    """In order of time; empty in a negative stream."""
    sections: tuple[Section, ...]

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.length / RATE

    def section_at(self, seconds: float) -> str:
        """Label of the last section that began before then; empty before the first."""
        begun = [s.label for s in self.sections if s.start <= seconds * RATE]
        return begun[-1] if begun else ""


@dataclass(frozen=True, eq=False)
class Stream:
    """Minutes of audio with everything known about them."""

    samples: FloatArray
    """``(n,) float32`` at 16 kHz, on the grid of 16-bit values."""
    layout: Layout


@dataclass(frozen=True)
class Composed:
    """A stream in the cache."""

    key: str
    layout: Layout


class Plan(Protocol):
    """What a stream is composed from."""

    @property
    def key(self) -> str:
        """Digest of parameters, inputs and code: equal keys give equal streams."""
        ...

    def compose(self) -> Stream:
        """Make the stream."""
        ...


def on_16_bits(samples: FloatArray) -> FloatArray:
    """The samples as a 16-bit file would give them back; too loud ones scale the whole down."""
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    safe = samples * np.float32(min(1.0, 0.98 / peak)) if peak > 0 else samples
    return np.asarray(np.rint(safe * 32768.0) / 32768.0, np.float32)


def obtain(plan: Plan, cache: Path) -> Composed:
    """Make sure that the plan's stream is in the cache; compose it where it is not."""
    notes = cache / f"{plan.key}.json"
    try:
        if (cache / f"{plan.key}.flac").stat().st_size:
            return Composed(plan.key, _layout(json.loads(notes.read_text())))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    stream = plan.compose()
    audio = encode_flac(stream.samples, RATE)
    # The notes come last: where they are, the audio is whole.
    write_atomically(cache / f"{plan.key}.flac", lambda file: file.write(audio))
    write_atomically(notes, lambda file: file.write(json.dumps(asdict(stream.layout)).encode()))
    return Composed(plan.key, stream.layout)


def cached_audio(key: str, cache: Path) -> FloatArray:
    """The samples of a stream that :func:`obtain` put into the cache."""
    return read_audio(cache / f"{key}.flac").samples


def _layout(what: dict[str, Any]) -> Layout:
    events = tuple(Placed(**event) for event in what["events"])
    sections = tuple(Section(**section) for section in what["sections"])
    return Layout(int(what["length"]), events, sections)
