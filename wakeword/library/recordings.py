"""The recordings of a sound: its takes, and the rejected examples of what it is not."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
import soundfile

from wakeword.audio.flac import encode_flac
from wakeword.audio.frames import FloatArray
from wakeword.audio.resampling import resample
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.embedding.embedder import embed_views, view_dim
from wakeword.errors import SoundDamaged
from wakeword.library.records import ExampleRecord, TakeRecord
from wakeword.protocols import Encoder

LONGEST_SECONDS = 60.0
"""No recording of a sound is longer; a file that says so is damaged."""


@dataclass(frozen=True, eq=False)
class Take:
    """One recording of a sound and where in it the sound is."""

    samples: FloatArray
    """``(n,) float32``: the sound with some of the room before and after it."""
    rate: int
    """Samples per second."""
    start: int
    """First sample of the sound."""
    end: int
    """Sample just past it."""
    level_db: float = 0.0
    """Level of the sound's loudest 50 ms, dBFS."""
    snr_db: float = 0.0
    """That level over the recording's background, dB."""

    @property
    def sound_seconds(self) -> float:
        """Length of the sound itself."""
        return (self.end - self.start) / self.rate

    def encoded(self) -> tuple[TakeRecord, bytes]:
        """The record and the content of the file it names."""
        content = encode_flac(self.samples, self.rate)
        start, end = self.start / self.rate, self.end / self.rate
        return TakeRecord(
            file=_file_name(content, start, end),
            seconds=len(self.samples) / self.rate,
            start_seconds=start,
            end_seconds=end,
            level_db=round(self.level_db, 1),
            snr_db=round(self.snr_db, 1),
        ), content

    @classmethod
    def decoded(cls, record: TakeRecord, content: bytes) -> Take:
        """The take that a record and the content of its file describe.

        Raises:
            SoundDamaged: the content is not what the record was written for.
        """
        if _file_name(content, record.start_seconds, record.end_seconds) != record.file:
            raise SoundDamaged(record.file, "was changed or damaged")
        try:
            with soundfile.SoundFile(io.BytesIO(content)) as file:
                rate = int(file.samplerate)
                longest = round(LONGEST_SECONDS * rate)
                samples = file.read(longest + 1, dtype="float32", always_2d=True)[:, 0]
        except (soundfile.SoundFileError, TypeError, ValueError):
            raise SoundDamaged(record.file, "is not a readable recording") from None
        start, end = (round(s * rate) for s in (record.start_seconds, record.end_seconds))
        if not 0 <= start < end <= len(samples) <= longest:
            raise SoundDamaged(record.file, "does not match its record")
        return cls(samples, rate, start, end, record.level_db, record.snr_db)


def _file_name(content: bytes, start_seconds: float, end_seconds: float) -> str:
    """Of all that a take's embeddings depend on, so that equal names mean equal embeddings."""
    digest = hashlib.sha256(content + f"{start_seconds:.6f} {end_seconds:.6f}".encode())
    return digest.hexdigest()[:16] + ".flac"


LONGEST_EXAMPLE_SECONDS = 30.0
"""No example is longer; a file that says so is damaged."""
MOST_VECTORS = 300
"""Nor has it more windows."""


@dataclass(frozen=True, eq=False)
class Example:
    """A rejected example: its audio, or only its embeddings where no audio was kept."""

    samples: FloatArray | None = None
    """``(n,) float32``; it begins where the first window does."""
    rate: int = 0
    """Samples per second of those."""
    first_seconds: float = 0.0
    """Where the first window ends; one follows each hop."""
    vectors: FloatArray | None = None
    """``(n, dim) float32``, where there is no audio."""
    encoder_id: str = ""
    """Who made them."""

    def encoded(self) -> tuple[ExampleRecord, bytes]:
        """The record and the content of the file it names."""
        if self.samples is not None:
            content, suffix = encode_flac(self.samples, self.rate), ".flac"
        else:
            assert self.vectors is not None
            buffer = io.BytesIO()
            np.save(buffer, np.ascontiguousarray(self.vectors, "<f4"), allow_pickle=False)
            content, suffix = buffer.getvalue(), ".npy"
        first = round(self.first_seconds, 6)
        file = _example_file_name(content, first, self.encoder_id, suffix)
        return ExampleRecord(file=file, first_seconds=first, encoder_id=self.encoder_id), content

    @classmethod
    def decoded(cls, record: ExampleRecord, content: bytes) -> Example:
        """The example that a record and the content of its file describe.

        Raises:
            SoundDamaged: the content is not what the record was written for.
        """
        suffix = "." + record.file.partition(".")[2]
        if (
            _example_file_name(content, record.first_seconds, record.encoder_id, suffix)
            != record.file
        ):
            raise SoundDamaged(record.file, "was changed or damaged")
        try:
            if suffix == ".npy":
                vectors = np.load(io.BytesIO(content), allow_pickle=False)
                if vectors.ndim != 2 or not 0 < len(vectors) <= MOST_VECTORS:
                    raise ValueError("it holds no embeddings")
                if vectors.dtype != np.dtype("<f4") or not np.isfinite(vectors).all():
                    raise ValueError("its numbers are no embeddings")
                return cls(vectors=vectors.astype(np.float32), encoder_id=record.encoder_id)
            with soundfile.SoundFile(io.BytesIO(content)) as file:
                rate = int(file.samplerate)
                longest = round(LONGEST_EXAMPLE_SECONDS * rate)
                samples = file.read(longest + 1, dtype="float32", always_2d=True)[:, 0]
        except (soundfile.SoundFileError, EOFError, TypeError, ValueError) as error:
            raise SoundDamaged(record.file, f"cannot be read: {error}") from None
        if not round(record.first_seconds * rate) <= len(samples) <= longest or not len(samples):
            raise SoundDamaged(record.file, "does not match its record")
        return cls(samples, rate, record.first_seconds, encoder_id=record.encoder_id)

    def embed(self, encoder: Encoder, config: SegmenterConfig) -> FloatArray:
        """Its embeddings by this encoder, ``(n, view_dim) float32``.

        None, where only embeddings of another encoder were kept.
        """
        if self.samples is None:
            fits = self.vectors is not None and self.encoder_id == encoder.id
            fits = fits and self.vectors is not None and self.vectors.shape[1] == view_dim(encoder)
            none = np.zeros((0, view_dim(encoder)), np.float32)
            return self.vectors if fits and self.vectors is not None else none
        samples = resample(self.samples, self.rate, encoder.rate)
        hop = round(config.hop_seconds * encoder.rate)
        window = round(encoder.window_seconds * encoder.rate)
        first = min(len(samples), max(1, round(self.first_seconds * encoder.rate)))
        ends = range(first, len(samples) + 1, hop)
        return np.concatenate(
            [embed_views(encoder, [samples[max(0, end - window) : end]]) for end in ends]
        )


def _example_file_name(content: bytes, first_seconds: float, encoder_id: str, suffix: str) -> str:
    """Of all that the embeddings depend on, so that equal names mean equal embeddings."""
    digest = hashlib.sha256(content + f"{first_seconds:.6f} {encoder_id}".encode())
    return digest.hexdigest()[:16] + suffix
