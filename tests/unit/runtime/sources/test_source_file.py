"""Recordings as sources."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from runtime.sources import open_source
from runtime.sources.file import FileSource
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import read_audio
from wakeword.errors import AudioDecodeError, SourceError


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A bit more than two seconds at 44.1 kHz, stereo."""
    samples = 0.2 * np.random.default_rng(3).standard_normal((90_001, 2))
    soundfile.write(tmp_path / "kitchen.wav", samples, 44_100)
    return tmp_path / "kitchen.wav"


def heard(source: FileSource) -> FloatArray:
    return np.concatenate([frame.samples for frame in source])


@pytest.mark.parametrize("realtime", [False, True])
def test_every_sample_comes_once(recording: Path, realtime: bool) -> None:
    """Fast or by the clock, the frames are contiguous and hold the file, last samples included."""
    source = FileSource(str(recording), realtime=realtime)
    frames = list(source)
    assert source.rate == 44_100
    assert frames[0].start == 0
    assert [f.start for f in frames[1:]] == [f.end for f in frames[:-1]]
    joined = np.concatenate([f.samples for f in frames])
    np.testing.assert_array_equal(joined, read_audio(recording).samples)


def test_realtime_is_paced_by_the_clock(recording: Path) -> None:
    """In real time no frame comes before a microphone would have heard its end."""
    source = FileSource(str(recording), realtime=True, block_seconds=0.1)
    began = time.monotonic()
    for frame in source:
        assert time.monotonic() - began >= frame.end / frame.rate - 0.02
        assert frame.seconds <= 0.1


def test_it_is_not_live(recording: Path) -> None:
    """A file waits for its reader: nothing of it may be dropped."""
    assert not FileSource(str(recording)).live
    assert not FileSource(str(recording), realtime=True).live


def test_closing_ends_the_iteration_at_once(tmp_path: Path) -> None:
    """Closed from another thread, an hour in real time ends now."""
    soundfile.write(tmp_path / "long.wav", np.zeros(100_000, np.float32), 1000)
    source = FileSource(str(tmp_path / "long.wav"), realtime=True, block_seconds=50.0)
    timer = threading.Timer(0.1, source.close)
    timer.start()
    began = time.monotonic()
    assert list(source) == []
    assert time.monotonic() - began < 10
    timer.join()
    source.close()


def test_a_bad_file_is_an_error_when_it_is_opened(tmp_path: Path) -> None:
    """Missing, empty or not audio: said before the engine starts."""
    (tmp_path / "notes.wav").write_text("not audio")
    for name in ("none.wav", "notes.wav"):
        with pytest.raises(AudioDecodeError, match=name):
            FileSource(str(tmp_path / name))
    with pytest.raises(SourceError, match="needs a path"):
        open_source("file:", 16_000)


def test_uri_and_bare_path_name_the_same(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``file:PATH`` and the path alone are one source, with one name, at the engine's rate."""
    monkeypatch.chdir(recording.parent)
    for uri in ("file:kitchen.wav", "kitchen.wav"):
        source = open_source(uri, 16_000)
        assert source.name == "file:kitchen.wav"
        assert source.rate == 16_000
        total = sum(len(frame.samples) for frame in source)
        assert total == round(90_001 * 16_000 / 44_100)


def test_home_folder_is_known(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``~`` works where no shell expands it."""
    monkeypatch.setenv("HOME", str(recording.parent))
    assert open_source("file:~/kitchen.wav", 16_000).name == "file:~/kitchen.wav"
    assert open_source("~/kitchen.wav", 16_000).name == "file:~/kitchen.wav"


def test_unknown_sources_list_the_known_ones() -> None:
    """A typo is answered with what there is."""
    with pytest.raises(SourceError, match="file, mic, stdin"):
        open_source("kitchn.wav", 16_000)
    with pytest.raises(SourceError, match="tcp:"):
        open_source("tcp://host", 16_000)
