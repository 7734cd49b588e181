"""Recordings whose headers are wrong, in parts, or cut off: all that is there is heard."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from tests.codecs import chirp, require, shell, write_chirp
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import Account, Recording, read_audio
from wakeword.errors import AudioDecodeError, AudioTooLong

RATE = 16_000
SAMPLES = len(chirp(RATE))


def original() -> FloatArray:
    """``(n,) float32``: what the 16-bit file holds."""
    return (np.round(chirp(RATE)[:, 0] * 32768) / 32768).astype(np.float32)


def wav(path: Path, riff: int, data: int, before: bytes = b"", after: bytes = b"") -> Path:
    """The chirp in a WAV file with sizes as they are given."""
    pcm = (original() * 32768).astype("<i2").tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    head = struct.pack("<4sI4s", b"RIFF", riff, b"WAVE") + form + before
    path.write_bytes(head + struct.pack("<4sI", b"data", data) + pcm + after)
    return path


def account_of(path: Path) -> Account:
    """What was heard of a file."""
    account = read_audio(path).account
    assert account is not None
    return account


SIZE = 2 * SAMPLES
LIST = struct.pack("<4sI4sI", b"LIST", 4000, b"INFO", 3988) + b"\x55\x70" * 1996


@pytest.mark.parametrize(
    ("riff", "data", "after"),
    [
        (0, 0, b""),
        (36, 0, b""),
        (36, 36, b""),
        (8, 8, b""),
        (0xFFFFFFFF, 0, b""),
        (0, 0, LIST),
        (0xFFFFFFFF, 0xFFFFFFFF, b""),
        (0x7FFFFFFF + 36, 0x7FFFFFFF, b""),
        (SIZE // 3 + 36, SIZE // 3, b""),
        (SIZE + 36, SIZE, LIST),
        (SIZE + 36, SIZE, b"TAG" + bytes(125)),
    ],
)
def test_sizes_that_nobody_wrote(tmp_path: Path, riff: int, data: int, after: bytes) -> None:
    """Lost power, pipes, trailing chunks: the samples are those that were recorded, no more."""
    path = wav(tmp_path / "a.wav", riff, data, after=after)
    clip = read_audio(path)
    np.testing.assert_array_equal(clip.samples, original())
    assert clip.account is not None
    assert clip.account.complete
    assert bool(clip.account.warnings) == (data < SIZE)


def test_wrapped_sizes(tmp_path: Path) -> None:
    """More than 4 GiB: the 32 bits of the size are what is left of it, and chunks follow."""
    path = wav(tmp_path / "a.wav", 0, SIZE - 4000)
    with path.open("r+b") as file:  # a hole takes no room on the disk
        file.seek(44 + SIZE - 4000 + (1 << 32))
        file.write(LIST)
    with Recording(path) as recording:
        assert recording.stated_seconds == ((1 << 32) + SIZE - 4000) / 2 / RATE
        first = next(recording.blocks(1.0))
    np.testing.assert_array_equal(first.samples, original()[:RATE])


def test_rf64(tmp_path: Path) -> None:
    """The 64-bit size counts, and the stated length is its."""
    require("ffmpeg")
    write_chirp(tmp_path / "in.wav", RATE)
    shell("ffmpeg -v error -i in.wav -rf64 always a.wav", tmp_path)
    assert (tmp_path / "a.wav").read_bytes()[:4] == b"RF64"
    assert account_of(tmp_path / "a.wav") == Account(1.5, 1.5, True)


@pytest.mark.parametrize("padded", [True, False])
def test_an_odd_chunk(tmp_path: Path, padded: bool) -> None:
    """A chunk of 603 bytes, with the byte that makes it even and without."""
    junk = struct.pack("<4sI", b"junk", 603) + bytes(604 if padded else 603)
    clip = read_audio(wav(tmp_path / "a.wav", SIZE + 36 + len(junk), SIZE, before=junk))
    np.testing.assert_array_equal(clip.samples, original())


def test_a_wav_that_was_cut_off(tmp_path: Path) -> None:
    """What is there, a warning with both lengths, and it is not complete."""
    path = wav(tmp_path / "a.wav", SIZE + 36, SIZE)
    path.write_bytes(path.read_bytes()[: 44 + SIZE // 2])
    account = account_of(path)
    assert (account.heard_seconds, account.stated_seconds, account.complete) == (0.75, 1.5, False)
    assert account.warnings == ("looks cut off: 0.8 of its 1.5 seconds are there",)


@pytest.mark.parametrize(
    ("command", "most_db"),
    [
        ("sox in.wav -r 8000 -e gsm-full-rate a.wav", -30.0),
        ("sox in.wav -e ms-adpcm a.wav", -30.0),
        ("sox in.wav -e ima-adpcm a.wav", -30.0),
    ],
)
def test_the_count_in_fact(tmp_path: Path, command: str, most_db: float) -> None:
    """A coded WAV ends where its encoder says, whatever stands in the rest of its last block."""
    require("sox")
    write_chirp(tmp_path / "in.wav", RATE)
    shell(command, tmp_path)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    at = data.find(b"fact") + 8
    count = int.from_bytes(data[at : at + 4], "little") - 77
    data[at : at + 4] = count.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(data)
    clip = read_audio(tmp_path / "a.wav")
    assert len(clip.samples) == count
    assert account_of(tmp_path / "a.wav").complete


def test_an_mp3_without_a_length(tmp_path: Path) -> None:
    """From a pipe, quiet then loud and the other way round: all of it, and no length is stated."""
    require("ffmpeg")
    for name, gain in (("rising", "t/20"), ("falling", "1-t/20")):
        make = (
            f"ffmpeg -v error -f lavfi -i 'anoisesrc=d=20:r=44100:a=0.5,volume={gain}:eval=frame'"
        )
        shell(f"{make} -q:a 4 -write_xing 0 -f mp3 - > {name}.mp3", tmp_path)
        account = account_of(tmp_path / f"{name}.mp3")
        assert account.heard_seconds == pytest.approx(20.0, abs=0.06)
        assert account.stated_seconds is None
        assert account.complete


def test_tags_before_an_mp3(tmp_path: Path) -> None:
    """A picture and much padding before the sound do not hide it."""
    require("lame")
    write_chirp(tmp_path / "in.wav", 48_000)
    shell("lame --quiet in.wav a.mp3", tmp_path)
    plain = (tmp_path / "a.mp3").read_bytes()
    size = 300_000
    tag = b"ID3\3\0\0" + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)) + bytes(size)
    (tmp_path / "b.mp3").write_bytes(tag + plain)
    (tmp_path / "c.mp3").write_bytes(tag[:10] + bytes(size) + tag + plain)
    expected = read_audio(tmp_path / "a.mp3").samples
    for name in ("b.mp3", "c.mp3"):
        np.testing.assert_array_equal(read_audio(tmp_path / name).samples, expected)
        assert account_of(tmp_path / name).stated_seconds == pytest.approx(1.5)


CHAINS = {
    "opus": "opusenc --quiet {0}.wav {0}.opus",
    "ogg": "oggenc -Q {0}.wav -o {0}.ogg",
    "oga": "flac -s --ogg {0}.wav -o {0}.oga",
}


@pytest.mark.parametrize("kind", CHAINS)
def test_chained_ogg(tmp_path: Path, kind: str) -> None:
    """Streams behind each other are one recording: each begins and ends on its sample."""
    require()
    samples = chirp(48_000)
    for number in range(3):
        write_chirp(tmp_path / f"{number}.wav", 48_000)
        shell(CHAINS[kind].format(number), tmp_path)
    shell(f"cat 0.{kind} 1.{kind} 2.{kind} > all.{kind}", tmp_path)
    alone = read_audio(tmp_path / f"0.{kind}").samples
    assert len(alone) == len(samples)
    together = read_audio(tmp_path / f"all.{kind}")
    np.testing.assert_array_equal(together.samples, np.tile(alone, 3))
    assert together.account == Account(4.5, None, True)


def test_a_chain_of_everything(tmp_path: Path) -> None:
    """Each link may have a codec and a rate of its own; the first one's rate is that of all."""
    require()
    write_chirp(tmp_path / "0.wav", 48_000)
    write_chirp(tmp_path / "1.wav", 44_100, channels=2)
    shell("opusenc --quiet 0.wav 0.opus; oggenc -Q 1.wav -o 1.ogg; flac -s --ogg 0.wav", tmp_path)
    shell("cat 0.opus 1.ogg 0.oga > all.ogg", tmp_path)
    clip = read_audio(tmp_path / "all.ogg")
    assert clip.rate == 48_000
    assert clip.seconds == pytest.approx(4.5, abs=1e-4)
    part = clip.samples[72_000:144_000]
    expected = chirp(48_000)[:, 0]
    assert np.corrcoef(part, expected)[0, 1] > 0.999


def test_joined_mp3(tmp_path: Path) -> None:
    """Both parts are heard; the second has its encoder's 1105 samples of silence before it."""
    require("lame")
    write_chirp(tmp_path / "in.wav", 48_000)
    shell("lame --quiet in.wav a.mp3; cat a.mp3 a.mp3 > b.mp3", tmp_path)
    clip = read_audio(tmp_path / "b.mp3")
    alone = read_audio(tmp_path / "a.mp3").samples
    assert 0 <= len(clip.samples) - 2 * len(alone) < 5 * 1152
    assert clip.account is not None
    assert clip.account.complete


@pytest.mark.parametrize("kind", ["opus", "ogg", "flac"])
def test_cut_off(tmp_path: Path, kind: str) -> None:
    """More than half of what was there, a warning, and it is not complete."""
    require()
    noise = 0.1 * np.random.default_rng(1).standard_normal((48_000 * 5, 1))
    import soundfile

    soundfile.write(tmp_path / "0.wav", noise.astype(np.float32), 48_000)
    shell((CHAINS | {"flac": "flac -s {0}.wav"})[kind].format(0), tmp_path)
    path = tmp_path / f"0.{kind}"
    whole = read_audio(path).samples
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    clip = read_audio(path)
    assert 2.5 < clip.seconds < 4.0
    np.testing.assert_allclose(clip.samples[:100_000], whole[:100_000], atol=1e-6)
    assert clip.account is not None
    assert not clip.account.complete
    assert "looks cut off" in clip.account.warnings[0]


def test_an_amr_with_pauses(tmp_path: Path) -> None:
    """A telephone leaves pauses out; they are silence here, and what follows is in its place."""
    require("sox")
    write_chirp(tmp_path / "in.wav", 8000)
    shell("sox in.wav a.amr-nb pad 3 3; mv a.amr-nb a.amr", tmp_path)
    clip = read_audio(tmp_path / "a.amr")
    assert clip.seconds == pytest.approx(7.5, abs=0.05)
    assert clip.account is not None
    assert clip.account.complete
    loud = np.flatnonzero(np.abs(clip.samples) > 0.1) / clip.rate
    assert loud[0] == pytest.approx(3.3, abs=0.05)


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a"])
def test_the_name_does_not_count(tmp_path: Path, name: str) -> None:
    """An M4A file that is called something else is read as what it is."""
    require("ffmpeg")
    write_chirp(tmp_path / "in.wav", 44_100)
    shell("ffmpeg -v error -i in.wav a.m4a", tmp_path)
    expected = read_audio(tmp_path / "a.m4a").samples
    (tmp_path / "a.m4a").rename(tmp_path / name)
    np.testing.assert_array_equal(read_audio(tmp_path / name).samples, expected)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{0}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{0}'\n",
        '<?xml version="1.0"?><MPD><Period><BaseURL>{0}</BaseURL></Period></MPD>',
    ],
)
def test_lists_of_other_files_are_not_followed(tmp_path: Path, text: str) -> None:
    """A playlist never makes us open what it names."""
    write_chirp(tmp_path / "secret.wav", RATE)
    path = tmp_path / "a.mp3"
    path.write_text(text.format(tmp_path / "secret.wav"))
    with pytest.raises(AudioDecodeError, match="not audio"):
        read_audio(path)


def test_limits_hold(tmp_path: Path) -> None:
    """What says that it is too long is refused at once, anything else where it becomes so."""
    path = wav(tmp_path / "a.wav", SIZE + 36, SIZE)
    with pytest.raises(AudioTooLong, match="longer than the 1 s"):
        Recording(path, most_seconds=1.0)
    open_ended = wav(tmp_path / "b.wav", 0xFFFFFFFF, 0xFFFFFFFF)
    with Recording(open_ended, most_samples=RATE) as recording:
        blocks = recording.blocks(0.5)
        assert len(next(blocks).samples) == RATE // 2
        with pytest.raises(AudioTooLong):
            list(blocks)


def test_floats_beyond_full_scale(tmp_path: Path) -> None:
    """A float recording at +12 dBFS is brought down as a whole; read in blocks it is as it is."""
    import soundfile

    loud = (10 * chirp(RATE)[:, 0]).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", loud, RATE, subtype="FLOAT")
    clip = read_audio(tmp_path / "a.wav")
    assert np.abs(clip.samples).max() == pytest.approx(0.9)
    np.testing.assert_allclose(clip.samples, loud * (0.9 / np.abs(loud).max()), atol=1e-6)
    with Recording(tmp_path / "a.wav") as recording:
        (block,) = recording.blocks(10.0)
    np.testing.assert_array_equal(block.samples, loud)
