"""The sweep is exact: recorded matches give what the engine itself would have given."""

from __future__ import annotations

import numpy as np
import pytest

from wakebench.trace import Firing, Trace
from wakeword.events import Match
from wakeword.scoring.decision import Trigger, TriggerConfig

RATE, HOP = 16000, 1600


def trace(rows, *, patience=2, refractory=1.0, length=None):
    """From (block, sound, score); every threshold is 0.5."""
    names = tuple(sorted({sound for _, sound, _ in rows}))
    ends = np.array([(block + 1) * HOP for block, _, _ in rows], np.int64)
    return Trace(
        names,
        ends,
        np.array([names.index(sound) for _, sound, _ in rows], np.int64),
        np.array([score for *_, score in rows], np.float64),
        np.full(len(rows), 0.5),
        HOP,
        length or (int(ends[-1]) if len(ends) else HOP),
        RATE,
        TriggerConfig(patience, refractory),
    )


def replayed(found, offset, blocks):
    """What the trigger does when it sees every block, one after the other."""
    trigger = Trigger(RATE, found.trigger)
    at = {int(end) // HOP - 1: i for i, end in enumerate(found.ends)}
    fired = []
    for block in range(blocks):
        i = at.get(block)
        match = None
        if i is not None:
            threshold = float(found.thresholds[i] + offset)
            match = Match(found.names[found.sounds[i]], float(found.scores[i]), threshold, "")
        if trigger.push(match, (block + 1) * HOP) and match is not None:
            fired.append(Firing((block + 1) * HOP / RATE, match.sound))
    return fired


def test_two_windows_in_a_row_fire():
    found = trace([(4, "bell", 0.9), (5, "bell", 0.9)])
    assert found.firings() == [Firing(0.6, "bell")]


def test_an_offset_is_added_to_the_threshold():
    found = trace([(4, "bell", 0.9), (5, "bell", 0.7)])
    assert found.firings(0.2) == [Firing(0.6, "bell")]
    assert found.firings(0.21) == []
    assert found.firings(np.inf) == []


def test_each_sound_can_have_an_offset_of_its_own():
    rows = [(4, "bell", 0.9), (5, "bell", 0.9), (14, "knock", 0.9), (15, "knock", 0.9)]
    found = trace(rows)
    assert found.firings(np.array([np.inf, 0.0])) == [Firing(1.6, "knock")]
    assert found.firings(np.array([-np.inf, np.inf])) == [Firing(0.6, "bell")]


def test_a_block_without_a_window_breaks_the_run():
    assert trace([(4, "bell", 0.9), (6, "bell", 0.9)]).firings() == []


def test_a_firing_in_the_flushed_tail_is_at_the_end_of_the_stream():
    found = trace([(4, "bell", 0.9), (5, "bell", 0.9)], length=5 * HOP + 100)
    assert found.firings() == [Firing((5 * HOP + 100) / RATE, "bell")]


@pytest.mark.parametrize("seed", range(20))
def test_skipping_what_does_not_match_changes_nothing(seed):
    """Random matches of three sounds, with gaps: as if every block had been replayed."""
    rng = np.random.default_rng(seed)
    blocks = 600
    rows = [
        (block, str(rng.choice(["bell", "knock", "whistle"])), float(rng.uniform(0.3, 1.0)))
        for block in range(blocks)
        if rng.random() < 0.8
    ]
    # Runs of one sound, so that something fires.
    rows = [(block, rows[i // 7 * 7][1], score) for i, (block, _, score) in enumerate(rows)]
    found = trace(rows, patience=int(rng.integers(1, 4)), refractory=float(rng.uniform(0, 2)))
    fired = 0
    for offset in (-0.3, -0.1, 0.0, 0.1, 0.2, 0.4):
        expected = replayed(found, offset, blocks)
        assert found.firings(offset) == expected
        fired += len(expected)
    assert fired


def test_a_trace_comes_back_from_disk_as_it_was(tmp_path):
    found = trace([(4, "bell", 0.9), (5, "knock", 0.7)], patience=3, refractory=0.25)
    found.write(tmp_path / "a.npz")
    again = Trace.read(tmp_path / "a.npz")
    assert again.names == found.names
    assert again.trigger == found.trigger
    assert (again.hop, again.length, again.rate) == (found.hop, found.length, found.rate)
    assert np.array_equal(again.margins, found.margins)
    assert np.array_equal(again.ends, found.ends)


def test_a_trace_of_nothing_fires_never(tmp_path):
    found = trace([])
    assert found.firings(-np.inf) == []
    found.write(tmp_path / "a.npz")
    assert Trace.read(tmp_path / "a.npz").firings() == []
