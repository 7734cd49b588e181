"""Changes of enrolled sounds are one step: all of it is stored, or nothing."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from enroll.archive import export_sounds, import_sounds
from enroll.changing import remove_take
from enroll.patterns import add_pattern, remove_pattern
from enroll.reindex import reindex
from wakeword.errors import LastTake, LibraryError, SoundChanged, SoundDamaged, SoundExists
from wakeword.library.library import SoundLibrary
from wakeword.library.records import PatternRecord, SoundRecord
from wakeword.testing import ToneEncoder, make_library, tone

ENCODER = ToneEncoder()


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """Two sounds."""
    return make_library(tmp_path / "library", {"low": tone(440.0, 0.4), "high": tone(2000.0, 0.4)})


def test_an_import_that_fails_stores_none_of_the_sounds(
    library: SoundLibrary, tmp_path: Path
) -> None:
    """The first could be written, the second cannot: neither is there afterwards."""
    export_sounds(library, ["high", "low"], tmp_path / "both.zip")
    other = SoundLibrary(tmp_path / "other")
    (other.folder / "sounds").mkdir(parents=True)
    (other.folder / "sounds" / "low").write_text("in the way")
    with pytest.raises(LibraryError, match="low"):
        import_sounds(other, tmp_path / "both.zip", ENCODER, "tone")
    assert other.sounds() == []
    assert [path.name for path in (other.folder / "sounds").iterdir()] == ["low"]
    assert other.record() is None


def test_an_import_with_a_name_that_is_taken_stores_nothing(
    library: SoundLibrary, tmp_path: Path
) -> None:
    """Also when the name is that of another sound's pattern."""
    export_sounds(library, [], tmp_path / "both.zip")
    other = make_library(tmp_path / "other", {"clap": tone(900.0, 0.4)})
    other.set_patterns("clap", [PatternRecord(name="low", beats=2, wait_seconds=1.0)])
    with pytest.raises(SoundExists):
        import_sounds(other, tmp_path / "both.zip", ENCODER, "tone")
    assert [sound.name for sound in other.sounds()] == ["clap"]


def test_a_pattern_and_its_threshold_are_one_change(library: SoundLibrary) -> None:
    """When the threshold cannot be fitted, the sound keeps its old one and no pattern."""
    before = library.get("low")
    for take in library.folder.glob("sounds/low/takes/*"):
        take.write_bytes(b"broken")
    (library.folder / "vectors.npz").unlink(missing_ok=True)
    with pytest.raises(SoundDamaged):
        add_pattern(library, ENCODER, "low", "2")
    assert library.get("low") == before


def test_a_pattern_changes_the_sound_once(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listener that reloads never meets the pattern with the threshold of before."""
    amend = SoundLibrary.amend
    stored: list[SoundRecord] = []

    def counted(self, changes, files=None):
        stored.extend(after for _, after in changes)
        amend(self, changes, files)

    monkeypatch.setattr(SoundLibrary, "amend", counted)
    add_pattern(library, ENCODER, "low", "2")
    remove_pattern(library, ENCODER, "low x2")
    assert [len(sound.patterns) for sound in stored] == [1, 0]


def test_reindexing_a_library_that_never_rests_ends(library: SoundLibrary) -> None:
    """After a few attempts, and nothing is changed by it."""
    thresholds = itertools.count(500)

    def meanwhile(done: int, of: int) -> None:
        library.set_threshold("low", next(thresholds) / 1000, 0.5)

    with pytest.raises(SoundChanged):
        reindex(library, ENCODER, "tone", progress=meanwhile)
    assert next(thresholds) == 510
    assert library.get("high").threshold == 0.9


def test_the_last_take_stays(library: SoundLibrary) -> None:
    """A sound without words needs one; the error names the sound."""
    (take,) = library.get("low").takes
    with pytest.raises(LastTake) as refused:
        remove_take(library, ENCODER, "LOW", take.file)
    assert refused.value.sound == "low"
    assert library.get("low").takes == (take,)
