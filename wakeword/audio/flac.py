"""Writing audio: FLAC in 16 bit, through libsndfile."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from wakeword.audio.frames import FloatArray
from wakeword.errors import AudioFormatError


def encode_flac(samples: FloatArray, rate: int) -> bytes:
    """A FLAC file of mono ``(n,) float32`` samples in 16 bit; beyond -1..1 is clipped.

    Audio that came from 16 bit comes back bit for bit.

    Raises:
        AudioFormatError: empty, not mono, not finite, or a rate that FLAC cannot hold.
    """
    if samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
        raise AudioFormatError("only finite mono audio of at least one sample can be written")
    pcm = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)
    buffer = io.BytesIO()
    try:
        soundfile.write(buffer, pcm, rate, format="FLAC", subtype="PCM_16")
    except soundfile.SoundFileError as error:
        raise AudioFormatError(f"FLAC cannot hold audio at {rate} Hz") from error
    return buffer.getvalue()


def write_flac(target: str | os.PathLike[str] | BinaryIO, samples: FloatArray, rate: int) -> None:
    """Write :func:`encode_flac` to a path or an open binary file, without syncing it.

    Raises:
        AudioFormatError: as :func:`encode_flac`.
        OSError: the disk is full or the place cannot be written.
    """
    data = encode_flac(samples, rate)
    if isinstance(target, (str, os.PathLike)):
        Path(target).write_bytes(data)
    else:
        target.write(data)
