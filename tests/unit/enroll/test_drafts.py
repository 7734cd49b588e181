"""Takes that are kept until their sound is enrolled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from enroll.capture import Drafts
from wakeword.errors import LibraryError
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.testing import RATE, tone


def take(hz: float) -> Take:
    """A take with a room around it, in whole 16-bit steps as a microphone gives them."""
    samples = np.rint(tone(hz, 1.0) * 32768).astype(np.float32) / np.float32(32768)
    return Take(samples, RATE, 4000, 12000, -20.0, 31.5)


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    """Of a sound in an empty library."""
    return Drafts(SoundLibrary(tmp_path), "my whistle")


def test_takes_come_back_as_they_were(drafts, tmp_path):
    """In order, with all that is known of them."""
    paths = [drafts.save(take(hz)) for hz in (500.0, 600.0)]
    assert paths == [tmp_path / "drafts" / "my-whistle" / name for name in ("001.flac", "002.flac")]
    loaded = drafts.load()
    assert list(loaded) == paths
    for hz, back in zip((500.0, 600.0), loaded.values(), strict=True):
        assert np.array_equal(back.samples, take(hz).samples)
        assert (back.start, back.end, back.level_db, back.snr_db) == (4000, 12000, -20.0, 31.5)


def test_numbers_go_on_after_a_break(drafts):
    """Neither a removed take nor a new session overwrites one."""
    first, second = drafts.save(take(500.0)), drafts.save(take(600.0))
    drafts.remove(first)
    assert drafts.save(take(700.0)).name == "003.flac"
    assert next(iter(drafts.load())) == second


@pytest.mark.parametrize("part", ["001.flac", "001.json"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_half_a_take_is_left_out(drafts, part, damage):
    """Whatever a kill or a bad disk left of a take, the others are offered."""
    drafts.save(take(500.0))
    second = drafts.save(take(600.0))
    path = drafts.folder / part
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:100])
    assert list(drafts.load()) == [second]


def test_clearing_removes_all_of_them(drafts):
    """Also when there are none."""
    drafts.clear()
    drafts.save(take(500.0))
    drafts.clear()
    assert drafts.load() == {}
    assert not drafts.folder.exists()


def test_names_that_share_a_folder_share_no_takes(drafts, tmp_path):
    """ "my whistle" and "my-whistle" are two sounds; upper and lower case make no difference."""
    other = Drafts(SoundLibrary(tmp_path), "my-whistle")
    mine, its = drafts.save(take(500.0)), other.save(take(600.0))
    assert other.folder == drafts.folder
    assert (list(drafts.load()), list(other.load())) == ([mine], [its])
    assert list(Drafts(SoundLibrary(tmp_path), "My Whistle").load()) == [mine]
    drafts.clear()
    assert (list(drafts.load()), list(other.load())) == ([], [its])
    other.clear()
    assert not other.folder.exists()


def test_what_cannot_be_cleared_is_told(drafts):
    """Instead of being offered again the next time without a word."""
    drafts.folder.parent.mkdir()
    drafts.folder.write_text("a file, not a folder")
    with pytest.raises(LibraryError, match="cannot remove"):
        drafts.clear()


def test_drafts_are_no_sounds(drafts, tmp_path):
    """The library does not see them; another sound's drafts are its own."""
    drafts.save(take(500.0))
    library = SoundLibrary(tmp_path)
    assert library.sounds() == []
    assert Drafts(library, "another").load() == {}


def test_a_name_that_cannot_be_used_is_an_error(tmp_path):
    """No folder is named after a path."""
    with pytest.raises(LibraryError):
        Drafts(SoundLibrary(tmp_path), "../x")
