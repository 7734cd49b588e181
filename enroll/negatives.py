"""Negatives: hours of everyday sound, the user's room, other sounds; reading a room recording."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.reading import AudioClip, read_blocks
from wakeword.audio.segmenter import Segmenter
from wakeword.embedding.embedder import StreamEmbedder, view_dim
from wakeword.engine import EngineConfig
from wakeword.events import WakeEvent
from wakeword.gates import create_gate
from wakeword.library.ambient import Ambient, AmbientRun
from wakeword.protocols import Encoder
from wakeword.scoring.bank import NegativeBank
from wakeword.stream import Observer, Stream

RUN_SECONDS = 2.0
"""Longer open stretches count as several runs: each could wake once more."""
_BLOCK_SECONDS = 10.0

Recording = AudioClip | str | os.PathLike[str]
"""A recording in memory, or a file of any length."""


@dataclass(frozen=True, eq=False)
class Negatives:
    """What must not wake a sound; :class:`enroll.fitter.Fitter` gathers it."""

    bank: NegativeBank | None = None
    """The bundled hours; None for an encoder without a bank."""
    ambient: Sequence[FloatArray] = ()
    """Runs of the user's own room, each ``(n, dim)`` in the order they were heard."""
    ambient_seconds: float = 0.0
    """How much of the room was heard, quiet parts included."""
    others: Mapping[str, Sequence[FloatArray]] = field(default_factory=dict)
    """Embeddings of the takes of the other sounds, by name."""
    rejected: Sequence[FloatArray] = ()
    """Embeddings of the rejected examples, each ``(n, dim)``."""

    @property
    def hours(self) -> float:
        """Length of all recordings, in hours."""
        return (self.bank.hours if self.bank else 0.0) + self.ambient_seconds / 3600.0


def hear_ambient(
    room: Recording | Iterable[AudioFrame], encoder: Encoder, config: EngineConfig | None = None
) -> Ambient:
    """What the engine would hear of the room.

    Args:
        room: a recording, or frames of any rate.
        encoder: makes the embeddings.
        config: gate and segmenter; the engine's own by default.

    Raises:
        AudioDecodeError: the recording cannot be read.
    """
    if isinstance(room, (AudioClip, str, os.PathLike)):
        room = recorded_frames(room)
    reader = _RunReader(encoder, config or EngineConfig())
    audio = _Fingerprint(encoder.rate)
    runs: list[AmbientRun] = []
    before = 0
    for vectors, heard in reader.read(room, [audio]):
        runs.append(AmbientRun(vectors, (heard - before) / encoder.rate))
        before = heard
    if reader.heard > before:
        nothing = np.zeros((0, view_dim(encoder)), np.float32)
        runs.append(AmbientRun(nothing, (reader.heard - before) / encoder.rate))
    if not reader.heard:
        return Ambient()
    return Ambient(tuple(runs), (audio.digest,)).as_kept()


def recorded_frames(recording: Recording) -> Iterable[AudioFrame]:
    """The recording as frames at its own rate.

    Raises:
        AudioDecodeError: it cannot be read.
    """
    if isinstance(recording, AudioClip):
        return [AudioFrame(recording.samples, 0, recording.rate)]
    return read_blocks(recording, _BLOCK_SECONDS)


def hear_runs(
    frames: Iterable[AudioFrame], encoder: Encoder, config: EngineConfig | None = None
) -> Iterator[FloatArray]:
    """What the engine would hear: embeddings of successive windows, ``(n, view_dim)`` each.

    A run ends with the gate, at a gap or after ``RUN_SECONDS``.

    Args:
        frames: of any rate.
        encoder: makes the embeddings.
        config: gate and segmenter; the engine's own by default.
    """
    for vectors, _ in _RunReader(encoder, config or EngineConfig()).read(frames):
        yield vectors


class _Fingerprint(Observer):
    """What the audio of a stream is known by.

    Args:
        rate: samples per second of its blocks.
    """

    def __init__(self, rate: int) -> None:
        self._hash = hashlib.sha256(str(rate).encode())

    def block(self, block: AudioFrame) -> None:
        """Take the next block."""
        self._hash.update(np.ascontiguousarray(block.samples).tobytes())

    @property
    def digest(self) -> str:
        """The same for the same audio."""
        return self._hash.hexdigest()


class _RunReader:
    """Hears one stream like an engine that knows no sounds, and keeps the embeddings.

    Args:
        encoder: makes the embeddings.
        config: gate and segmenter.
    """

    def __init__(self, encoder: Encoder, config: EngineConfig) -> None:
        self._hop_seconds = config.segmenter.hop_seconds
        self.rate = encoder.rate
        self.position = self.heard = 0
        self._longest = round(RUN_SECONDS / config.segmenter.hop_seconds)
        self._gate = create_gate(config.gate, encoder.rate)
        self._segmenter = Segmenter(encoder.rate, encoder.window_seconds, config.segmenter)
        self._embedder = StreamEmbedder(encoder)
        self._run: list[FloatArray] = []
        self._runs: list[tuple[FloatArray, int]] = []

    def read(
        self, frames: Iterable[AudioFrame], observers: Iterable[Observer] = ()
    ) -> Iterator[tuple[FloatArray, int]]:
        """Each run of a stream, and how many samples had been heard at its end."""
        stream = Stream(self, observers, hop_seconds=self._hop_seconds)
        for frame in frames:
            stream.push(frame)
            yield from self._taken()
        stream.flush()
        yield from self._taken()

    def push(self, frame: AudioFrame) -> list[WakeEvent]:
        """Take the next block, of one hop; no event comes of it."""
        if frame.start > self.position:
            self._end_run()
            self._segmenter.reset()
        self.position = frame.end
        self.heard += len(frame.samples)
        if not len(frame.samples):
            return []
        window = self._segmenter.push(frame, self._gate(frame))
        if window is not None:
            self._run.append(self._embedder(window))
        if window is None or len(self._run) == self._longest:
            self._end_run()
        return []

    def flush(self) -> list[WakeEvent]:
        """End the stream."""
        self._end_run()
        return []

    def _taken(self) -> list[tuple[FloatArray, int]]:
        """The runs that have ended since the last call."""
        runs, self._runs = self._runs, []
        return runs

    def _end_run(self) -> None:
        if self._run:
            self._runs.append((np.stack(self._run), self.heard))
            self._run = []
