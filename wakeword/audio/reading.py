"""Reading and writing audio files through libsndfile.

Whatever cannot be used ends in one ``AudioDecodeError`` line that names the file and says
what to do. A file that was cut off gives what is there, with a logged warning.
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from wakeword.audio.frames import AudioFrame, FloatArray, mono
from wakeword.errors import AudioDecodeError, AudioFormatError

_log = logging.getLogger(__name__)

READABLE = "wav, flac, mp3, ogg, opus or aiff"
"""What can be read, for messages and help."""
MIN_RATE, MAX_RATE = 1_000, 768_000
"""Sample rates in Hz outside of which a header is wrong."""
MAX_LEVEL = 64.0
"""Float samples beyond this (+36 dBFS) are not audio in -1..1 but integers kept as floats."""
CUT_OFF_SECONDS = 0.25
"""How much shorter than its header says a file may be before that is logged."""

_CONTAINERS = (
    (4, b"ftyp", "M4A/AAC or MP4"),
    (0, b"\x1aE\xdf\xa3", "WebM or Matroska"),
    (0, b"0&\xb2u", "WMA"),
    (0, b"\xff\xf1", "AAC"),
    (0, b"\xff\xf9", "AAC"),
    (0, b"#!AMR", "AMR"),
)
"""Offset, first bytes and name of audio formats that libsndfile does not know."""


class _Reader(soundfile.SoundFile):  # type: ignore[misc]  # no types of its own
    """A file that is read front to back.

    soundfile seeks after every read of a file it can seek in, and a seek makes the mp3
    decoder lose its place: blocks would begin with silence and damaged sound.
    """

    def seekable(self) -> bool:
        """Never, so that nothing seeks."""
        return False


@dataclass(frozen=True, eq=False)
class AudioClip:
    """A whole recording."""

    samples: FloatArray
    """``(n,) float32`` mono, at least one sample."""
    rate: int
    """Samples per second."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate


def read_audio(path: str | os.PathLike[str]) -> AudioClip:
    """Read a file of any rate, depth and channel count; channels are averaged to one.

    Raises:
        AudioDecodeError: missing, empty, not audio, damaged, or with NaN or infinite samples.
    """
    frames = list(read_blocks(path, 10.0))
    return AudioClip(np.concatenate([f.samples for f in frames]), frames[0].rate)


def read_blocks(path: str | os.PathLike[str], seconds: float) -> Iterator[AudioFrame]:
    """Read a file piece by piece, for recordings that need not fit into memory.

    The file is opened and its header checked at once, not at the first block.

    Args:
        path: the file, as for :func:`read_audio`.
        seconds: length of a block; the last one may be shorter.

    Yields:
        Frames at the file's own rate, at least one, none of them empty.

    Raises:
        AudioDecodeError: as :func:`read_audio`, while iterating too.
    """
    path = Path(path)
    _check_start(path)
    try:
        file = _Reader(os.fspath(path))
    except (soundfile.SoundFileError, TypeError, ValueError) as error:
        raise _not_audio(path) from error
    if not MIN_RATE <= file.samplerate <= MAX_RATE:
        file.close()
        raise AudioDecodeError(f"{path}: a sample rate of {file.samplerate} Hz cannot be right")
    return _blocks(path, file, max(1, round(seconds * file.samplerate)))


def _blocks(path: Path, file: _Reader, size: int) -> Iterator[AudioFrame]:
    with file:
        start = 0
        while True:
            try:
                samples = mono(file.read(size, dtype="float32", always_2d=True))
            except soundfile.SoundFileError as error:
                at = start / file.samplerate
                raise AudioDecodeError(
                    f"{path}: damaged or cut off after {at:.1f} s; record or copy it again"
                ) from error
            except AudioFormatError as error:
                raise AudioDecodeError(f"{path}: {error}; export it again as 16-bit") from error
            if not len(samples):
                break
            if np.abs(samples).max() > MAX_LEVEL:
                raise AudioDecodeError(
                    f"{path}: the float samples go far beyond -1..1; export it again as 16-bit"
                )
            yield AudioFrame(samples, start, file.samplerate)
            start += len(samples)
        if not start:
            raise AudioDecodeError(f"{path}: there is no audio in it (0 samples); record it again")
        _warn_if_cut_off(path, start, file)


def _warn_if_cut_off(path: Path, count: int, file: _Reader) -> None:
    """Say so when a file ends early. A header that states no length says a huge one."""
    promised = file.frames / file.samplerate
    got = count / file.samplerate
    if got + CUT_OFF_SECONDS < promised < 1e6:
        _log.warning("%s looks cut off: %.1f of its %.1f seconds are there", path, got, promised)


def _check_start(path: Path) -> None:
    """Refuse what needs no decoder to be refused, by name and first bytes."""
    try:
        if path.is_dir():
            raise AudioDecodeError(f"{path}: is a folder; name the audio files in it")
        if path.exists() and not path.is_file():
            raise AudioDecodeError(f"{path}: is not a regular file")
        with path.open("rb") as file:
            head = file.read(65536)
    except FileNotFoundError:
        raise AudioDecodeError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AudioDecodeError(f"{path}: cannot be opened: {reason}") from error
    if not head:
        raise AudioDecodeError(f"{path}: the file is empty (zero bytes); record or copy it again")
    if path.suffix.lower() in (".raw", ".pcm"):
        raise AudioDecodeError(
            f"{path}: raw samples carry no rate; "
            f"convert it: ffmpeg -f s16le -ar 16000 -ac 1 -i {path} {path.with_suffix('.wav')}"
        )
    for offset, magic, kind in _CONTAINERS:
        if head[offset : offset + len(magic)] == magic:
            raise AudioDecodeError(
                f"{path}: {kind} audio cannot be read here; "
                f"convert it: ffmpeg -i {path} {path.with_suffix('.wav')}"
            )
    if path.suffix.lower() == ".mp3" and b"\xff" not in head:
        raise _not_audio(path)  # before the mp3 decoder searches it all and prints about it


def _not_audio(path: Path) -> AudioDecodeError:
    return AudioDecodeError(
        f"{path}: not audio that can be read ({READABLE}); if other players play it, "
        f"convert it: ffmpeg -i {path} {path.with_name(path.stem + '-converted.wav')}"
    )


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
