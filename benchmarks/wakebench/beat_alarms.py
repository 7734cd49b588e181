"""How often do patterned sounds wake by mistake? All of them in one library, hours without any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wakebench import material
from wakebench.beats import Beat, enroll
from wakebench.manifest import Manifest
from wakebench.material import negative_plans
from wakebench.protocol import Protocol
from wakebench.synth import RATE
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.engine import Engine
from wakeword.library.library import SoundLibrary
from wakeword.protocols import Encoder


@dataclass(frozen=True)
class Alarms:
    """What woke in the recordings of one kind."""

    kind: str
    seconds: float
    events: int

    def per_hour(self, sounds: int) -> float:
        """False alarms per hour and sound."""
        return 3600.0 * self.events / self.seconds / sounds


def negatives(manifest: Manifest, split: str) -> Iterator[tuple[str, FloatArray]]:
    """The benchmark's streams without wake sounds: kind and ``(n,) float32`` at ``RATE``."""
    protocol = Protocol(split=split)
    found = material.from_manifest(manifest, protocol, made=False)
    for kind, plan in negative_plans(found, protocol):
        yield kind, plan.compose().samples


def false_alarms(
    beats: Sequence[Beat],
    encoder: Encoder,
    folder: Path,
    streams: Iterable[tuple[str, FloatArray]],
) -> list[Alarms]:
    """Enroll all with two patterns each and listen to streams of each kind.

    Args:
        beats: the sounds.
        encoder: the engine's.
        folder: where the library goes.
        streams: kind and samples, ``(n,) float32`` at ``RATE``.
    """
    library = SoundLibrary(folder)
    for number, beat in enumerate(beats):
        enroll(library, encoder, f"{beat.name.partition(' (')[0]} {number}", beat)
    sounds = library.enrolled(encoder)
    sums: dict[str, Alarms] = {}
    for kind, samples in streams:
        engine = Engine(sounds, encoder)
        events = [*engine.push(AudioFrame(samples, 0, RATE)), *engine.flush()]
        before = sums.get(kind, Alarms(kind, 0.0, 0))
        seconds = before.seconds + len(samples) / RATE
        sums[kind] = Alarms(kind, seconds, before.events + len(events))
    return list(sums.values())
