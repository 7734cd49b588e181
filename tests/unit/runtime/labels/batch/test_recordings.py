from __future__ import annotations

from pathlib import Path

import pytest

from runtime.labels.batch.job import (
    PARCEL_BYTES,
    PARCEL_FILES,
    Recording,
    find_recordings,
    parcels,
)
from wakeword.errors import ConfigError


def test_recordings_by_path_whatever_the_disk_says(folder: Path) -> None:
    """All recordings at any depth in the order of their paths, also what cannot be read."""
    found = [recording.path for recording in find_recordings(folder)]
    assert len(found) == 23
    assert found == sorted(found)
    assert found[-1] == "sub/long.flac"
    assert {"05-not-audio.wav", "06-empty.ogg", "07-phone.m4a"} < set(found)


def test_a_broken_link_is_found(folder: Path) -> None:
    """What cannot be opened is not passed over in silence."""
    (folder / "00-broken.wav").symlink_to(folder / "gone.wav")
    assert find_recordings(folder)[0] == Recording("00-broken.wav", 0, 0)


def test_no_recordings_is_an_error(tmp_path: Path) -> None:
    """A folder without any, or none at all, is told with what to do."""
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ConfigError, match=r"no recordings in .*\.wav"):
        find_recordings(tmp_path)
    with pytest.raises(ConfigError, match="not a folder"):
        find_recordings(tmp_path / "notes.txt")


def test_parcels_hold_everything_once_in_order() -> None:
    """None is too large, but for a recording that is too large alone."""
    sizes = [1000] * 40 + [PARCEL_BYTES * 2] + [PARCEL_BYTES // 3] * 7
    recordings = [Recording(f"{n:03}.wav", size, 0) for n, size in enumerate(sizes)]
    cut = parcels(recordings)
    assert [r for parcel in cut for r in parcel] == recordings
    assert [len(parcel) for parcel in cut] == [PARCEL_FILES, PARCEL_FILES, 8, 1, 3, 3, 1]
    assert parcels([]) == []
