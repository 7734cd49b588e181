"""The sounds as wake word models."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("wyoming", reason="the extra 'wyoming' is not installed")

from wyoming.info import Info, WakeProgram

from runtime.services.wyoming.sounds import Catalogue
from wakeword import __version__
from wakeword.library.records import PatternRecord, SoundRecord, TakeRecord


def _sound(name: str) -> SoundRecord:
    take = TakeRecord(
        file="0123456789abcdef.flac",
        seconds=1.0,
        start_seconds=0.2,
        end_seconds=0.8,
        level_db=-20.0,
        snr_db=30.0,
    )
    return SoundRecord(name=name, threshold=0.8, budget_per_hour=0.5, takes=(take,))


def _program(catalogue: Catalogue) -> WakeProgram:
    (program,) = Info.from_event(catalogue.info).wake
    return program


def test_one_program_has_a_model_for_each_sound() -> None:
    """Home Assistant takes only the first program, and only what is installed."""
    program = _program(Catalogue((_sound("double knock"), _sound("口哨"))))
    assert program.installed
    assert program.version == __version__
    assert program.attribution.name
    assert [model.name for model in program.models] == ["double knock", "口哨"]
    for model in program.models:
        assert model.installed
        assert model.phrase == model.description == model.name
        assert model.version
        assert model.languages == []


def test_patterns_are_models_of_their_own() -> None:
    """A sound with patterns is detected by their names, so these are what can be chosen."""
    patterns = tuple(PatternRecord(beats=n, wait_seconds=0.8) for n in (2, 3))
    clap = _sound("clap").model_copy(update={"patterns": patterns})
    catalogue = Catalogue((clap,))
    assert [model.name for model in _program(catalogue).models] == ["clap x2", "clap x3"]
    assert catalogue.unknown(["clap", "Clap X2"]) == ["clap"]


def test_no_sounds_are_a_hint() -> None:
    """Without sounds there still is the program, and it says what to do."""
    program = _program(Catalogue())
    assert program.installed
    assert program.models == []
    assert "wakesound enroll" in (program.description or "")
    broken = _program(Catalogue(problem="the disk is \udcff broken"))
    assert broken.description == "the disk is ? broken"


def test_names_are_found_as_in_the_library() -> None:
    """Case and blanks do not matter; what is no name is unknown."""
    catalogue = Catalogue((_sound("Double Knock"),))
    assert catalogue.unknown(["double  KNOCK ", "Double Knock"]) == []
    assert catalogue.unknown(["knock", "", "a=b", "x" * 100]) == ["knock", "", "a=b", "x" * 100]


def test_refusal_lists_the_sounds() -> None:
    """Who asks for something else is told what there is, in one line that can be sent."""
    catalogue = Catalogue((_sound("whistle"), _sound("knock")))
    assert catalogue.refusal(["bell"]) == "there is no sound 'bell'; known: 'whistle', 'knock'"
    text = catalogue.refusal(["\ud800\n" + "x" * 10_000] * 1000)
    assert len(text) < 400
    json.dumps(text, ensure_ascii=False).encode()
    assert "wakesound enroll" in Catalogue().refusal(["bell"])
