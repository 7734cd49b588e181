"""Sounds that hold the same in another order are no negatives of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from enroll.archive import export_sounds, import_sounds
from enroll.fitter import Fitter, without_turned
from enroll.negatives import hear_ambient
from enroll.reindex import reindex
from enroll.session import Enrollment
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import AudioClip
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.library.vectors import of_files
from wakeword.testing import RATE, ToneEncoder, noise, placed, tone

LOW, HIGH = tone(900, 0.25), tone(1500, 0.25)
UP, DOWN = np.concatenate([LOW, HIGH]), np.concatenate([HIGH, LOW])
STEADY = tone(1200, 0.5)
ENCODER = ToneEncoder(window_seconds=1.0)


def take(sound: FloatArray, seed: int) -> Take:
    """In a quiet room."""
    samples = placed(noise(len(sound) / RATE + 0.6, seed=seed), (0.3, sound))
    return Take(samples, RATE, round(0.3 * RATE), round(0.3 * RATE) + len(sound), -10.0, 40.0)


def enroll(library: SoundLibrary, name: str, sound: FloatArray, seed: int) -> None:
    """Three takes, nothing forced."""
    enrollment = Enrollment(library, ENCODER, "tones", name)
    for number in range(3):
        enrollment.add(take(sound, seed + number))
    enrollment.finish()


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A figure and a steady tone."""
    library = SoundLibrary(tmp_path)
    enroll(library, "up", UP, 0)
    enroll(library, "steady", STEADY, 10)
    return library


def test_a_reversal_needs_no_force(library: SoundLibrary) -> None:
    """It is not too like what is enrolled already: the order tells them apart."""
    before = library.get("up")
    enroll(library, "down", DOWN, 20)
    assert library.get("up") == before


def test_a_reversal_is_no_negative(library: SoundLibrary) -> None:
    """Neither is fitted against the other, now and whenever it is fitted again; others count."""
    enroll(library, "down", DOWN, 20)
    for name in ("up", "down"):
        assert list(negatives(library, name)) == ["steady"]
    assert sorted(negatives(library, "steady")) == ["down", "up"]


def negatives(library: SoundLibrary, name: str) -> Mapping[str, Sequence[FloatArray]]:
    """The other sounds that a sound is fitted against."""
    return Fitter(library, ENCODER).evidence(library.get(name)).negatives.others


@pytest.fixture
def turned(tmp_path: Path) -> SoundLibrary:
    """A figure and its reversal; takes are nearer to one of the other than to their own."""
    library = SoundLibrary(tmp_path / "turned")
    for name, parts in (("up", (900, 1500)), ("down", (1500, 900))):
        enrollment = Enrollment(library, ENCODER, "tones", name)
        for number, overtone_db in enumerate((-60.0, -32.0, -27.0)):
            figure = np.concatenate([tone(hz, 0.25) for hz in parts])
            sound = figure + tone(3000, 0.5, level_db=overtone_db)
            enrollment.add(take(np.asarray(sound, np.float32), number))
        enrollment.finish()
    return library


def test_fitting_all_anew_makes_it_no_negative(turned: SoundLibrary) -> None:
    """Nothing rises when the library is indexed anew: each was fitted without the other."""
    before = thresholds(turned)
    reindex(turned, ENCODER, "tones")
    assert thresholds(turned) == before


def test_taken_elsewhere_it_is_no_negative(turned: SoundLibrary, tmp_path: Path) -> None:
    """Beside what comes along and beside what is there, in a room that asks for a new fit."""
    before = thresholds(turned)
    quiet = hear_ambient(AudioClip(noise(5.0, seed=40), RATE), ENCODER)
    for number, parts in enumerate([(["up", "down"],), (["up"], ["down"])]):
        other = SoundLibrary(tmp_path / f"to{number}")
        other.ambient(ENCODER).add(quiet)
        for names in parts:
            export_sounds(turned, names, tmp_path / "some.zip")
            import_sounds(other, tmp_path / "some.zip", ENCODER, "tones")
        assert thresholds(other) == before


def thresholds(library: SoundLibrary) -> dict[str, float]:
    """By name."""
    return {sound.name: sound.threshold for sound in library.sounds()}


def test_the_same_order_stays_a_negative(library: SoundLibrary) -> None:
    """Another take of the same figure is not told apart by its order."""
    vectors = library.vectors(ENCODER)
    others = {sound.name: of_files(sound.takes, vectors) for sound in library.sounds()}
    takes = [take(UP, 30), take(UP, 31)]
    same = [library.take("up", record.file) for record in library.get("up").takes]
    kept = without_turned(others, lambda: takes, others["up"], lambda name: same, RATE)
    assert sorted(kept) == ["steady", "up"]


def test_a_damaged_recording_is_left_out(library: SoundLibrary) -> None:
    """The order of the others is enough to tell a reversal apart."""
    enroll(library, "down", DOWN, 20)
    library.vectors(ENCODER)
    (path,) = library.folder.rglob(library.get("up").takes[0].file)
    path.write_bytes(b"damaged")
    assert list(negatives(library, "up")) == ["steady"]
