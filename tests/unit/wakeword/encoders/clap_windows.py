"""Loading small checkpoints of CLAP, and windows for them."""

from pathlib import Path

import numpy as np
import pytest

from wakeword.audio.frames import FloatArray
from wakeword.encoders import create_encoder
from wakeword.encoders.clap import ClapEncoder
from wakeword.errors import WakesoundError

torch = pytest.importorskip("torch", reason="needs the clap extra")
transformers = pytest.importorskip("transformers", reason="needs the clap extra")
RATE = 48_000


def load(folder: Path, device: str = "cpu") -> ClapEncoder:
    encoder = create_encoder(f"clap:{folder}", device=device)
    assert isinstance(encoder, ClapEncoder)
    return encoder


def tone(hertz: float, seconds: float = 1.0) -> FloatArray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def one_line(error: pytest.ExceptionInfo[WakesoundError]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)
