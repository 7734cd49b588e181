"""What is heard of a recording is what FFmpeg's own program decodes, sample by sample."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.codecs import chirp, decoded, require, shell, write_chirp
from wakeword.audio.channels import Mixer
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import read_audio

_FFMPEG = "ffmpeg -v error -i in.wav -strict -2 "

LOSSLESS = [
    # rate, channels, file, command
    (16_000, 1, "a.wav", "sox in.wav a.wav"),
    (44_100, 2, "a.wav", _FFMPEG + "a.wav"),
    (8_000, 1, "a.wav", "sox in.wav -b 24 a.wav"),
    (48_000, 6, "a.wav", _FFMPEG + "-c:a pcm_s24le a.wav"),
    (96_000, 2, "a.wav", _FFMPEG + "-c:a pcm_s32le a.wav"),
    (16_000, 1, "a.wav", _FFMPEG + "-c:a pcm_f32le a.wav"),
    (44_100, 2, "a.wav", _FFMPEG + "-c:a pcm_f64le a.wav"),
    (16_000, 1, "a.rf64", _FFMPEG + "-rf64 always -f wav a.rf64"),
    (16_000, 2, "a.bwf", _FFMPEG + "-write_bext 1 -f wav a.bwf"),
    (22_050, 1, "a.w64", "sox in.wav -t w64 a.w64"),
    (48_000, 2, "a.w64", _FFMPEG + "a.w64"),
    (44_100, 2, "a.aiff", "sox in.wav a.aiff"),
    (16_000, 1, "a.aifc", _FFMPEG + "-f aiff -c:a pcm_s16le a.aifc"),
    (44_100, 1, "a.au", "sox in.wav -b 16 a.au"),
    (48_000, 2, "a.caf", _FFMPEG + "-c:a pcm_s16be a.caf"),
    (44_100, 2, "a.caf", _FFMPEG + "-c:a alac a.caf"),
    (44_100, 2, "a.m4a", _FFMPEG + "-c:a alac a.m4a"),
    (44_100, 2, "a.flac", "flac -s in.wav -o a.flac"),
    (192_000, 1, "a.flac", "sox in.wav -b 24 a.flac"),
    (16_000, 8, "a.flac", _FFMPEG + "a.flac"),
    (48_000, 1, "a.oga", "flac -s --ogg in.wav -o a.oga"),
    (48_000, 2, "a.mka", _FFMPEG + "-c:a flac a.mka"),
    (44_100, 1, "a.mov", _FFMPEG + "-c:a pcm_s16le a.mov"),
    (44_100, 2, "a.wv", _FFMPEG + "a.wv"),
    (44_100, 2, "a.tta", _FFMPEG + "a.tta"),
    (16_000, 1, "a.avi", _FFMPEG + "-c:a pcm_s16le a.avi"),
]
LOSSY = [
    # where the sound begins, in samples beside the original: what the format promises
    (44_100, 2, "a.mp3", "lame --quiet in.wav a.mp3", 0),
    (16_000, 1, "a.mp3", "lame --quiet -V 4 in.wav a.mp3", 0),
    (48_000, 1, "a.mp3", _FFMPEG + "a.mp3", 0),
    (48_000, 2, "a.mp2", "twolame --quiet in.wav a.mp2", None),
    (48_000, 2, "a.opus", "opusenc --quiet in.wav a.opus", 0),
    (16_000, 1, "a.opus", "opusenc --quiet in.wav a.opus", None),
    (48_000, 1, "a.webm", _FFMPEG + "-c:a libopus a.webm", 0),
    (44_100, 2, "a.ogg", "oggenc -Q in.wav -o a.ogg", 0),
    (22_050, 1, "a.ogg", _FFMPEG + "-c:a libvorbis a.ogg", 0),
    (44_100, 2, "a.m4a", _FFMPEG + "-c:a aac a.m4a", 0),
    (16_000, 1, "a.m4b", _FFMPEG + "-c:a aac -f ipod a.m4b", 0),
    (48_000, 1, "a.aac", _FFMPEG + "a.aac", 1024),
    (48_000, 2, "a.3gp", _FFMPEG + "-c:a aac a.3gp", 0),
    (44_100, 2, "a.wma", _FFMPEG + "-c:a wmav2 a.wma", None),
    (48_000, 2, "a.mp4", _FFMPEG + "-f lavfi -i color=s=32x32:d=1 -c:v mpeg4 -c:a aac a.mp4", 0),
    (16_000, 1, "a.spx", _FFMPEG + "-c:a libspeex a.spx", None),
    (44_100, 2, "a.wav", _FFMPEG + "-c:a pcm_alaw a.wav", 0),
    (8_000, 1, "a.au", "sox in.wav -e mu-law a.au", 0),
    (48_000, 2, "a.ac3", _FFMPEG + "a.ac3", None),
    (48_000, 1, "a.weba", _FFMPEG + "-c:a libvorbis -f webm a.weba", None),
]


def name_of(case: tuple[object, ...]) -> str:
    rate, channels, file, command = case[:4]
    programs = re.sub(r"-v error -i in.wav -strict -2 |in\.wav |a\.\w+$", "", str(command))
    return f"{file}-{rate}-{channels}-{programs.strip()}"


def mixed(samples: FloatArray, rate: int) -> FloatArray:
    """``(n, channels)`` samples as one channel."""
    mixer = Mixer(samples.shape[1], rate)
    ready = mixer.push(np.ascontiguousarray(samples.T))
    return ready if samples.shape[1] == 1 else np.concatenate([ready, mixer.flush()])


@pytest.mark.parametrize("case", LOSSLESS, ids=name_of)
def test_lossless(tmp_path: Path, case: tuple[int, int, str, str]) -> None:
    """Every sample that was recorded, and FFmpeg's program hears the same."""
    require()
    rate, channels, file, command = case
    write_chirp(tmp_path / "in.wav", rate, channels)
    shell(command, tmp_path)
    clip = read_audio(tmp_path / file)
    assert clip.rate == rate
    original = (np.round(chirp(rate, channels=channels) * 32768) / 32768).astype(np.float32)
    np.testing.assert_allclose(clip.samples, mixed(original, rate), atol=2e-4)
    np.testing.assert_allclose(clip.samples, mixed(decoded(tmp_path / file), rate), atol=1e-6)
    assert clip.account is not None
    assert clip.account.complete
    assert clip.account.warnings == ()


@pytest.mark.parametrize("case", LOSSY, ids=name_of)
def test_lossy(tmp_path: Path, case: tuple[int, int, str, str, int | None]) -> None:
    """As many samples as FFmpeg's program hears, the same sound, and it begins where it began.

    In Ogg Vorbis the last page says where the sound ends, which the program overlooks in files
    as short as this.
    """
    require()
    rate, channels, file, command, begins = case
    write_chirp(tmp_path / "in.wav", rate, channels)
    shell(command, tmp_path)
    clip = read_audio(tmp_path / file)
    reference = mixed(decoded(tmp_path / file), clip.rate)
    if file.endswith(".ogg"):
        reference = reference[: len(chirp(rate))]
    assert len(clip.samples) == len(reference)
    assert np.corrcoef(clip.samples, reference)[0, 1] > 0.9999
    if begins is not None and clip.rate == rate:
        original = mixed(chirp(rate, channels=channels), rate)
        assert abs(_lag(original, clip.samples) - begins) <= 1
    assert clip.account is not None
    assert clip.account.complete


def _lag(original: FloatArray, heard: FloatArray) -> int:
    """How many samples later than the original a recording is."""
    size = 1 << (len(original) + len(heard)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(original, size))
    lag = int(np.argmax(np.fft.irfft(spectrum, size)))
    return lag - size if lag > size // 2 else lag
