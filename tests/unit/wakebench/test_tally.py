"""Counting, on streams so small that every figure can be checked by hand."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from wakebench.compose import CLEAN
from wakebench.figures import figures
from wakebench.misses import DET_TARGETS
from wakebench.pool import Pool
from wakebench.protocol import Entry, Library, Protocol
from wakebench.runner import Heard, Run
from wakebench.sounds import Sound
from wakebench.stream import Composed, Layout, Placed, Section
from wakebench.synth import RATE
from wakebench.tally import OWN, tally
from wakebench.trace import Trace
from wakeword.library.recordings import Take
from wakeword.scoring.decision import TriggerConfig
from wakeword.testing import tone

SHELF = ("recorded-1.1", 3)


def entry(name: str) -> Entry:
    take = Take(tone(900, 0.2), RATE, 0, 3200)
    return Entry(Sound(name, name, f"{name}s", False, (take,) * 5), (0, 1, 2), (3, 4))


def trace(length: float, *rows: tuple[float, str, float]) -> Trace:
    """From (end in seconds, sound, score); one window fires."""
    names = ("bell", "knock")
    return Trace(
        names,
        np.array([round(end * RATE) for end, *_ in rows], np.int64),
        np.array([names.index(sound) for _, sound, _ in rows], np.int64),
        np.array([score for *_, score in rows], np.float64),
        np.full(len(rows), 0.5),
        RATE // 10,
        round(length * RATE),
        RATE,
        TriggerConfig(1, 0.5),
    )


def placed(sound: str, take: int, start: float, end: float) -> Placed:
    return Placed(sound, take, round(start * RATE), round(end * RATE))


@pytest.fixture
def run(tmp_path) -> Run:
    """Two sounds, two events each, 36 s with events and half an hour without.

    With events: a bell that is heard, a bell that is taken for a knock, a knock that is heard
    faintly, a knock that is missed. Without: the knock fires twice, the bell nearly once.
    """
    layout = Layout(
        36 * RATE,
        (
            placed("bell", 3, 5, 6),
            placed("bell", 4, 12, 13),
            placed("knock", 3, 20, 21),
            placed("knock", 4, 28, 29),
        ),
        (),
    )
    eventful = trace(36, (5.5, "bell", 0.9), (12.8, "knock", 0.8), (20.8, "knock", 0.6))
    quiet = trace(1800, (100, "knock", 0.7), (900, "knock", 0.55), (1000, "bell", 0.45))
    places = tmp_path / "eventful.npz", tmp_path / "quiet.npz"
    eventful.write(places[0])
    quiet.write(places[1])
    heard = Heard(
        "ear", True, {(SHELF, CLEAN): places[0]}, {(SHELF, 0): places[1]}, {SHELF: ("bell: quiet",)}
    )
    hiss = Layout(1800 * RATE, (), (Section("hiss", 0, 500 * RATE), Section("fan", 500 * RATE, 0)))
    protocol = Protocol(enrolled=(3,), snrs_db=(CLEAN,), deals=1, uses_per_hour=4.0)
    return Run(
        protocol,
        (Library("recorded-1.1", (entry("bell"), entry("knock"))),),
        {("recorded-1.1", CLEAN): Composed("a", layout)},
        (("noise", Composed("b", hiss)),),
        (heard,),
    )


def measured(run):
    with ThreadPoolExecutor(1) as executor:
        return figures(run, Pool(executor))


def test_counts_at_the_thresholds_that_the_system_set(run):
    counts = tally(run, run.systems[0], 3, False)
    assert counts.sounds == ("bell", "knock")
    assert counts.events.tolist() == [[2, 2]]
    assert counts.hits[0, :, OWN].tolist() == [1, 1]
    assert counts.wrong[:, OWN].tolist() == [0, 1]
    assert counts.alarms["noise"][:, OWN].tolist() == [0, 2]
    assert counts.hours == {"noise": 0.5}
    assert counts.heard.tolist() == [4, 4]
    assert counts.latencies == [[pytest.approx(-0.5), pytest.approx(-0.2)]]
    # Rows bell, knock, nothing there; columns bell, knock, missed.
    assert counts.matrix.tolist() == [[1, 1, 1], [0, 1, 1], [0, 0, 0]]
    assert counts.triggers == {("hiss", "knock"): 1, ("fan", "knock"): 1}


def test_wrong_sounds_count_by_how_often_sounds_are_made(run):
    """Two false alarms in half an hour, one of four events confused, four events an hour."""
    counts = tally(run, run.systems[0], 3, False)
    assert counts.rates(4.0)[:, OWN].tolist() == [0.0, 4.0 + 1.0]
    assert counts.rates(0.0)[:, OWN].tolist() == [0.0, 4.0]


def test_every_level_is_stricter_than_the_one_before(run):
    counts = tally(run, run.systems[0], 3, False)
    levels = counts.offsets[:, :OWN]
    assert (np.diff(np.nan_to_num(levels, posinf=9, neginf=-9), axis=1) >= 0).all()
    assert (counts.hits[0, :, 0] >= counts.hits[0, :, OWN - 1]).all()
    assert counts.hits[0, :, OWN - 1].tolist() == [0, 0]
    assert counts.alarms["noise"][:, 0].tolist() == [1, 2]


def test_figures_by_hand(run):
    cell = measured(run)["cells"][0]
    everything = cell["misses"]["all"]["clean"]
    # At most 0.1 an hour: the bell above 0.45, the knock above 0.8, since it was confused there.
    assert everything["events"] == 4
    assert everything["0.1"] == 0.75
    # At most 1 an hour: the knock may be confused once in four events.
    assert everything["1"] == 0.75
    assert everything["own"] == 0.5
    assert cell["misses"]["bells"]["clean"]["own"] == 0.5
    assert cell["own"]["false_alarms_per_hour"]["noise"] == 4.0
    assert cell["own"]["false_alarms_per_hour"]["all"] == 4.0
    assert cell["own"]["confusions_per_100_events"] == 25.0
    assert cell["refused"] == ["bell: quiet"]
    assert len(cell["det"]["clean"]) == len(DET_TARGETS)
    assert cell["det"]["clean"][-1] == 0.5


def test_figures_are_plain_json_and_the_same_each_time(run):
    first, again = measured(run), measured(run)
    assert json.dumps(first, allow_nan=False) == json.dumps(again, allow_nan=False)
