""" "Not that!" and "you missed me"."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from enroll.changing import refit
from enroll.feedback import add_missed, reject, undo
from wakeword.audio.frames import FloatArray
from wakeword.engine import Engine
from wakeword.errors import HistoryError, SoundNotFound
from wakeword.events import Window
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Example, Take
from wakeword.testing import RATE, ToneEncoder, frames, make_library, noise, placed, tone

ENCODER = ToneEncoder()


def mixed(hz: float, other_hz: float, other_db: float) -> FloatArray:
    """A tone with some of another."""
    return np.asarray(tone(hz, 0.4) + tone(other_hz, 0.4, level_db=other_db), np.float32)


WANTED, UNWANTED = tone(440, 0.4), mixed(440, 3000, -26.0)
STREAM = placed(noise(9.0), (2.0, WANTED), (6.0, UNWANTED))


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A low tone that also fires on something like it, and another sound."""
    return make_library(
        tmp_path / "library", {"low": WANTED, "high": tone(2000, 0.4)}, threshold=0.8
    )


def heard(library: SoundLibrary, stream: FloatArray = STREAM) -> list[tuple[str, int]]:
    """Sound and second of each event."""
    engine = Engine(library, ENCODER)
    events = [event for frame in frames(stream, 1600) for event in engine.push(frame)]
    events += engine.flush()
    return [(event.sound, round(event.end_seconds)) for event in events]


def windows(library: SoundLibrary, first: float, last: float) -> list[Window]:
    """What the engine heard between two seconds."""
    seen: list[Window] = []
    engine = Engine(library, ENCODER, observer=lambda window, _: seen.append(window))
    for frame in frames(STREAM, 1600):
        engine.push(frame)
    return [w for w in seen if first * RATE <= w.start and w.end <= last * RATE]


def unwanted(library: SoundLibrary) -> Example:
    """The second occurrence, without its audio."""
    vectors = [w.embedding for w in windows(library, 5.5, 8.0) if w.embedding is not None]
    return Example(vectors=np.stack(vectors), encoder_id=ENCODER.id)


def with_audio(library: SoundLibrary) -> Example:
    """The second occurrence, with its audio."""
    found = windows(library, 5.5, 8.0)
    samples = STREAM[found[0].start : found[-1].end]
    return Example(samples, RATE, (found[0].end - found[0].start) / RATE)


def test_it_does_not_fire_again(library: SoundLibrary) -> None:
    """After one "false" the same audio in the same stream is silent; the sound still fires."""
    assert heard(library) == [("low", 2), ("low", 6)]
    result = reject(library, ENCODER, "low", unwanted(library), "00000000000000aa")
    assert heard(library) == [("low", 2)]
    assert result.findings == ()
    assert result.sound == library.get("low")


def test_with_its_audio_it_is_the_same(library: SoundLibrary) -> None:
    """From the audio the same is learned, and it is kept as a recording."""
    reject(library, ENCODER, "low", with_audio(library))
    assert heard(library) == [("low", 2)]
    (record,) = library.get("low").rejected
    assert record.file.endswith(".flac")
    again = library.example("low", record.file).embed(ENCODER, library.segmenter)
    vectors = unwanted(library).vectors
    assert vectors is not None
    assert np.allclose(again, vectors, atol=1e-2)


def test_other_processes_see_it(library: SoundLibrary) -> None:
    """It is on disk: a library that is opened anew, and one that watches, know it."""
    before = library.fingerprint()
    reject(library, ENCODER, "low", unwanted(library))
    assert library.fingerprint() != before
    assert heard(SoundLibrary(library.folder)) == [("low", 2)]
    (library.folder / "vectors.npz").unlink()
    assert heard(SoundLibrary(library.folder)) == [("low", 2)]


def test_taken_back(library: SoundLibrary) -> None:
    """Undo leaves the sound as it was, files and all."""
    before, files = library.get("low"), _files(library)
    reject(library, ENCODER, "low", unwanted(library), "00000000000000aa")
    assert _files(library) != files
    result = undo(library, ENCODER)
    assert result.sound == library.get("low") == before
    assert _files(library) == files
    assert heard(library) == [("low", 2), ("low", 6)]
    with pytest.raises(HistoryError, match="no feedback"):
        undo(library, ENCODER)


def test_taken_back_with_what_was_expected(library: SoundLibrary) -> None:
    """After undo nothing is promised of a threshold of which nothing was; what was known is."""
    add_missed(library, ENCODER, "low", [_take(tone(600, 0.4))])
    fitted = library.get("low")
    by_hand = library.set_threshold("low", 0.7, 0.5)
    assert fitted.expected.known
    assert not by_hand.expected.known
    said = reject(library, ENCODER, "low", unwanted(library)).sound
    assert said.expected.known
    assert by_hand.threshold_floor is None
    assert said.threshold_floor == said.threshold > by_hand.threshold
    assert undo(library, ENCODER).sound == by_hand


def test_feedback_of_an_older_version_is_taken_back(library: SoundLibrary) -> None:
    """What it did not write down stays as it is."""
    add_missed(library, ENCODER, "low", [_take(tone(600, 0.4))])
    before = reject(library, ENCODER, "low", unwanted(library)).sound
    path = next(path for path in library.folder.rglob("sound.json") if "low" in str(path))
    record = json.loads(path.read_text(encoding="utf-8"))
    for said in record["feedback"]:
        said.pop("expected_before")
        said.pop("held")
    path.write_text(json.dumps(record), encoding="utf-8")
    after = undo(library, ENCODER, "low").sound
    assert after.expected.known
    assert after.threshold < before.threshold


def test_taken_back_by_event_and_sound(library: SoundLibrary) -> None:
    """One of several is taken back: by its event, or the last of a sound."""
    example = unwanted(library)
    assert example.vectors is not None
    half = len(example.vectors) // 2
    for number, part in enumerate((example.vectors[:half], example.vectors[half:])):
        reject(
            library,
            ENCODER,
            "low",
            Example(vectors=part, encoder_id=ENCODER.id),
            f"{number:016x}",
        )
    assert len(library.get("low").rejected) == 2
    with pytest.raises(HistoryError, match="on event beef"):
        undo(library, ENCODER, event="beef")
    with pytest.raises(HistoryError, match="on 'high'"):
        undo(library, ENCODER, name="high")
    undo(library, ENCODER, event="0" * 16)
    (left,) = library.get("low").feedback
    assert left.event == f"{1:016x}"
    undo(library, ENCODER, name="low")
    assert library.get("low").rejected == ()


def test_said_twice(library: SoundLibrary) -> None:
    """The same example twice is an error and changes nothing."""
    reject(library, ENCODER, "low", unwanted(library))
    before = library.get("low")
    with pytest.raises(HistoryError, match="before"):
        reject(library, ENCODER, "low", unwanted(library))
    assert library.get("low") == before


def test_unknown_sound_and_other_encoder(library: SoundLibrary) -> None:
    """A sound that is gone and embeddings that mean nothing here are told."""
    with pytest.raises(SoundNotFound):
        reject(library, ENCODER, "nobody", unwanted(library))
    foreign = Example(vectors=np.ones((2, 3), np.float32), encoder_id="other-1")
    with pytest.raises(HistoryError, match="another encoder"):
        reject(library, ENCODER, "low", foreign)


def test_a_miss_becomes_a_take(library: SoundLibrary) -> None:
    """What was missed fires from then on, and undo takes the take away again."""
    other = tone(600, 0.4)
    stream = placed(noise(9.0), (2.0, WANTED), (6.0, other))
    assert heard(library, stream) == [("low", 2)]
    result = add_missed(library, ENCODER, "low", [_take(other)])
    assert len(result.sound.takes) == 2
    assert heard(library, stream) == [("low", 2), ("low", 6)]
    with pytest.raises(HistoryError, match="already"):
        add_missed(library, ENCODER, "low", [_take(other)])
    undo(library, ENCODER)
    assert heard(library, stream) == [("low", 2)]
    assert len(list((library.folder / "sounds" / "low" / "takes").iterdir())) == 1


def test_too_near_is_told(tmp_path: Path) -> None:
    """When what is rejected is nearer than the takes are to each other, that is said."""
    takes = [mixed(440, 3000, db) for db in (-60.0, -28.0)]
    between = mixed(440, 3000, -31.0)
    library = SoundLibrary(tmp_path / "library")
    library.save(
        "low",
        [_take(samples) for samples in takes],
        encoder=ENCODER,
        encoder_spec="tone",
        threshold=0.8,
        budget_per_hour=0.5,
    )
    window = np.concatenate([np.zeros(1600, np.float32), between])
    example = Example(vectors=ENCODER.embed([window]), encoder_id=ENCODER.id)
    result = reject(library, ENCODER, "low", example)
    (finding,) = result.findings
    assert finding.code == "too_near"
    assert finding.values == {"sound": "low"}
    assert heard(library, placed(noise(5.0), (2.0, between))) == []
    assert heard(library, placed(noise(5.0), (2.0, takes[0]))) == [("low", 2)]


def test_refitted_without_a_change(library: SoundLibrary) -> None:
    """Fitting anew what nothing was said of keeps the takes and lets no threshold fall."""
    before = library.get("low")
    fit = refit(library, ENCODER, "low")
    assert fit.sound == library.get("low")
    assert fit.sound.takes == before.takes
    assert fit.sound.threshold == fit.calibration.threshold >= before.threshold


def test_older_files_still_load(library: SoundLibrary) -> None:
    """A sound.json from before there was feedback is read as one without."""
    path = library.folder / "sounds" / "low" / "sound.json"
    about = json.loads(path.read_text())
    del about["rejected"], about["feedback"]
    path.write_text(json.dumps(about))
    assert library.get("low").rejected == ()


def test_a_damaged_example_costs_only_itself(
    library: SoundLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    """The sound is listened for all the same; what is wrong is logged."""
    reject(library, ENCODER, "low", unwanted(library))
    (path,) = (library.folder / "sounds" / "low" / "rejected").iterdir()
    path.write_bytes(b"nonsense")
    (library.folder / "vectors.npz").unlink()
    assert ("low", 2) in heard(SoundLibrary(library.folder))
    assert "was changed or damaged" in caplog.text


def test_replaced_and_removed_sounds_leave_nothing(library: SoundLibrary) -> None:
    """A sound that is enrolled anew or removed takes its rejected examples with it."""
    reject(library, ENCODER, "low", unwanted(library))
    make_library(library.folder, {"low": WANTED}, threshold=0.8)
    assert library.get("low").rejected == ()
    assert not any((library.folder / "sounds" / "low" / "rejected").iterdir())
    library.remove("low")
    assert not (library.folder / "sounds" / "low").exists()


def _take(samples: FloatArray) -> Take:
    edge = np.zeros(RATE * 3 // 10, np.float32)
    whole = np.concatenate([edge, samples, edge])
    return Take(whole, RATE, len(edge), len(edge) + len(samples))


def _files(library: SoundLibrary) -> Sequence[str]:
    folder = library.folder / "sounds"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))
