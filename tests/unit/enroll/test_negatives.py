"""Hearing recordings as the engine would, and gathering what must not wake."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from enroll.files import enroll_files
from enroll.fitter import Fitter
from enroll.negatives import hear_ambient, hear_runs, recorded_frames
from wakeword.audio.flac import write_flac
from wakeword.audio.reading import AudioClip
from wakeword.engine import Engine
from wakeword.scoring.scorer import Owner, Scorer
from wakeword.testing import RATE, ToneEncoder, frames, make_library, noise, placed, tone

ENCODER = ToneEncoder()
STREAM = placed(
    noise(8.0, level_db=-70.0),
    (1.0, tone(500.0, 0.5)),
    (3.0, tone(2000.0, 3.0)),
    (7.9, tone(900.0, 0.1)),
)


def test_runs_are_what_the_engine_hears():
    """Window for window, the embeddings are those that the engine scores."""
    heard = []
    scorer = Scorer(np.eye(1, ENCODER.dim, dtype=np.float32), [Owner("x", "y")], {"x": 2.0})
    engine = Engine(scorer, ENCODER, observer=lambda window, match: heard.append(window.samples))
    for frame in frames(STREAM, 1600):
        engine.push(frame)
    runs = list(hear_runs(frames(STREAM, 4096), ENCODER))
    assert np.array_equal(np.concatenate(runs), ENCODER.embed(heard))


def test_long_runs_are_cut():
    """Three seconds of tone could wake more than once, half a second could not."""
    lengths = [len(run) for run in hear_runs(frames(STREAM, 1600), ENCODER)]
    assert len(lengths) == 4
    assert max(lengths) == 20


def test_a_file_of_any_length_is_heard_piece_by_piece(tmp_path):
    """Pieces of a file join without a seam, and what is heard of them is what is heard at once."""
    sounds = [(at, tone(hz, 0.5, 44100)) for at, hz in ((2.0, 600.0), (9.8, 900.0), (21.0, 600.0))]
    samples = placed(noise(25.0, 44100), *sounds, rate=44100)
    write_flac(tmp_path / "room.flac", samples, 44100)
    pieces = list(recorded_frames(tmp_path / "room.flac"))
    assert len(pieces) > 2
    whole = np.concatenate([piece.samples for piece in pieces])
    assert [piece.start for piece in pieces] == np.cumsum(
        [0, *map(len, (p.samples for p in pieces))]
    )[:-1].tolist()
    (clip,) = recorded_frames(AudioClip(samples, 44100))
    assert len(whole) == 25 * 44100
    assert np.allclose(whole, clip.samples, atol=1e-3)  # the file has 16 bits
    runs = [list(hear_runs(heard, ENCODER)) for heard in (pieces, [clip])]
    assert len(runs[0]) == len(runs[1]) == 3
    for piecewise, at_once in zip(*runs, strict=True):
        assert np.allclose(piecewise, at_once, atol=1e-3)


def test_all_there_is_is_gathered(tmp_path):
    """The room's runs and length, and the takes of every sound but the one in question."""
    library = make_library(tmp_path, {"low": tone(440.0, 0.4), "high": tone(2000.0, 0.4)})
    library.ambient(ENCODER).add(hear_ambient(AudioClip(STREAM, RATE), ENCODER))
    negatives = Fitter(library, ENCODER).evidence(library.get("LOW")).negatives
    assert negatives.bank is None
    assert len(negatives.ambient) == 4
    assert negatives.hours == pytest.approx(8.0 / 3600.0)
    assert {name: len(takes) for name, takes in negatives.others.items()} == {"high": 1}


def test_a_long_room_is_never_in_memory_as_a_whole(tmp_path):
    """Hours of it may be given: only a piece at a time is held."""
    write_flac(tmp_path / "room.flac", noise(400.0, level_db=-70.0), RATE)
    tracemalloc.start()
    try:
        room = hear_ambient(tmp_path / "room.flac", ENCODER)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert room.seconds == pytest.approx(400.0)
    assert peak < 400 * RATE * 4 / 2


def test_the_room_raises_the_threshold(tmp_path):
    """A sound that the room makes too must be told apart from it."""
    paths = []
    for number, overtone_db in enumerate((-26.0, -32.0)):
        sound = tone(1000.0, 0.4) + tone(2000.0, 0.4, level_db=overtone_db)
        paths.append(tmp_path / f"{number}.flac")
        write_flac(paths[-1], placed(noise(1.5, seed=number), (0.5, sound)), RATE)
    near = sound + tone(500.0, 0.4, level_db=-36.0)
    room = AudioClip(placed(noise(3.0, seed=9), (1.0, near)), RATE)
    without = enroll_files(tmp_path / "a", ENCODER, "beep", paths)
    given = enroll_files(tmp_path / "b", ENCODER, "beep", paths, ambient=room)
    assert without.calibration.missed == []
    assert given.calibration.threshold > without.calibration.threshold
