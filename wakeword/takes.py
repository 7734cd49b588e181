"""A take, from recording to embeddings: exactly the windows that the engine would hear."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from wakeword.audio import FloatArray
from wakeword.audiofile import encode_flac
from wakeword.config import SegmenterConfig
from wakeword.protocols import Encoder
from wakeword.records import TakeRecord
from wakeword.resampler import resample

TAIL_HOPS = 2
"""Windows are also taken up to this many hops after the sound, as the engine hears it end."""


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
        return TakeRecord(
            file=hashlib.sha256(content).hexdigest()[:16] + ".flac",
            seconds=len(self.samples) / self.rate,
            start_seconds=self.start / self.rate,
            end_seconds=self.end / self.rate,
            level_db=round(self.level_db, 1),
            snr_db=round(self.snr_db, 1),
        ), content


def take_windows(
    take: Take, rate: int, window_seconds: float, config: SegmenterConfig
) -> list[FloatArray]:
    """The windows in which the engine would hear the take whole, at ``rate``.

    A sound shorter than the window is heard in the windows that end with it or just after;
    a longer one in all windows that lie inside it.
    """
    samples = resample(take.samples, take.rate, rate)
    start = round(take.start / take.rate * rate)
    end = min(len(samples), round(take.end / take.rate * rate))
    hop, window = round(config.hop_seconds * rate), round(window_seconds * rate)
    segment = max(0, start - round(config.pre_roll_seconds * rate))
    padded = np.concatenate([samples, np.zeros(TAIL_HOPS * hop, np.float32)])
    first = min(end, segment + window)
    ends = [*range(first, end, hop), *(end + i * hop for i in range(TAIL_HOPS + 1))]
    return [padded[max(segment, stop - window) : stop] for stop in ends]


def embed_take(take: Take, encoder: Encoder, config: SegmenterConfig) -> FloatArray:
    """Embeddings of the take, ``(n, dim) float32``; the same take always gives the same."""
    windows = take_windows(take, encoder.rate, encoder.window_seconds, config)
    return np.concatenate([encoder.embed([window]) for window in windows])
