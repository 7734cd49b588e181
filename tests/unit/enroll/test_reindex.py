"""Changing the encoder of a library."""

from __future__ import annotations

import numpy as np
import pytest

from enroll.feedback import reject
from enroll.reindex import reindex
from wakeword.encoders import create_encoder
from wakeword.errors import EncoderMismatch, EncoderUnknown, ReindexInterrupted
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Example
from wakeword.library.storage import write_record
from wakeword.testing import RATE, ToneEncoder, make_library, tone

OLD = ToneEncoder()
NEW = create_encoder("logmel")


@pytest.fixture
def library(tmp_path) -> SoundLibrary:
    """Two sounds, made with the tone encoder."""
    library = make_library(tmp_path, {"low": tone(440.0, 0.4), "high": tone(2000.0, 0.4)})
    library.vectors(OLD)
    return library


def test_vectors_and_thresholds_are_the_new_encoders(library):
    """Afterwards the library is one of the new encoder and no longer of the old."""
    told: list[tuple[int, int]] = []
    fitted = reindex(library, NEW, "logmel", progress=lambda *at: told.append(at))
    assert told == [(1, 2), (2, 2)]
    assert library.record().encoder == "logmel"
    assert {s.name: s.threshold for s in library.sounds()} == {
        name: calibration.threshold for name, calibration in fitted.items()
    }
    assert all(rows.shape[1] == NEW.dim for rows in library.vectors(NEW).values())
    with pytest.raises(EncoderMismatch):
        library.vectors(OLD)


@pytest.mark.slow
def test_there_and_back_is_as_before(library):
    """The recordings are the truth: nothing is lost on the way."""
    reindex(library, NEW, "logmel")
    first = reindex(library, OLD, "tone")
    vectors = library.vectors(OLD)
    reindex(library, NEW, "logmel")
    assert reindex(library, OLD, "tone") == first
    again = library.vectors(OLD)
    assert vectors.keys() == again.keys()
    assert all(np.array_equal(vectors[file], again[file]) for file in vectors)


def test_with_the_same_encoder_no_threshold_falls(library):
    """What the room asked for at the enrollment stays, though the room itself is not kept."""
    library.set_threshold("low", 0.9984, 0.5)
    library.set_threshold("high", 0.3, 0.5)
    fitted = reindex(library, OLD, "tone")
    assert fitted["low"].threshold == library.get("low").threshold == 0.9984
    assert library.get("high").threshold > 0.8
    assert reindex(library, NEW, "logmel")["low"].threshold < 0.99


def test_takes_budgets_and_dates_stay(library):
    """Only the thresholds change."""
    library.set_threshold("low", 0.5, 3.0)
    before = library.get("low")
    reindex(library, NEW, "logmel")
    after = library.get("low")
    fitted = {"threshold": 0.5, "expected": before.expected, "verifier": before.verifier}
    assert after.model_copy(update=fitted) == before


def test_a_damaged_take_does_not_stop_it(library, caplog):
    """Its sound keeps its place; the others are fitted."""
    file = library.get("low").takes[0].file
    next(library.folder.glob(f"sounds/*/takes/{file}")).write_bytes(b"broken")
    assert list(reindex(library, NEW, "logmel")) == ["high"]
    assert "changed or damaged" in caplog.text
    assert [sound.name for sound in library.sounds()] == ["high", "low"]


def test_a_damaged_library_file_is_mended(library):
    """When nobody knows any more which encoder it was, this decides it."""
    (library.folder / "library.json").write_text("{oops")
    with pytest.raises(EncoderUnknown):
        library.check_encoder(NEW)
    reindex(library, NEW, "logmel")
    library.check_encoder(NEW)


def test_a_sound_enrolled_meanwhile_is_not_lost(library):
    """If the library changes while the takes are embedded, it is done again with all of them."""

    class Slow(ToneEncoder):
        id = "slow-1"
        busy = True

        def embed(self, windows):
            if self.busy:
                self.busy = False
                make_library(library.folder, {"new": tone(900.0, 0.4)})
            return super().embed(windows)

    assert set(reindex(library, Slow(), "tone")) == {"low", "high", "new"}


@pytest.mark.slow
def test_interrupted_halfway_it_asks_to_be_run_again(library, monkeypatch):
    """No threshold of one encoder is used with vectors of the other."""
    calls: list[str] = []

    def failing(path, record):
        calls.append(path.name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        write_record(path, record)

    monkeypatch.setattr("wakeword.library.library.write_record", failing)
    with pytest.raises(KeyboardInterrupt):
        reindex(library, NEW, "logmel")
    monkeypatch.undo()
    for encoder in (OLD, NEW):
        with pytest.raises(ReindexInterrupted, match="to logmel was interrupted"):
            library.enrolled(encoder)
    reindex(library, NEW, "logmel")
    assert len(library.enrolled(NEW).sounds) == 2


def test_an_empty_library_takes_the_encoder(tmp_path):
    """There is nothing to do, and nothing wrong."""
    assert reindex(SoundLibrary(tmp_path / "none"), NEW, "logmel") == {}


def test_what_was_rejected_stays_rejected(library):
    """Examples with audio are embedded anew; those without count no more, but are kept."""
    name = library.sounds()[0].name
    example = Example(tone(900.0, 0.3), RATE, 0.2)
    vectors = example.embed(OLD, library.segmenter)
    reject(library, OLD, name, example)
    reject(library, OLD, name, Example(vectors=vectors, encoder_id=OLD.id))
    reindex(library, NEW, "logmel")
    sound, vectors_now = library.get(name), library.vectors(NEW)
    assert [record.file in vectors_now for record in sound.rejected] == [True, False]
    reindex(library, OLD, "tone")
    vectors_now = library.vectors(OLD)
    assert all(record.file in vectors_now for record in sound.rejected)
