"""What a sound is not: hours of the world, the user's room and the other enrolled sounds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from wakeword.audio.frames import AudioFrame, Blocker, FloatArray
from wakeword.audio.reading import AudioClip, read_blocks
from wakeword.audio.resampling import Resampler
from wakeword.audio.segmenter import Segmenter
from wakeword.embedding.embedder import Ear, view_dim
from wakeword.engine import EngineConfig
from wakeword.gates import create_gate
from wakeword.library.ambient import Ambient, AmbientRun
from wakeword.library.library import SoundLibrary
from wakeword.protocols import Encoder
from wakeword.scoring.bank import NegativeBank, load_bank

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
    """How much of the room was heard, quiet parts included."""
    others: Mapping[str, Sequence[FloatArray]] = field(default_factory=dict)
    """Embeddings of the takes of the other sounds, by name."""
    rejected: Sequence[FloatArray] = ()
    """Embeddings of what the user said is not this sound, each ``(n, dim)``."""

    @property
    def hours(self) -> float:
        """Length of all recordings, in hours."""
        return (self.bank.hours if self.bank else 0.0) + self.ambient_seconds / 3600.0


def gather_negatives(
    library: SoundLibrary, encoder: Encoder, name: str, ambient: Recording | Ambient | None = None
) -> Negatives:
    """All there is for the sound ``name``.

    Args:
        library: the sounds, and what is known of the room.
        encoder: the library's.
        name: the sound; there need not be one of that name yet.
        ambient: more of the room.

    Raises:
        AudioDecodeError: the ambient recording cannot be read.
        EncoderMismatch: the library was made with another encoder.
    """
    room = library.ambient(encoder).read()
    if ambient is not None:
        if not isinstance(ambient, Ambient):
            ambient = hear_ambient(ambient, encoder, EngineConfig(segmenter=library.segmenter))
        room = room.joined(ambient)
    return Negatives(
        bank=load_bank(encoder.id),
        ambient=room.vectors,
        ambient_seconds=room.seconds,
        others=other_sounds(library, encoder, name),
    )


def other_sounds(library: SoundLibrary, encoder: Encoder, name: str) -> dict[str, list[FloatArray]]:
    """Embeddings of the takes of all sounds but ``name``, by name."""
    sounds = [s for s in library.sounds() if s.name.casefold() != name.casefold()]
    vectors = library.vectors(encoder) if sounds else {}
    found = {s.name: [vectors[t.file] for t in s.takes if t.file in vectors] for s in sounds}
    return {sound: takes for sound, takes in found.items() if takes}


def hear_ambient(
    room: Recording | Iterable[AudioFrame], encoder: Encoder, config: EngineConfig | None = None
) -> Ambient:
    """What the engine would hear of the room.

    Args:
        room: a recording, or frames at the encoder's rate.
        encoder: makes the embeddings.
        config: gate and segmenter; the engine's own by default.

    Raises:
        AudioDecodeError: the recording cannot be read.
    """
    config = config or EngineConfig()
    hop = round(config.segmenter.hop_seconds * encoder.rate)
    digest = hashlib.sha256(str(encoder.rate).encode())
    heard = 0
    before = 0

    def counted(frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        nonlocal heard
        for block in _blocks(frames, hop, encoder.rate):
            heard += len(block.samples)
            digest.update(np.ascontiguousarray(block.samples).tobytes())
            yield block

    if isinstance(room, (AudioClip, str, os.PathLike)):
        room = heard_frames(room, encoder.rate)
    runs: list[AmbientRun] = []
    for vectors in hear_runs(counted(room), encoder, config):
        runs.append(AmbientRun(vectors, (heard - before) / encoder.rate))
        before = heard
    if heard > before:
        nothing = np.zeros((0, view_dim(encoder)), np.float32)
        runs.append(AmbientRun(nothing, (heard - before) / encoder.rate))
    if not heard:
        return Ambient()
    return Ambient(tuple(runs), (digest.hexdigest(),)).as_kept()


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
    """What the engine would hear: embeddings of successive windows, ``(n, view_dim)`` each.

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
    ear = Ear(encoder)
    run: list[FloatArray] = []
    for block in _blocks(frames, hop, encoder.rate):
        window = segmenter.push(block, gate(block))
        if window is not None:
            run.append(ear(window))
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
