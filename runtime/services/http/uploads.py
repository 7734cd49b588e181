"""From an uploaded file to samples, within bounds and without trusting anything it says."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from runtime.services.http.problems import Refusal
from wakeword.audiofile import AudioClip, read_blocks
from wakeword.errors import AudioDecodeError

MAX_CHANNELS = 32
BLOCK_SECONDS = 1.0
_SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff"})


def decode(file: BinaryIO, name: str | None, most_seconds: float, most_samples: int) -> AudioClip:
    """Read an uploaded recording; blocking.

    The client's name for it is used in messages only, never as a path.

    Args:
        file: what was uploaded.
        name: what the client calls it.
        most_seconds: longest recording.
        most_samples: most samples of all channels together.

    Raises:
        AudioDecodeError: it is not audio that can be read.
        Refusal: it is too long (413).
    """
    shown = re.sub(r"[^\w .()-]", "_", Path(name or "").name)[-60:] or "the upload"
    suffix = Path(shown).suffix.lower()
    with tempfile.TemporaryDirectory(prefix="wakesound-upload-") as folder:
        path = Path(folder) / ("clip" + (suffix if suffix in _SUFFIXES else ".bin"))
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        try:
            _check_header(path, most_seconds, most_samples)
            return _read(path, most_seconds, most_samples)
        except AudioDecodeError as error:
            stem = Path(shown).stem
            message = str(error).replace(str(path), shown).replace(str(path.with_suffix("")), stem)
            raise AudioDecodeError(message) from None


def _check_header(path: Path, most_seconds: float, most_samples: int) -> None:
    """Refuse by what the file says of itself; what it does not say is found out on reading."""
    try:
        info = soundfile.info(str(path))
    except (soundfile.SoundFileError, TypeError, ValueError):
        return  # the reader says what is wrong
    if info.channels > MAX_CHANNELS:
        raise AudioDecodeError(f"{path}: {info.channels} channels are too many; send one or two")
    known = 0 < info.frames < 2**50  # a header without a length says a huge one
    if known and info.samplerate > 0 and info.frames > most_seconds * info.samplerate:
        raise too_long(most_seconds)
    if known and info.frames * info.channels > most_samples:
        raise too_long(most_seconds)


def _read(path: Path, most_seconds: float, most_samples: int) -> AudioClip:
    blocks = []
    for block in read_blocks(path, BLOCK_SECONDS):
        blocks.append(block.samples)
        if block.end > min(most_samples, most_seconds * block.rate):
            raise too_long(most_seconds)
        rate = block.rate
    return AudioClip(np.concatenate(blocks), rate)


def too_long(most_seconds: float) -> Refusal:
    """What is told of a recording that is too long."""
    return Refusal(
        413, "too_long", f"at most {most_seconds:g} s can be sent here; cut out what matters"
    )
