"""Sample times against the clock: loss is seen, lateness and drift are not taken for it."""

from __future__ import annotations

import numpy as np

from runtime.sources._line import Timeline

RATE = 16_000
BLOCK = 800
SECONDS = BLOCK / RATE


def place_all(timeline: Timeline, arrivals: list[float]) -> list[tuple[int, int]]:
    """Place one block per arrival; give (start, expected start) of those with a gap before them.

    A device that loses samples counts on without them: only the arrivals show it.
    """
    gaps = []
    for i, arrival in enumerate(arrivals):
        expected = timeline.end
        start = timeline.place(i * BLOCK, BLOCK, arrival)
        if start != expected:
            gaps.append((start, expected))
    return gaps


def on_time(count: int, begin: float = 100.0) -> list[float]:
    """Arrivals of a perfect device."""
    return [begin + (i + 1) * SECONDS for i in range(count)]


def test_a_steady_device_has_no_gaps() -> None:
    """Sample time starts at 0 and follows the deliveries."""
    timeline = Timeline(RATE)
    assert place_all(timeline, on_time(2000)) == []
    assert timeline.end == 2000 * BLOCK


def test_late_deliveries_are_no_loss() -> None:
    """Arrivals that jitter, or all come late after three seconds of nothing, lose nothing."""
    delays = np.random.default_rng(0).exponential(0.05, 2000)
    jittered = np.maximum.accumulate(np.array(on_time(2000)) + delays)
    assert place_all(Timeline(RATE), list(jittered)) == []
    for stopped in range(200, 260):  # wherever in the watch's own rhythm it falls
        resumed = on_time(2000)[stopped] + 3.0
        late = [max(t, resumed) if i >= stopped else t for i, t in enumerate(on_time(2000))]
        assert place_all(Timeline(RATE), late) == []


def test_a_backlog_at_the_start_is_no_loss() -> None:
    """A device that hands over what it has buffered, and is on time then, loses nothing."""
    arrivals = [100.0 + 0.001 * i for i in range(20)]
    arrivals += [100.02 + (i + 1) * SECONDS for i in range(1000)]
    assert place_all(Timeline(RATE), arrivals) == []


def test_a_slow_clock_is_no_loss() -> None:
    """Two hours of a sound card that runs 0.05% slow or fast: no gap."""
    for drift in (5e-4, -5e-4):
        arrivals = [100.0 + (i + 1) * SECONDS * (1 + drift) for i in range(144_000)]
        assert place_all(Timeline(RATE), arrivals) == []


def test_a_lost_second_is_one_gap_of_a_second() -> None:
    """Samples that vanish unseen are missing in sample time, once, within three seconds."""
    arrivals = [t + (1.0 if i >= 400 else 0.0) for i, t in enumerate(on_time(2000))]
    gaps = place_all(Timeline(RATE), arrivals)
    assert len(gaps) == 1
    start, expected = gaps[0]
    assert abs((start - expected) - RATE) < 0.01 * RATE
    assert 400 * BLOCK < expected < 400 * BLOCK + 3 * RATE


def test_two_thirds_lost_are_accounted_for() -> None:
    """A device that goes on losing two samples of three stays within seconds of the clock."""
    timeline = Timeline(RATE)
    arrivals = [100.0 + (i + 1) * 3 * SECONDS for i in range(1000)]
    assert place_all(timeline, arrivals)
    # The loss is there from the first delivery on, so only what the watch needs is behind.
    assert abs(timeline.end / RATE - (arrivals[-1] - 100.0)) < 4.0


def test_a_device_that_was_away_resumes_by_the_clock() -> None:
    """After ten seconds away the samples stand ten seconds later, at another rate too."""
    for rate in (RATE, 3 * RATE):
        timeline = Timeline(RATE)
        place_all(timeline, on_time(100))
        timeline = timeline.resumed(rate)
        block = round(SECONDS * rate)
        start = timeline.place(0, block, 100.0 + 100 * SECONDS + 10.0)
        assert start == round((100 * SECONDS + 10.0 - SECONDS) * rate)
        assert timeline.place(block, block, 100.0 + 101 * SECONDS + 10.0) == start + block


def test_time_never_runs_backwards() -> None:
    """A device that is back before its buffered audio ended begins where that ended."""
    timeline = Timeline(RATE)
    place_all(timeline, on_time(100))
    resumed = timeline.resumed(RATE)
    assert resumed.place(0, BLOCK, 100.0 + 50 * SECONDS) == 100 * BLOCK
