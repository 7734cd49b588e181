"""Examples of what a sound is not: something that fired and should not have."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
import soundfile

from wakeword.audio import FloatArray
from wakeword.audiofile import encode_flac
from wakeword.config import SegmenterConfig
from wakeword.errors import LibraryCorrupt
from wakeword.protocols import Encoder
from wakeword.records import ExampleRecord
from wakeword.resampler import resample
from wakeword.views import embed_views, view_dim

LONGEST_SECONDS = 30.0
"""No example is longer; a file that says so is damaged."""
MOST_VECTORS = 300
"""Nor has it more windows."""


@dataclass(frozen=True, eq=False)
class Example:
    """Something that was heard: its audio, or only its embeddings where that was not kept."""

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
        file = _file_name(content, first, self.encoder_id, suffix)
        return ExampleRecord(file=file, first_seconds=first, encoder_id=self.encoder_id), content

    @classmethod
    def decoded(cls, record: ExampleRecord, content: bytes) -> Example:
        """The example that a record and the content of its file describe.

        Raises:
            LibraryCorrupt: the content is not what the record was written for.
        """
        suffix = "." + record.file.partition(".")[2]
        if _file_name(content, record.first_seconds, record.encoder_id, suffix) != record.file:
            raise LibraryCorrupt(f"{record.file} was changed or damaged")
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
                longest = round(LONGEST_SECONDS * rate)
                samples = file.read(longest + 1, dtype="float32", always_2d=True)[:, 0]
        except (soundfile.SoundFileError, EOFError, TypeError, ValueError) as error:
            raise LibraryCorrupt(f"{record.file} cannot be read: {error}") from None
        if not round(record.first_seconds * rate) <= len(samples) <= longest or not len(samples):
            raise LibraryCorrupt(f"{record.file} and what is known of it do not fit together")
        return cls(samples, rate, record.first_seconds, encoder_id=record.encoder_id)

    def embed(self, encoder: Encoder, config: SegmenterConfig) -> FloatArray:
        """Its embeddings by this encoder, ``(n, view_dim) float32``.

        There are none when they are another encoder's and the audio was not kept.
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


def _file_name(content: bytes, first_seconds: float, encoder_id: str, suffix: str) -> str:
    """Of all that the embeddings depend on, so that equal names mean equal embeddings."""
    digest = hashlib.sha256(content + f"{first_seconds:.6f} {encoder_id}".encode())
    return digest.hexdigest()[:16] + suffix
