"""Two tones, and streams of them."""

from __future__ import annotations

from pathlib import Path

import soundfile

from wakeword.audio.frames import FloatArray
from wakeword.testing import RATE, noise, placed, tone

LOW, HIGH = tone(440, 0.4), tone(2000, 0.4)


def stream() -> FloatArray:
    """Six seconds: low at 1, high at 2.5, low at 4."""
    return placed(noise(6.0), (1.0, LOW), (2.5, HIGH), (4.0, LOW))


def write(path: Path, samples: FloatArray) -> str:
    """A 16-bit WAV file."""
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return str(path)
