"""One name for what several people do, each in their own way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from enroll.finder import find_takes
from enroll.session import Enrollment
from wakebench.synth.kinds import make_source
from wakebench.synth.source import SoundSource
from wakeword.audio.reading import AudioClip
from wakeword.encoders import create_encoder
from wakeword.engine import Engine
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.testing import RATE, frames, noise, placed

ENCODER = create_encoder()


def _take(source: SoundSource, rng: np.random.Generator, seed: int) -> Take:
    samples = placed(noise(2.5, seed=seed), (0.7, source.take(rng)))
    return find_takes(AudioClip(samples, RATE))[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [("whistle_rising", "whistle_rising"), ("whistle_rising", "whistle_falling")],
    ids=["two people", "two whistles"],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_both_wake(tmp_path: Path, first: str, second: str, seed: int) -> None:
    """Three takes of one and two of the other under one name: nobody is told to leave theirs
    out, and both wake it from then on, though the two are little like each other."""
    rng = np.random.default_rng(7 * seed + 1)
    people = [make_source(first, rng), make_source(second, rng)]
    library = SoundLibrary(tmp_path / "library")
    enrollment = Enrollment(library, ENCODER, "mini", "whistle")
    for person, count in zip(people, (3, 2), strict=True):
        for _ in range(count):
            enrollment.add(_take(person, rng, len(enrollment.takes)))
    codes = {finding.code for finding in enrollment.finish().findings}
    assert "unlike" not in codes
    for person in people:
        times = [2.0, 5.0, 8.0]
        stream = placed(noise(11.0, seed=50), *[(time, person.take(rng)) for time in times])
        engine = Engine(library, ENCODER)
        events = [event for frame in frames(stream, RATE) for event in engine.push(frame)]
        heard = [event.end_seconds for event in events + engine.flush()]
        assert len(heard) == 3
        assert all(0 < end - time < 2.5 for end, time in zip(heard, times, strict=True))
