"""Clips of alerts: what is in them, and how many are kept."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from runtime.history.clips import ClipConfig, ClipLimits, ClipRecorder, ClipStore
from tests.unit.wakeword.labels.test_watch import HIGH, LOW, stream, watch
from wakeword.errors import ConfigError
from wakeword.labels.watch import Alert
from wakeword.testing import RATE, frames

NOW = time.time()


def store(folder: Path, **limits: float) -> ClipStore:
    return ClipStore(folder, ClipLimits(**limits), clock=lambda: NOW)  # type: ignore[arg-type]


def fill(folder: Path, *ages_days: float) -> list[Path]:
    """A clip of 0.1 MB for each age."""
    clips, paths = store(folder, days=1000.0), []
    for age in ages_days:
        path = clips.promise("dog", NOW - age * 86400)
        clips.write(path, np.zeros(50_000, np.float32), RATE, {"label": "dog"})
        for file in (path, path.with_suffix(".json")):
            os.utime(file, (NOW - age * 86400,) * 2)
        paths.append(path)
    return paths


def recorded(folder: Path, size: int, config: ClipConfig | None = None) -> list[Alert]:
    """The alerts of the two tones, recorded."""
    config = config or ClipConfig(pre_roll_seconds=1.0)
    recorder = ClipRecorder(watch(LOW, HIGH), store(folder), "mic", config)
    alerts = [a for frame in frames(stream(), size) for a in recorder.push(frame)]
    return alerts + recorder.flush()


@pytest.mark.parametrize("size", [160, 1600, 10 * RATE])
def test_clip_holds_the_sound_and_what_was_before(tmp_path: Path, size: int) -> None:
    """From the pre-roll to the end of the hold, sample for sample, whatever the frames."""
    begin, end, _, other = recorded(tmp_path, size)
    assert begin.clip == end.clip != other.clip
    samples, rate = soundfile.read(end.clip, dtype="float32")
    about = json.loads(Path(end.clip).with_suffix(".json").read_text())
    assert rate == RATE
    assert about["clip"] == {"start": 1.0, "seconds": len(samples) / RATE, "rate": RATE}
    assert about["label"] == LOW
    assert (about["start"], about["end"]) == (begin.start_seconds, end.end_seconds)
    assert len(samples) == end.end + RATE - RATE  # a second of pre-roll, one of hold
    heard = stream()[RATE : RATE + len(samples)]
    assert np.abs(samples - np.clip(heard, -1, 1)).max() < 1e-4
    assert {look["end"] for look in about["looks"]} >= {2.5, 3.0}


def test_clip_is_no_longer_than_wanted(tmp_path: Path) -> None:
    """A long alert's clip holds its beginning."""
    _, end, *_ = recorded(tmp_path, 1600, ClipConfig(pre_roll_seconds=0.5, longest_seconds=1.0))
    samples, _ = soundfile.read(end.clip)
    assert len(samples) == RATE


def test_alert_that_is_on_is_written_at_the_end(tmp_path: Path) -> None:
    """Closing in the middle of an alert loses no clip."""
    recorder = ClipRecorder(watch(LOW), store(tmp_path), "mic")
    for frame in frames(stream()[: 3 * RATE + RATE // 2], 1600):
        recorder.push(frame)
    assert store(tmp_path).clips() == []
    recorder.close()
    recorder.close()
    (clip,) = store(tmp_path).clips()
    assert soundfile.info(clip).frames == 3 * RATE + RATE // 2


def test_clip_that_cannot_be_written_is_no_end(tmp_path: Path, caplog) -> None:
    """The alert still goes out; its end names no clip, and the log says why."""
    folder = tmp_path / "clips"
    recorder = ClipRecorder(watch(LOW), store(folder), "mic")
    folder.rmdir()
    folder.write_text("in the way")
    alerts = [a for frame in frames(stream(), 1600) for a in recorder.push(frame)]
    assert [bool(alert.clip) for alert in alerts] == [True, False]
    assert "no clip of" in caplog.text


def test_oldest_go_first(tmp_path: Path) -> None:
    """By number, by size and by age; sound and description together."""
    for name, limit in (("most", 2), ("megabytes", 0.25), ("days", 2.5)):
        folder = tmp_path / name
        paths = fill(folder, 3, 2, 1)
        assert store(folder, **{name: limit}).clips() == paths[1:]
        assert len(list(folder.iterdir())) == 4


def test_latest_stays_however_large(tmp_path: Path) -> None:
    """A clip larger than all that may be kept is kept until the next."""
    *_, last = fill(tmp_path, 2, 1)
    assert store(tmp_path, megabytes=0.01).clips() == [last]


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """Only what is named like a clip is deleted."""
    others = [tmp_path / "song.wav", tmp_path / "alert-me.wav", tmp_path / "notes.json"]
    for path in others:
        path.write_bytes(b"mine")
        os.utime(path, (0, 0))
    fill(tmp_path, 3, 2)
    assert store(tmp_path, most=1, days=1.0).clips() == []
    assert all(path.read_bytes() == b"mine" for path in others)


def test_names_are_safe_and_never_twice(tmp_path: Path) -> None:
    """Whatever the label, the file is in the folder; two in a second get two names."""
    clips = store(tmp_path)
    paths = [clips.promise(label, NOW) for label in ("../a/b", "../a/b", "狗叫", "??")]
    assert len(set(paths)) == 4
    assert all(path.parent == tmp_path for path in paths)
    assert "狗叫" in paths[2].name


def test_limits_and_lengths_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    """Nothing kept at all, a clip shorter than its pre-roll, a file for a folder."""
    for wrong in ({"most": 0}, {"megabytes": -1.0}, {"days": 0.0}):
        with pytest.raises(ConfigError):
            ClipLimits(**wrong)
    with pytest.raises(ConfigError):
        ClipConfig(pre_roll_seconds=5.0, longest_seconds=5.0)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="folder"):
        store(tmp_path / "file")
