"""Whatever is called audio is either decoded, or told in one clear line with exit status 2."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wakeword.audio.frames import FloatArray
from wakeword.audio.resampling import resample
from wakeword.testing import RATE

Writer = Callable[[FloatArray, Path], object]


def _written(**options: str) -> Writer:
    return lambda samples, path: soundfile.write(path, samples, RATE, **options)


def _at_rate(rate: int) -> Writer:
    return lambda samples, path: soundfile.write(path, resample(samples, RATE, rate), rate)


def _six_channels(samples: FloatArray, path: Path) -> None:
    soundfile.write(path, np.repeat(samples[:, None], 6, axis=1), RATE)


def _truncated_mp3(samples: FloatArray, path: Path) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.concatenate([samples, samples]), RATE, format="MP3")
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) * 2 // 3])


def _samples(count: int, value: float) -> Writer:
    made = np.full(count, value, np.float32)
    return lambda samples, path: soundfile.write(path, made, RATE, subtype="FLOAT")


def _bytes(content: bytes) -> Writer:
    return lambda samples, path: path.write_bytes(content)


GOOD: dict[str, Writer] = {
    "8-bit.wav": _written(subtype="PCM_U8"),
    "24-bit.wav": _written(subtype="PCM_24"),
    "float.wav": _written(subtype="FLOAT"),
    "double.wav": _written(subtype="DOUBLE"),
    "96-khz.wav": _at_rate(96_000),
    "8-khz.wav": _at_rate(8_000),
    "6-channels.wav": _six_channels,
    "good.flac": _written(),
    "good.ogg": _written(),
    "good.mp3": _written(),
    "truncated.mp3": _truncated_mp3,
}
BAD: dict[str, Writer] = {
    "zero-bytes.wav": _bytes(b""),
    "no-samples.wav": _samples(0, 0.0),
    "nan.wav": _samples(RATE, float("nan")),
    "infinite.wav": _samples(RATE, float("inf")),
    "text.wav": _bytes(b"This is not audio but text that was renamed.\n" * 20),
    "text.mp3": _bytes(b"This is not audio but text that was renamed.\n" * 20),
}
EMPTY: dict[str, Writer] = {
    "one-sample.wav": _samples(1, 0.5),
    "silence.wav": _samples(2 * RATE, 0.0),
}
"""Audio, but without a sound in it."""


@pytest.fixture
def recording(recordings: Path) -> FloatArray:
    """A take of the whistle with some of the room, ``(n,) float32``."""
    samples, _ = soundfile.read(recordings / "whistle1.wav", dtype="float32")
    return np.asarray(samples, np.float32)


def _refused(result, path: Path) -> None:
    assert result.status == 2
    assert result.err.startswith("wakesound: ")
    assert result.err.count("\n") == 1
    assert path.name in result.err


@pytest.mark.parametrize("name", GOOD)
def test_good_audio_is_enrolled(name: str, recording, wakesound, tmp_path: Path) -> None:
    """Any depth, rate, format and number of channels can be enrolled."""
    GOOD[name](recording, tmp_path / name)
    result = wakesound("enroll", "sound", str(tmp_path / name), "--json")
    assert result.status == 0, result.err
    assert json.loads(result.out)["takes"][0]["length_seconds"] > 0.3


@pytest.mark.parametrize("name", GOOD)
def test_good_audio_is_heard(name: str, recording, wakesound, library, tmp_path: Path) -> None:
    """Any depth, rate, format and number of channels can be listened to."""
    GOOD[name](recording, tmp_path / name)
    result = wakesound("listen", "--source", f"file:{tmp_path / name}", "--json")
    assert result.status == 0, result.err
    end = json.loads(result.out.splitlines()[-1])
    assert end["event"] == "end"
    assert end["seconds"] > 1.0


@pytest.mark.parametrize("name", BAD)
def test_bad_audio_is_one_line(name: str, recording, wakesound, library, tmp_path: Path) -> None:
    """What is no audio is refused by enroll and listen alike, and changes nothing."""
    BAD[name](recording, tmp_path / name)
    _refused(wakesound("enroll", "sound", str(tmp_path / name)), tmp_path / name)
    _refused(wakesound("listen", "--source", f"file:{tmp_path / name}"), tmp_path / name)
    assert not (library / "sounds" / "sound").exists()


@pytest.mark.parametrize("name", EMPTY)
def test_empty_audio_cannot_be_enrolled(
    name: str, recording, wakesound, library, tmp_path: Path
) -> None:
    """A recording without a sound is refused as a take; listening to it hears nothing."""
    EMPTY[name](recording, tmp_path / name)
    _refused(wakesound("enroll", "sound", str(tmp_path / name)), tmp_path / name)
    result = wakesound("listen", "--source", str(tmp_path / name), "--json")
    assert result.status == 0
    assert [json.loads(line)["event"] for line in result.out.splitlines()] == ["end"]


def test_missing_file_is_one_line(wakesound, library, tmp_path: Path) -> None:
    """A file that is not there, or a folder, is named in one clear line."""
    for path in (tmp_path / "missing.wav", tmp_path):
        _refused(wakesound("enroll", "sound", str(path)), path)
        _refused(wakesound("listen", "--source", f"file:{path}"), path)


def test_damage_in_the_middle_is_one_line(
    recordings: Path, wakesound, library, tmp_path: Path
) -> None:
    """A FLAC file that is damaged half way is told when it gets there, in one line."""
    stream, _ = soundfile.read(recordings / "stream.wav")
    soundfile.write(tmp_path / "damaged.flac", stream, RATE)
    content = bytearray((tmp_path / "damaged.flac").read_bytes())
    half = len(content) // 2
    content[half : half + 2000] = bytes(2000)
    (tmp_path / "damaged.flac").write_bytes(content)
    result = wakesound("listen", "--source", f"file:{tmp_path / 'damaged.flac'}", "--json")
    if result.status == 0:  # this libsndfile plays over the damage
        assert json.loads(result.out.splitlines()[-1])["event"] == "end"
    else:
        _refused(result, tmp_path / "damaged.flac")
