"""Reading and writing audio files: what is audio is read, what is not is one clear line."""

from __future__ import annotations

import io
import logging
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wakeword.audio.flac import encode_flac, write_flac
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import read_audio, read_blocks
from wakeword.errors import AudioDecodeError, AudioFormatError

RATE = 16_000


def sweep(seconds: float = 1.0, rate: int = RATE) -> FloatArray:
    """A rising tone: the same everywhere, and different at every moment."""
    t = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * (200 + 500 * t) * t)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "subtype", "tolerance"),
    [
        ("a.wav", "PCM_U8", 1e-2),
        ("a.wav", "PCM_16", 1e-4),
        ("a.wav", "PCM_24", 1e-6),
        ("a.wav", "FLOAT", 0.0),
        ("a.wav", "DOUBLE", 0.0),
        ("a.flac", "PCM_16", 1e-4),
        ("a.flac", "PCM_24", 1e-6),
        ("a.aiff", "PCM_16", 1e-4),
    ],
)
def test_lossless_formats_give_their_samples(
    tmp_path: Path, name: str, subtype: str, tolerance: float
) -> None:
    """Every depth of wav, flac and aiff gives the samples that were written."""
    soundfile.write(tmp_path / name, sweep(), RATE, subtype=subtype)
    clip = read_audio(tmp_path / name)
    assert clip.rate == RATE
    assert clip.seconds == 1.0
    assert clip.samples.dtype == np.float32
    np.testing.assert_allclose(clip.samples, sweep(), atol=tolerance)


@pytest.mark.parametrize(
    ("name", "subtype"), [("a.mp3", None), ("a.ogg", None), ("a.opus", "OPUS")]
)
def test_lossy_formats_sound_alike(tmp_path: Path, name: str, subtype: str | None) -> None:
    """mp3, ogg and opus are decoded, in place and nearly alike."""
    form = "OGG" if subtype else None
    soundfile.write(tmp_path / name, sweep(rate=48_000), 48_000, subtype=subtype, format=form)
    clip = read_audio(tmp_path / name)
    assert clip.rate == 48_000
    assert abs(clip.seconds - 1.0) < 0.05
    n = min(len(clip.samples), 48_000)
    assert np.corrcoef(clip.samples[:n], sweep(rate=48_000)[:n])[0, 1] > 0.99


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000, 192_000])
def test_any_rate_is_kept(tmp_path: Path, rate: int) -> None:
    """The clip has the file's own rate; nothing is resampled in passing."""
    soundfile.write(tmp_path / "a.wav", sweep(0.1, rate), rate)
    clip = read_audio(tmp_path / "a.wav")
    assert (clip.rate, len(clip.samples)) == (rate, round(0.1 * rate))


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_channels_are_averaged(tmp_path: Path, channels: int) -> None:
    """Channels that agree become their mean."""
    data = np.tile(np.arange(channels, dtype=np.float32) / 8, (5, 1))
    soundfile.write(tmp_path / "a.wav", data, RATE, subtype="FLOAT")
    expected = np.full(5, data[0].mean(), np.float32)
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav").samples, expected)


def test_one_sample_and_silence_are_audio(tmp_path: Path) -> None:
    """The smallest file and digital silence are read; judging them is for others."""
    soundfile.write(tmp_path / "one.wav", np.array([0.5], np.float32), RATE)
    soundfile.write(tmp_path / "silent.wav", np.zeros(100, np.float32), RATE)
    np.testing.assert_array_equal(
        read_audio(tmp_path / "one.wav").samples, np.array([0.5], np.float32)
    )
    assert not read_audio(tmp_path / "silent.wav").samples.any()


def bad_file(kind: str, folder: Path) -> Path:
    """Make one of the files that are not usable audio."""
    path = folder / f"{kind}.wav"
    if kind == "zero-bytes":
        path.touch()
    elif kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("not a sound\n" * 100)
    elif kind == "text-mp3":
        path = path.with_suffix(".mp3")
        path.write_text("not a sound\n" * 1000)
    elif kind == "noise":
        path.write_bytes(np.random.default_rng(0).bytes(5000))
    elif kind == "raw":
        path = path.with_suffix(".raw")
        path.write_bytes(bytes(1000))
    elif kind == "m4a":
        path = path.with_suffix(".m4a")
        path.write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(100))
    elif kind == "webm":
        path = path.with_suffix(".webm")
        path.write_bytes(bytes.fromhex("1a45dfa3") + bytes(100))
    elif kind == "no-samples":
        soundfile.write(path, np.zeros(0, np.float32), RATE)
    elif kind == "header-only":
        soundfile.write(path, sweep(), RATE)
        path.write_bytes(path.read_bytes()[:44])
    elif kind == "half-header":
        soundfile.write(path, sweep(), RATE)
        path.write_bytes(path.read_bytes()[:20])
    elif kind == "absurd-rate":
        soundfile.write(path, sweep(), RATE)
        data = bytearray(path.read_bytes())
        data[24:28] = struct.pack("<I", 3)
        path.write_bytes(data)
    else:
        bad = {"nan": np.nan, "inf": np.inf, "integers-as-float": 20_000.0}[kind]
        samples = sweep()
        samples[-1] = bad
        soundfile.write(path, samples, RATE, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("zero-bytes", "empty"),
        ("folder", "is a folder"),
        ("text", "not audio"),
        ("text-mp3", "not audio"),
        ("noise", "not audio"),
        ("raw", "ffmpeg -f s16le"),
        ("m4a", "index of its sound is missing"),
        ("webm", "not audio"),
        ("no-samples", "0 samples"),
        ("header-only", "0 samples"),
        ("half-header", "not audio"),
        ("absurd-rate", "3 Hz"),
        ("nan", "NaN"),
        ("inf", "infinite"),
        ("integers-as-float", "beyond -1..1"),
    ],
)
def test_bad_files_are_one_clear_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str, says: str
) -> None:
    """Each names the file and the trouble in one line, and the decoder prints nothing."""
    path = bad_file(kind, tmp_path)
    with pytest.raises(AudioDecodeError) as caught:
        read_audio(path)
    message = str(caught.value)
    assert says in message
    assert str(path) in message
    assert "\n" not in message
    assert capfd.readouterr().err == ""


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there, and a name that no file can have."""
    with pytest.raises(AudioDecodeError, match=r"no-such-file\.wav: no such file"):
        read_audio(tmp_path / "no-such-file.wav")
    with pytest.raises(AudioDecodeError, match="cannot be opened"):
        read_audio("a\0b.wav")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_refused_not_waited_for(tmp_path: Path) -> None:
    """A named pipe would block for ever; it is refused."""
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioDecodeError, match="not a regular file"):
        read_audio(tmp_path / "pipe.wav")


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg", "a.wav", "a.aiff"])
def test_cut_off_file_gives_what_is_there(tmp_path: Path, name: str) -> None:
    """Half a file is part of its sound."""
    path = tmp_path / name
    noise = 0.1 * np.random.default_rng(0).standard_normal(10 * RATE)
    soundfile.write(path, noise.astype(np.float32), RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 1.0 < read_audio(path).seconds < 9.0


def test_cut_off_mp3_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An mp3 that promises more than it holds is read, and said to be short."""
    path = tmp_path / "a.mp3"
    soundfile.write(path, sweep(10.0), RATE)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with caplog.at_level(logging.WARNING):
        read_audio(path)
    assert "looks cut off" in caplog.text
    caplog.clear()
    path.write_bytes(whole)
    read_audio(path)
    assert caplog.text == ""


def test_wav_with_open_length_is_read(tmp_path: Path) -> None:
    """A wav from a pipe states the largest length there is; its samples all come."""
    path = tmp_path / "a.wav"
    soundfile.write(path, sweep(), RATE)
    data = bytearray(path.read_bytes())
    at = data.find(b"data") + 4
    data[4:8] = data[at : at + 4] = b"\xff" * 4
    path.write_bytes(data)
    assert read_audio(path).seconds == 1.0


@pytest.mark.parametrize("name", ["a.wav", "a.mp3"])
@pytest.mark.parametrize("seconds", [0.01, 0.3, 100.0])
def test_blocks_join_to_the_whole(tmp_path: Path, name: str, seconds: float) -> None:
    """Blocks of any length are contiguous and give the file's samples, tail included."""
    path = tmp_path / name
    soundfile.write(path, sweep(1.05), RATE)
    frames = list(read_blocks(path, seconds))
    assert [f.start for f in frames[1:]] == [f.end for f in frames[:-1]]
    assert all(len(f.samples) for f in frames)
    joined = np.concatenate([f.samples for f in frames])
    np.testing.assert_array_equal(joined, read_audio(path).samples)


def test_blocks_check_the_file_at_once(tmp_path: Path) -> None:
    """A missing file is an error where it is named, not at the first block."""
    with pytest.raises(AudioDecodeError):
        read_blocks(tmp_path / "none.wav", 1.0)


def test_flac_keeps_16_bit_audio_bit_for_bit(tmp_path: Path) -> None:
    """Writing what was read from 16 bit, again and again, changes nothing."""
    samples = np.arange(-32768, 32768, 7, dtype=np.float32) / np.float32(32768)
    write_flac(tmp_path / "a.flac", samples, RATE)
    clip = read_audio(tmp_path / "a.flac")
    np.testing.assert_array_equal(clip.samples, samples)
    assert clip.rate == RATE
    assert encode_flac(clip.samples, RATE) == (tmp_path / "a.flac").read_bytes()


def test_flac_clips_and_takes_file_objects() -> None:
    """What lies beyond -1..1 is clipped, not wrapped around; a file object will do."""
    buffer = io.BytesIO()
    write_flac(buffer, np.array([2.0, -2.0, 0.0], np.float32), RATE)
    buffer.seek(0)
    samples, _ = soundfile.read(buffer, dtype="int16")
    np.testing.assert_array_equal(samples, [32767, -32768, 0])


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros((2, 2), np.float32),
        np.array([np.nan], np.float32),
    ],
)
def test_flac_refuses_what_is_not_audio(samples: FloatArray) -> None:
    """Empty, stereo or non-finite arrays never reach the disk."""
    with pytest.raises(AudioFormatError):
        encode_flac(samples, RATE)


def test_flac_refuses_an_impossible_rate() -> None:
    """A rate that the format cannot hold is said so."""
    with pytest.raises(AudioFormatError, match="1000000 Hz"):
        encode_flac(sweep(), 1_000_000)
