"""Which encoder hears a library."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.models.encoder import LibraryEncoder
from wakeword.encoders import DEFAULT
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.errors import WakesoundError
from wakeword.library.library import SoundLibrary
from wakeword.testing import ToneEncoder, make_library, tone


def test_the_librarys_own_unless_another_is_asked_for(tmp_path: Path) -> None:
    """And the default for a library that is empty yet."""
    library = SoundLibrary(tmp_path / "library")
    assert LibraryEncoder(library).spec == DEFAULT
    assert LibraryEncoder(library, "logmel")().id == LogMelEncoder().id
    make_library(library.folder, {"a": tone(440, 0.3)}, LogMelEncoder(), encoder_spec="logmel")
    assert LibraryEncoder(library).spec == "logmel"


def test_loaded_once_for_each_name(tmp_path: Path) -> None:
    """Again and again the same one, until the library moves to another."""
    library = SoundLibrary(tmp_path / "library")
    current = LibraryEncoder(library)
    first = current()
    assert current() is first
    make_library(library.folder, {"a": tone(440, 0.3)}, LogMelEncoder(), encoder_spec="logmel")
    assert current().id == LogMelEncoder().id


def test_one_of_your_own_is_taken_as_it_is(tmp_path: Path) -> None:
    """It is never loaded; an unknown name is an error."""
    own = ToneEncoder()
    current = LibraryEncoder(SoundLibrary(tmp_path), own)
    assert current() is own
    assert current.spec == own.id
    with pytest.raises(WakesoundError, match="unheard"):
        LibraryEncoder(SoundLibrary(tmp_path), "unheard")()
