"""What a sound is not: hours of the world, the user's room and the other enrolled sounds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from wakeword.audio import AudioFrame, Blocker, FloatArray
from wakeword.audiofile import AudioClip, read_blocks
from wakeword.bank import NegativeBank, load_bank
from wakeword.config import EngineConfig
from wakeword.gates import create_gate
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder
from wakeword.resampler import Resampler
from wakeword.segmenter import Segmenter

RUN_SECONDS = 2.0
"""Longer open stretches count as several runs: each could wake once more."""
_BLOCK_SECONDS = 10.0

Recording = AudioClip | str | os.PathLike[str]
"""A recording in memory, or a file of any length."""


@dataclass(frozen=True, eq=False)
class Negatives:
    """What must not wake."""

    bank: NegativeBank | None = None
    """The bundled hours; None for an encoder without a bank."""
    ambient: Sequence[FloatArray] = ()
    """Runs of the user's own room, each ``(n, dim)`` in the order they were heard."""
    ambient_seconds: float = 0.0
    """Length of that recording."""
    others: Mapping[str, Sequence[FloatArray]] = field(default_factory=dict)
    """Embeddings of the takes of the other sounds, by name."""

    @property
    def hours(self) -> float:
        """Length of all recordings, in hours."""
        return (self.bank.hours if self.bank else 0.0) + self.ambient_seconds / 3600.0


def gather_negatives(
    library: SoundLibrary, encoder: Encoder, name: str, ambient: Recording | None = None
) -> Negatives:
    """All there is for the sound ``name``.

    Raises:
        AudioDecodeError: the ambient recording cannot be read.
        EncoderMismatch: the library was made with another encoder.
    """
    runs: list[FloatArray] = []
    seconds = 0.0
    if ambient is not None:

        def counted(recording: Recording) -> Iterator[AudioFrame]:
            nonlocal seconds
            for frame in heard_frames(recording, encoder.rate):
                seconds += frame.seconds
                yield frame

        runs = list(hear_runs(counted(ambient), encoder))
    return Negatives(load_bank(encoder.id), runs, seconds, other_sounds(library, encoder, name))


def other_sounds(library: SoundLibrary, encoder: Encoder, name: str) -> dict[str, list[FloatArray]]:
    """Embeddings of the takes of all sounds but ``name``, by name."""
    sounds = [s for s in library.sounds() if s.name.casefold() != name.casefold()]
    vectors = library.vectors(encoder) if sounds else {}
    found = {s.name: [vectors[t.file] for t in s.takes if t.file in vectors] for s in sounds}
    return {sound: takes for sound, takes in found.items() if takes}


def heard_frames(recording: Recording, rate: int) -> Iterator[AudioFrame]:
    """The recording as frames at ``rate``."""
    if isinstance(recording, AudioClip):
        frames: Iterable[AudioFrame] = [AudioFrame(recording.samples, 0, recording.rate)]
    else:
        frames = read_blocks(recording, _BLOCK_SECONDS)
    start = 0
    resampler: Resampler | None = None
    for frame in frames:
        resampler = resampler or Resampler(frame.rate, rate)
        samples = resampler.push(frame.samples)
        yield AudioFrame(samples, start, rate)
        start += len(samples)
    if resampler is not None:
        yield AudioFrame(resampler.flush(), start, rate)


def hear_runs(
    frames: Iterable[AudioFrame], encoder: Encoder, config: EngineConfig | None = None
) -> Iterator[FloatArray]:
    """What the engine would hear: embeddings of successive windows, ``(n, dim)`` for each run.

    A run ends with the gate or after ``RUN_SECONDS``.

    Args:
        frames: at the encoder's rate.
        encoder: makes the embeddings.
        config: gate and segmenter; the engine's own by default.
    """
    config = config or EngineConfig()
    hop = round(config.segmenter.hop_seconds * encoder.rate)
    longest = round(RUN_SECONDS / config.segmenter.hop_seconds)
    gate = create_gate(config.gate, encoder.rate)
    segmenter = Segmenter(encoder.rate, encoder.window_seconds, config.segmenter)
    run: list[FloatArray] = []
    for block in _blocks(frames, hop, encoder.rate):
        window = segmenter.push(block, gate(block))
        if window is not None:
            run.append(encoder.embed([window.samples])[0])
        if run and (window is None or len(run) == longest):
            yield np.stack(run)
            run = []
    if run:
        yield np.stack(run)


def _blocks(frames: Iterable[AudioFrame], hop: int, rate: int) -> Iterator[AudioFrame]:
    blocker = Blocker(hop)
    for frame in frames:
        yield from blocker.push(frame)
    yield from blocker.flush(rate)
