"""One "false" on real audio: it does not fire again in the same stream, the takes still do."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from enroll import enroll_files
from runtime.history.feedback import reject_event
from runtime.history.store import History
from runtime.listening.listener import WakeListener
from wakeword.audio.flac import write_flac
from wakeword.audio.resampling import resample
from wakeword.embedding.weights import asset
from wakeword.encoders import create_encoder
from wakeword.engine import EngineConfig
from wakeword.events import WakeEvent
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.protocols import Encoder
from wakeword.testing import RATE, ArraySource, noise

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """The one that ships."""
    return create_encoder("mini")


def hear(
    library: SoundLibrary, encoder: Encoder, source: object, lenient: float, history: History
) -> list[WakeEvent]:
    """The events of a source, at thresholds that are lower by so much."""
    config = EngineConfig(threshold_offset=-lenient)
    return list(
        WakeListener(library, source, encoder=encoder, config=config, history=history)  # type: ignore[arg-type]
    )


def test_on_the_demo(encoder: Encoder, tmp_path: Path) -> None:
    """A wake of the demo's noisy minute, called false, is silent; every take still wakes."""
    takes = [asset("demo", f"whistle_{number}.flac") for number in (1, 2, 3)]
    library = SoundLibrary(tmp_path / "library")
    enroll_files(library, encoder, "whistle", takes)
    history, minute = History(tmp_path / "history"), asset("demo", "noisy_minute.flac")
    before = hear(library, encoder, minute, 0.1, history)
    assert before
    wrong = before[0]
    reject_event(library, encoder, history, history.get(wrong.id))
    after = hear(library, encoder, minute, 0.1, history)
    assert [e for e in after if e.start < wrong.end and wrong.start < e.end] == []
    for take in takes:
        assert [e.sound for e in hear(library, encoder, take, 0.0, history)] == ["whistle"]


@pytest.mark.skipif(
    not (DATA / "manifest.csv").is_file(), reason="needs the development recordings"
)
def test_on_footsteps(encoder: Encoder, tmp_path: Path) -> None:
    """Somebody's steps are enrolled; somebody else's fire, are called false, and do not again."""
    own, other = _steps("berklee-walking"), _steps("berklee-walking_in_dirt")
    files = []
    for number, take in enumerate(own[:3]):
        files.append(tmp_path / f"{number}.flac")
        write_flac(files[-1], take.samples, take.rate)
    library, history = SoundLibrary(tmp_path / "library"), History(tmp_path / "history")
    enroll_files(library, encoder, "steps", files, budget_per_hour=20.0, force=True)
    room = [noise(1.5, level_db=-65.0, seed=seed) for seed in range(7)]
    parts = [resample(take.samples, take.rate, RATE) for take in (*own[:3], *other[:3])]
    stream = np.concatenate(
        [room[0], *(x for pair in zip(parts, room[1:], strict=True) for x in pair)]
    )
    starts = np.cumsum([len(room[0]), *(len(part) + RATE * 3 // 2 for part in parts)])
    mine = int(starts[3])
    lenient = 0.0
    while not [
        e for e in hear(library, encoder, ArraySource(stream), lenient, history) if e.start > mine
    ]:
        lenient += 0.05
        assert lenient < 0.6, "nothing false ever fires"
    before = hear(library, encoder, ArraySource(stream), lenient, history)
    wrong = next(event for event in before if event.start > mine)
    reject_event(library, encoder, history, history.get(wrong.id))
    after = hear(library, encoder, ArraySource(stream), lenient, history)
    assert [e for e in after if e.start < wrong.end and wrong.start < e.end] == []
    for first, last in pairwise(starts[:4]):
        assert any(first < e.end and e.start < last for e in after)


def _steps(group: str) -> list[Take]:
    from enroll.files import takes_of_file

    with (DATA / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["group"] == group]
    takes = [take for row in rows[:6] for take in takes_of_file(DATA / row["path"])]
    return [take for take in takes if 0.1 < take.sound_seconds < 3.0 and take.snr_db > 10.0]
