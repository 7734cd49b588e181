from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wakebench.beat_alarms import Alarms, false_alarms
from wakebench.beats import made_beats, rows
from wakebench.synth import RATE
from wakeword.encoders import create_encoder


def test_alarms_are_told_per_hour_and_sound() -> None:
    assert Alarms("music", 1800.0, 6).per_hour(4) == pytest.approx(3.0)


def test_what_wakes_is_counted_by_kind(tmp_path: Path) -> None:
    """Rows of an enrolled sound wake, silence does not; streams of a kind are added up."""
    beats = [beat for beat in made_beats(0) if beat.name == "finger_snap (made)"]
    played, placed = rows(beats[0], None, 6, np.random.default_rng(0))
    asked = sum(len(starts) in (2, 3) for starts in placed)
    quiet = np.zeros(10 * RATE, np.float32)
    streams = [("rows", played), ("silence", quiet), ("silence", quiet)]
    found = {a.kind: a for a in false_alarms(beats, create_encoder("mini"), tmp_path, streams)}
    assert asked // 2 <= found["rows"].events <= asked
    assert found["silence"] == Alarms("silence", 20.0, 0)
