"""Changing a library: checked before it is written, all or nothing, begun again when overtaken."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.services.http.routes.sounds import SoundChange
from runtime.services.mqtt.bridge import threshold as mqtt_threshold
from wakeword.errors import InvalidValue, LibraryError, SoundChanged, SoundExists
from wakeword.library.library import Edit, NewSound, SoundLibrary
from wakeword.library.recordings import Take
from wakeword.library.records import (
    HIGHEST_THRESHOLD,
    LOWEST_THRESHOLD,
    PatternRecord,
    SoundRecord,
)
from wakeword.testing import RATE, ToneEncoder, make_library, tone

ENCODER = ToneEncoder()
TWO = PatternRecord(name="high", beats=2, wait_seconds=1.0)


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """Two sounds."""
    return make_library(tmp_path / "library", {"low": tone(440.0, 0.4), "high": tone(2000.0, 0.4)})


def contents(library: SoundLibrary) -> dict[str, bytes]:
    """All files of a library but its lock and its cache."""
    passing = {".lock", "vectors.npz"}
    return {
        str(path.relative_to(library.folder)): path.read_bytes()
        for path in library.folder.rglob("*")
        if path.is_file() and path.name not in passing
    }


def new_sound(name: str, hz: float) -> NewSound:
    """A sound with one take."""
    record, content = Take(tone(hz, 1.0), RATE, 4800, 11200).encoded()
    sound = SoundRecord(name=name, threshold=0.9, budget_per_hour=0.5, takes=(record,))
    return NewSound(sound, {record.file: content})


@pytest.mark.parametrize("value", [5.0, -1.5, float("nan"), float("inf")])
def test_a_threshold_out_of_range_is_not_stored(library: SoundLibrary, value: float) -> None:
    """It would make the sound unreadable; the error names the field."""
    before = contents(library)
    with pytest.raises(InvalidValue) as refused:
        library.set_threshold("low", value, 0.5)
    assert refused.value.field == "threshold"
    assert contents(library) == before
    assert library.problems() == {}


def test_no_way_of_writing_stores_what_cannot_be_read(library: SoundLibrary) -> None:
    """Neither a new sound, nor a changed one, nor one of an encoder that changes."""
    before = contents(library)
    low = library.get("low")
    wrong = low.model_copy(update={"budget_per_hour": 0.0})
    with pytest.raises(InvalidValue):
        library.amend([(low, wrong)])
    with pytest.raises(InvalidValue):
        library.store([NewSound(wrong, {})], encoder=ENCODER, encoder_spec="tone", replace=True)
    with pytest.raises(InvalidValue):
        library.switch_encoder(ENCODER, "tone", {"low": wrong}, {}, library.fingerprint())
    assert contents(library) == before


def test_a_refused_sound_leaves_no_files(library: SoundLibrary) -> None:
    """Names are checked before recordings are written."""
    before = contents(library)
    with pytest.raises(SoundExists):
        library.save(
            "new",
            [Take(tone(700.0, 1.0), RATE, 4800, 11200)],
            encoder=ENCODER,
            encoder_spec="tone",
            threshold=0.9,
            budget_per_hour=0.5,
            patterns=[TWO],
        )
    assert contents(library) == before
    assert sorted(path.name for path in (library.folder / "sounds").iterdir()) == ["high", "low"]


def test_several_sounds_are_stored_together_or_not_at_all(library: SoundLibrary) -> None:
    """When the second cannot be written, the first does not stay; later both can be."""
    obstacle = library.folder / "sounds" / "second"
    obstacle.write_text("in the way")
    before = contents(library)
    both = [new_sound("first", 700.0), new_sound("second", 900.0)]
    with pytest.raises(LibraryError):
        library.store(both, encoder=ENCODER, encoder_spec="tone")
    assert contents(library) == before
    assert not (library.folder / "sounds" / "first").exists()
    obstacle.unlink()
    library.store(both, encoder=ENCODER, encoder_spec="tone")
    assert [sound.name for sound in library.sounds()] == ["first", "high", "low", "second"]


def test_several_sounds_are_changed_together_or_not_at_all(library: SoundLibrary) -> None:
    """When one has changed meanwhile, none is changed."""
    low, high = library.get("low"), library.get("high")
    library.set_threshold("high", 0.7, 0.5)
    stricter = {"threshold": 0.95}
    changes = [(sound, sound.model_copy(update=stricter)) for sound in (low, high)]
    with pytest.raises(SoundChanged):
        library.amend(changes)
    assert [sound.threshold for sound in library.sounds()] == [0.7, 0.9]


def test_new_names_that_differ_in_punctuation_alone_get_two_folders(tmp_path: Path) -> None:
    """Also when they are stored in one step."""
    library = SoundLibrary(tmp_path)
    both = [new_sound("a b", 700.0), new_sound("a-b", 900.0)]
    library.store(both, encoder=ENCODER, encoder_spec="tone")
    assert [sound.name for sound in library.sounds()] == ["a b", "a-b"]


def test_a_change_that_was_overtaken_begins_again(library: SoundLibrary) -> None:
    """With the sound as it is by then: neither change is lost."""
    seen = []

    def edit(sound: SoundRecord) -> Edit[str]:
        seen.append(sound.budget_per_hour)
        if len(seen) == 1:
            library.set_threshold("low", 0.8, 7.0)
        return Edit(sound.model_copy(update={"threshold": 0.95}), "done")

    assert library.change("LOW", edit) == "done"
    assert seen == [0.5, 7.0]
    low = library.get("low")
    assert (low.threshold, low.budget_per_hour) == (0.95, 7.0)


def test_a_change_that_is_always_overtaken_ends(library: SoundLibrary) -> None:
    """After a few attempts, with the name of the sound."""
    seen = []

    def edit(sound: SoundRecord) -> Edit[None]:
        seen.append(sound.threshold)
        library.set_threshold("low", 0.5 + len(seen) / 100, 0.5)
        return Edit(sound.model_copy(update={"threshold": 0.95}), None)

    with pytest.raises(SoundChanged) as refused:
        library.change("low", edit)
    assert refused.value.what == "low"
    assert len(seen) == 5
    assert library.get("low").threshold == 0.55


def test_one_range_of_thresholds_for_all(library: SoundLibrary) -> None:
    """The record, HTTP and MQTT take the same ones."""
    for value in (LOWEST_THRESHOLD, HIGHEST_THRESHOLD):
        assert library.set_threshold("low", value, 0.5).threshold == value
        assert SoundChange(threshold=value).threshold == value
        assert mqtt_threshold(str(value)) == value
    for value in (LOWEST_THRESHOLD - 0.01, HIGHEST_THRESHOLD + 0.01):
        with pytest.raises(InvalidValue):
            library.set_threshold("low", value, 0.5)
        with pytest.raises(ValueError, match="threshold"):
            SoundChange(threshold=value)
        assert mqtt_threshold(str(value)) is None
