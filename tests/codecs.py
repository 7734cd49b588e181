"""Recordings as people's programs write them: ffmpeg, sox, lame, opusenc, oggenc, flac."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wakeword.audio.frames import FloatArray

PROGRAMS = ("ffmpeg", "sox", "lame", "opusenc", "opusdec", "oggenc", "oggdec", "flac", "twolame")


def require(*programs: str) -> None:
    """Skip the test where a program is missing; fail it in CI."""
    missing = [name for name in programs or PROGRAMS if shutil.which(name) is None]
    if missing:
        reason = f"needs {', '.join(missing)}: scripts/system-packages codecs"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def shell(command: str, folder: Path) -> None:
    """Run a line of shell in a folder, with our own commands; it must succeed."""
    done = subprocess.run(
        ["bash", "-euc", "set -o pipefail; " + command],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"},
    )
    assert done.returncode == 0, done.stderr


def decoded(path: Path) -> FloatArray:
    """``(n, channels) float32``: what the program ffmpeg makes of a recording."""
    wav = path.with_name(path.name + ".reference.wav")
    shell(f"ffmpeg -v error -y -i '{path.name}' -map 0:a -c:a pcm_f32le '{wav.name}'", path.parent)
    samples, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    wav.unlink()
    return np.asarray(samples, np.float32)


@cache
def chirp(rate: int, seconds: float = 1.5, channels: int = 1) -> FloatArray:
    """``(n, channels) float32``: 0.3 s of silence, then a rising tone; no moment is like another.

    Each further channel is a little quieter.
    """
    t = np.arange(round(seconds * rate)) / rate
    late = np.maximum(0.0, t - 0.3)
    tone = 0.4 * np.sin(2 * np.pi * (250 + 900 * late) * late) * (t > 0.3)
    gains = 0.9 ** np.arange(channels)
    return np.asarray(tone[:, None] * gains, np.float32)


def write_chirp(path: Path, rate: int, channels: int = 1, subtype: str = "PCM_16") -> None:
    """The chirp as a WAV file."""
    soundfile.write(path, chirp(rate, channels=channels), rate, subtype=subtype)
