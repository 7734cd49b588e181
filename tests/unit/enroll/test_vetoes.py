"""Vetoes in words, fitted to takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from enroll import enroll_files
from enroll.changing import set_vetoes
from enroll.feedback import add_missed
from enroll.files import takes_of_file
from enroll.reindex import reindex
from enroll.vetoes import fit_vetoes, parse_labels
from wakeword.embedding.weights import asset
from wakeword.encoders import create_encoder
from wakeword.errors import ConfigError, EncoderError
from wakeword.library.library import SoundLibrary
from wakeword.library.vectors import of_files
from wakeword.scoring.bank import load_bank
from wakeword.scoring.veto import label_vectors, make_veto
from wakeword.testing import ToneEncoder

ENCODER = create_encoder("mini")


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """The demo's whistle."""
    takes = [asset("demo", f"whistle_{number}.flac") for number in (1, 2, 3)]
    enroll_files(tmp_path / "library", ENCODER, "whistle", takes)
    return SoundLibrary(tmp_path / "library")


def test_labels_as_they_are_written() -> None:
    """Commas and blanks as they come; each label once."""
    assert parse_labels(" kettle, squeaky  door,,kettle ") == ["kettle", "squeaky door"]
    assert parse_labels(" , ") == []
    with pytest.raises(ConfigError):
        parse_labels(",".join(map(str, range(30))))


def test_the_takes_are_never_refused(library: SoundLibrary) -> None:
    """Whatever the label, even the sound's own name: no window of a take is refused by it."""
    sound = set_vetoes(library, ENCODER, "whistle", ["whistling", "speech", "kettle"])
    assert [veto.label for veto in sound.vetoes] == ["whistling", "speech", "kettle"]
    veto = make_veto([], sound.vetoes, ENCODER)
    assert veto is not None
    for take in of_files(sound.takes, library.vectors(ENCODER)):
        assert [veto(row, 1.0) for row in take] == [""] * len(take)


def test_what_is_just_like_the_label_is_refused(library: SoundLibrary) -> None:
    """What the encoder hears as speech does not pass the veto on it."""
    (record,) = set_vetoes(library, ENCODER, "whistle", ["speech"]).vetoes
    bank = load_bank(ENCODER.id)
    assert bank is not None
    likeness = bank.vectors[:, : ENCODER.dim] @ label_vectors(["speech"], ENCODER)[0]
    talk = bank.vectors[np.argsort(likeness)[-100:]]
    veto = make_veto([], [record], ENCODER)
    assert veto is not None
    assert {veto(row, 0.99) for row in talk} == {"like speech"}


def test_unknown_labels_change_nothing(library: SoundLibrary) -> None:
    """A label that the encoder does not know, or an encoder without words, is an error."""
    before = library.get("whistle")
    with pytest.raises(EncoderError):
        set_vetoes(library, ENCODER, "whistle", ["zzyzx"])
    assert library.get("whistle") == before
    with pytest.raises(ConfigError):
        fit_vetoes(["kettle"], [np.ones((1, 16), np.float32)], ToneEncoder(), None)


def test_a_new_take_moves_the_limits(library: SoundLibrary) -> None:
    """A take that feedback adds is not refused by the vetoes of before."""
    set_vetoes(library, ENCODER, "whistle", ["knock"])
    takes = takes_of_file(asset("demo", "double_knock_1.flac"))
    sound = add_missed(library, ENCODER, "whistle", takes).sound
    veto = make_veto([], sound.vetoes, ENCODER)
    assert veto is not None
    for rows in of_files(sound.takes, library.vectors(ENCODER)):
        assert {veto(row, 1.0) for row in rows} == {""}


def test_another_encoder_and_back(library: SoundLibrary) -> None:
    """With an encoder without words they do not count but stay; back again they are as before."""
    before = set_vetoes(library, ENCODER, "whistle", ["kettle"]).vetoes
    logmel = create_encoder("logmel")
    reindex(library, logmel, "logmel")
    assert library.enrolled(logmel).sounds == ["whistle"]
    assert library.get("whistle").vetoes == before
    reindex(library, ENCODER, "mini")
    assert library.get("whistle").vetoes == before
