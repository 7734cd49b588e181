"""What the JSON files may hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from wakeword.errors import LibraryError
from wakeword.library.records import (
    LONGEST_NAME,
    SoundRecord,
    TakeRecord,
    clean_name,
    slug,
)

TAKE = {
    "file": "0123456789abcdef.flac",
    "seconds": 1.0,
    "start_seconds": 0.3,
    "end_seconds": 0.7,
    "level_db": -20.0,
    "snr_db": 30.0,
}
SOUND = {"name": "bell", "threshold": 0.8, "budget_per_hour": 0.5, "takes": [TAKE]}


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("whistle", "whistle"),
        ("  my   whistle ", "my whistle"),
        ("Pfiff (leise)", "Pfiff (leise)"),
        ("cafe\u0301", "caf\u00e9"),
        ("口笛", "口笛"),
        ("2", "2"),
    ],
)
def test_names_are_kept_as_people_write_them(name, clean):
    """Any script; blanks and accents in one form."""
    assert clean_name(name) == clean


@pytest.mark.parametrize(
    "name", ["", "  ", "--", "🔔", "a/b", "..", "a\\b", "on=off", "a,b", "a\x00b", "a" * 65, "@a"]
)
def test_names_that_cannot_be_used(name):
    """Those without a letter, with a meaning elsewhere, or too long."""
    with pytest.raises(LibraryError, match="a name"):
        clean_name(name)


@given(st.text(max_size=LONGEST_NAME))
def test_every_usable_name_has_a_folder(name):
    """Its folder's name is neither empty nor hidden nor a path, and not too long for a disk."""
    try:
        folder = slug(clean_name(name))
    except LibraryError:
        return
    assert folder
    assert folder[0] not in ".-"
    assert not set("/\\\0:") & set(folder)
    assert len(folder.encode()) <= 200


def test_a_long_name_in_any_script_fits_a_folder():
    """64 letters may be more bytes than a file system takes."""
    assert len(slug("\U00020000" * LONGEST_NAME).encode()) <= 200


def test_a_record_is_as_it_was():
    """Through JSON and back."""
    sound = SoundRecord.model_validate(SOUND)
    assert SoundRecord.model_validate_json(sound.model_dump_json()) == sound


@pytest.mark.parametrize(
    "change",
    [
        {"name": "a/b"},
        {"name": " bell"},
        {"threshold": 3.0},
        {"threshold": float("nan")},
        {"budget_per_hour": 0.0},
        {"budget_per_hour": float("inf")},
        {"takes": []},
        {"schema_version": 99},
        {"more": 1},
    ],
    ids=str,
)
def test_sounds_that_make_no_sense(change):
    """A hand-edited file is checked."""
    with pytest.raises(ValidationError):
        SoundRecord.model_validate({**SOUND, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"file": "../../../etc/passwd"},
        {"file": "bell.flac"},
        {"seconds": 0.0},
        {"start_seconds": -0.1},
        {"start_seconds": 0.7},
        {"end_seconds": 1.1},
        {"level_db": float("nan")},
        {"snr_db": float("inf")},
    ],
    ids=str,
)
def test_takes_that_make_no_sense(change):
    """The sound lies in the recording, the recording in its folder."""
    with pytest.raises(ValidationError):
        TakeRecord.model_validate({**TAKE, **change})
