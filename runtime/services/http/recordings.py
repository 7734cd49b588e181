"""A recording as a browser wants it: to play, and to draw."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from pydantic import BaseModel, Field

from wakeword.audio.frames import FloatArray
from wakeword.audio.logmel import LogMel, decibels

QUIETEST_DB = -100.0
"""Where the spectrogram's 0 lies."""
BANDS = 64


class Peaks(BaseModel):
    """A waveform to draw, and where in it the sound is."""

    seconds: float = Field(description="Length of the recording.")
    start_seconds: float = Field(description="Where the sound begins that is used.")
    end_seconds: float = Field(description="Where it ends.")
    low: list[float] = Field(description="Lowest sample of each stretch, -1..1.")
    high: list[float] = Field(description="Highest sample of each stretch, -1..1.")


class Spectrogram(BaseModel):
    """A spectrogram to draw."""

    seconds: float = Field(description="Length of the recording.")
    bands: int = Field(description="Rows: mel bands from 50 Hz up to 8 kHz or half the rate.")
    columns: list[list[int]] = Field(
        description="Levels in dBFS, rounded, lowest band first, one column after the other."
    )


def wav(samples: FloatArray, rate: int) -> bytes:
    """A 16-bit WAV file of ``(n,) float32`` samples; beyond -1..1 is clipped."""
    pcm = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)
    buffer = io.BytesIO()
    soundfile.write(buffer, pcm, rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def peaks(samples: FloatArray, rate: int, start: int, end: int, points: int) -> Peaks:
    """The waveform of ``(n,)`` samples in at most so many stretches.

    Args:
        samples: the recording, at least one sample.
        rate: samples per second.
        start: first sample of the sound.
        end: sample just past it.
        points: how many stretches are wanted.
    """
    edges = _edges(len(samples), points)
    return Peaks(
        seconds=round(len(samples) / rate, 4),
        start_seconds=round(start / rate, 4),
        end_seconds=round(end / rate, 4),
        low=np.minimum.reduceat(samples, edges).round(4).tolist(),
        high=np.maximum.reduceat(samples, edges).round(4).tolist(),
    )


def spectrogram(samples: FloatArray, rate: int, points: int) -> Spectrogram:
    """The spectrogram of ``(n,)`` samples in at most so many columns."""
    logmel = LogMel(rate, BANDS)
    padded = np.concatenate([samples, np.zeros(max(0, logmel.frame - len(samples)), np.float32)])
    power = logmel.power(padded)
    edges = _edges(len(power), points)
    counts = np.diff(np.append(edges, len(power)))
    mean = np.add.reduceat(power, edges, axis=0) / counts[:, None]
    levels = np.maximum(QUIETEST_DB, decibels(mean.astype(np.float32))).round().astype(int)
    seconds = round(len(samples) / rate, 4)
    return Spectrogram(seconds=seconds, bands=BANDS, columns=levels.tolist())


def _edges(count: int, points: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Where each of at most ``points`` stretches of ``count`` items begins."""
    points = min(points, count)
    return (np.arange(points) * count // points).astype(np.intp)
