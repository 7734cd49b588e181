"""A take: one recording of a sound, and the file that keeps it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import soundfile

from wakeword.audio import FloatArray
from wakeword.audiofile import encode_flac
from wakeword.errors import LibraryCorrupt
from wakeword.records import TakeRecord

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
            LibraryCorrupt: the content is not what the record was written for.
        """
        if _file_name(content, record.start_seconds, record.end_seconds) != record.file:
            raise LibraryCorrupt(f"{record.file} was changed or damaged")
        try:
            with soundfile.SoundFile(io.BytesIO(content)) as file:
                rate = int(file.samplerate)
                longest = round(LONGEST_SECONDS * rate)
                samples = file.read(longest + 1, dtype="float32", always_2d=True)[:, 0]
        except (soundfile.SoundFileError, TypeError, ValueError):
            raise LibraryCorrupt(f"{record.file} is not a recording that can be read") from None
        start, end = (round(s * rate) for s in (record.start_seconds, record.end_seconds))
        if not 0 <= start < end <= len(samples) <= longest:
            raise LibraryCorrupt(f"{record.file} and what is known of it do not fit together")
        return cls(samples, rate, start, end, record.level_db, record.snr_db)


def _file_name(content: bytes, start_seconds: float, end_seconds: float) -> str:
    """Of all that a take's embeddings depend on, so that equal names mean equal embeddings."""
    digest = hashlib.sha256(content + f"{start_seconds:.6f} {end_seconds:.6f}".encode())
    return digest.hexdigest()[:16] + ".flac"
