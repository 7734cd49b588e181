"""Every figure by hand: tiny streams whose right answer can be read off."""

from __future__ import annotations

import numpy as np
import pytest

from wakebench import metrics

NAN = float("nan")


def kinds(events, firings, tolerance=1.0):
    """Kinds of the firings; events are (start, end, sound), firings (time, sound)."""
    return list(assignment(events, firings, tolerance).kinds)


def assignment(events, firings, tolerance=1.0):
    return metrics.assign(
        [(start, end) for start, end, _ in events],
        [sound for *_, sound in events],
        [time for time, _ in firings],
        [sound for _, sound in firings],
        tolerance=tolerance,
    )


# -- which firing belongs to which event ------------------------------------------------------


def test_a_firing_in_the_event_is_a_hit():
    found = assignment([(1.0, 2.0, "bell")], [(1.5, "bell")])
    assert found.kinds == ("hit",)
    assert found.events.tolist() == [0]
    assert found.firings.tolist() == [0]


@pytest.mark.parametrize(
    ("time", "kind"),
    [(0.999, "stray"), (1.0, "hit"), (2.0, "hit"), (3.0, "hit"), (3.001, "stray")],
)
def test_both_bounds_of_the_window_are_inside(time, kind):
    """The window of an event is [start, end + tolerance]."""
    assert kinds([(1.0, 2.0, "bell")], [(time, "bell")]) == [kind]


def test_a_second_firing_on_one_event_is_a_repeat():
    """One hit per event at most; the rest are false alarms."""
    found = assignment([(1.0, 2.0, "bell")], [(1.5, "bell"), (2.5, "bell"), (2.9, "bell")])
    assert found.kinds == ("hit", "repeat", "repeat")
    assert metrics.false_alarms(found) == 2
    assert metrics.miss_rate(found) == 0.0


def test_a_wrong_sound_is_a_confusion_and_leaves_the_event_missed():
    found = assignment([(1.0, 2.0, "bell")], [(1.5, "knock")])
    assert found.kinds == ("confusion",)
    assert found.events.tolist() == [0]
    assert metrics.miss_rate(found) == 1.0
    assert metrics.false_alarms(found) == 1


def test_a_wrong_sound_does_not_use_up_the_event():
    assert kinds([(1.0, 2.0, "bell")], [(1.2, "knock"), (1.5, "bell")]) == ["confusion", "hit"]


def test_a_firing_where_nothing_is_is_a_stray():
    found = assignment([(1.0, 2.0, "bell")], [(7.0, "bell")])
    assert found.kinds == ("stray",)
    assert found.events.tolist() == [-1]


def test_overlapping_events_of_one_sound_get_a_hit_each():
    """The event whose window closes first is served first, so that both can be."""
    events = [(1.0, 4.0, "bell"), (1.5, 2.0, "bell")]
    found = assignment(events, [(2.9, "bell"), (4.5, "bell")])
    assert found.kinds == ("hit", "hit")
    assert found.events.tolist() == [1, 0]


def test_overlapping_events_of_two_sounds_are_told_apart():
    """A right sound is a hit even while another event is nearer."""
    events = [(1.0, 2.0, "bell"), (1.0, 1.5, "knock")]
    assert kinds(events, [(1.4, "bell"), (1.4, "knock")]) == ["hit", "hit"]


def test_firings_are_taken_in_order_of_time_and_told_in_the_order_given():
    found = assignment([(1.0, 2.0, "bell")], [(2.5, "bell"), (1.5, "bell")])
    assert found.kinds == ("repeat", "hit")
    assert found.firings.tolist() == [1]


def test_neighbouring_windows_that_overlap_share_no_firing():
    """Two events half a second apart and one firing: one hit, one miss."""
    found = assignment([(1.0, 1.2, "bell"), (1.7, 1.9, "bell")], [(2.0, "bell")])
    assert found.kinds == ("hit",)
    assert metrics.miss_rate(found) == 0.5


def test_no_events_and_no_firings():
    found = assignment([], [])
    assert found.kinds == ()
    assert np.isnan(metrics.miss_rate(found))
    assert metrics.false_alarms(found) == 0


def test_no_events_makes_every_firing_a_stray():
    assert kinds([], [(0.0, "bell"), (5.0, "bell")]) == ["stray", "stray"]


# -- validation -------------------------------------------------------------------------------


def test_an_event_that_the_end_cuts_counts_and_ends_with_the_stream():
    spans, moments = metrics.validate([(9.0, 11.0)], ["bell"], [10.0], ["bell"], 10.0)
    assert spans.tolist() == [[9.0, 10.0]]
    found = metrics.assign(spans, ["bell"], moments, ["bell"])
    assert found.kinds == ("hit",)
    assert metrics.latencies(found, spans, moments).tolist() == [0.0]


@pytest.mark.parametrize(
    ("intervals", "times", "duration"),
    [
        ([(2.0, 1.0)], [], 10.0),
        ([(-0.1, 1.0)], [], 10.0),
        ([(10.0, 11.0)], [], 10.0),
        ([(1.0, NAN)], [], 10.0),
        ([], [10.1], 10.0),
        ([], [-0.1], 10.0),
        ([], [NAN], 10.0),
        ([], [], 0.0),
    ],
)
def test_what_cannot_be_measured_is_an_error(intervals, times, duration):
    with pytest.raises(ValueError, match=r"event|firing|finite"):
        metrics.validate(
            intervals, ["bell"] * len(intervals), times, ["bell"] * len(times), duration
        )


def test_every_event_and_firing_needs_a_name():
    with pytest.raises(ValueError, match="one name"):
        metrics.validate([(1.0, 2.0)], [], [], [], 10.0)
    with pytest.raises(ValueError, match="one name"):
        metrics.validate([], [], [1.0], [], 10.0)


# -- figures ----------------------------------------------------------------------------------


def test_rates_are_per_hour():
    assert metrics.false_alarms_per_hour(3, 1800.0) == 6.0
    with pytest.raises(ValueError, match="longer than nothing"):
        metrics.false_alarms_per_hour(3, 0.0)


def test_latency_counts_from_the_end_of_the_event():
    """A long sound may be recognised before it ends."""
    events = [(1.0, 2.0, "bell"), (5.0, 6.0, "bell"), (8.0, 9.0, "bell")]
    found = assignment(events, [(1.5, "bell"), (6.25, "bell")])
    spans = [(start, end) for start, end, _ in events]
    assert metrics.latencies(found, spans, [1.5, 6.25]).tolist() == [-0.5, 0.25]


def test_confusion_matrix_counts_hits_confusions_strays_and_misses():
    events = [(1, 2, "a"), (4, 5, "a"), (7, 8, "b"), (10, 11, "b")]
    firings = [(1.5, "a"), (1.8, "a"), (4.5, "b"), (7.5, "b"), (20.0, "a")]
    found = assignment(events, firings)
    table = metrics.confusion_matrix(
        found, [e[2] for e in events], [f[1] for f in firings], ["a", "b"]
    )
    # Rows: a, b, nothing there. Columns: a, b, missed. The repeat at 1.8 is left out.
    assert table.tolist() == [[1, 1, 1], [0, 1, 1], [1, 0, 0]]


@pytest.mark.parametrize(
    ("target", "index"), [(0.0, 4), (0.9, 4), (1.0, 3), (2.0, 3), (5.0, 1), (99.0, 0)]
)
def test_the_loosest_threshold_is_one_that_all_stricter_ones_agree_with(target, index):
    """Rates need not fall steadily: 2 at one threshold, 3 at a stricter one."""
    assert metrics.loosest(target, [9.0, 2.0, 3.0, 1.0, 0.0]) == index


def test_no_threshold_keeps_an_impossible_target():
    assert metrics.loosest(0.5, [3.0, 1.0]) == 2
    assert metrics.miss_rate_at(0.5, [3.0, 1.0], [0.1, 0.2]) == 1.0


def test_miss_rate_at_a_target_is_that_of_a_measured_threshold():
    assert metrics.miss_rate_at(1.5, [9.0, 2.0, 1.0, 0.0], [0.1, 0.2, 0.4, 1.0]) == 0.4


def test_det_curve_takes_each_sound_at_its_own_threshold():
    hits = [[4, 3, 0], [2, 1, 0]]
    rates = [[8.0, 1.0, 0.0], [1.0, 0.5, 0.0]]
    curve = metrics.det_curve(hits, [4, 2], rates, [0.0, 0.5, 1.0, 8.0])
    # None; second sound at its middle one; 3 + 2; 4 + 2 of 6 events.
    assert np.allclose(curve, [1.0, 5 / 6, 1 / 6, 0.0])


def test_det_curve_without_events_is_undefined():
    assert np.isnan(metrics.det_curve([[0, 0]], [0], [[1.0, 0.0]], [1.0])).all()


def test_bootstrap_is_the_same_for_the_same_seed_and_holds_the_figure():
    values = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0])

    def interval(seed):
        rng = np.random.default_rng(seed)
        return metrics.bootstrap_interval(lambda i: float(values[i].mean()), 8, rng)

    low, high = interval(0)
    assert interval(0) == (low, high)
    assert 0.0 <= low < 0.5 < high <= 1.0


def test_bootstrap_of_one_sound_has_no_width():
    rng = np.random.default_rng(0)
    assert metrics.bootstrap_interval(lambda i: 0.25, 1, rng) == (0.25, 0.25)


def test_bootstrap_of_nothing_is_undefined():
    low, high = metrics.bootstrap_interval(lambda i: 0.0, 0, np.random.default_rng(0))
    assert np.isnan([low, high]).all()


def test_evaluate_gives_every_figure_of_a_stream():
    figures = metrics.evaluate(
        [(1.0, 2.0), (5.0, 6.0), (9.5, 10.5)],
        ["bell", "bell", "knock"],
        [1.5, 1.9, 5.5, 8.0, 10.0],
        ["bell", "bell", "knock", "bell", "knock"],
        10.0,
    )
    assert figures == {
        "Events": 3.0,
        "Hits": 2.0,
        "Miss Rate": pytest.approx(1 / 3),
        "False Alarms": 3.0,
        "False Alarms Per Hour": pytest.approx(1080.0),
        "Repeats": 1.0,
        "Confusions": 1.0,
        "Strays": 1.0,
        "Median Latency": pytest.approx(-0.25),
        "Latency 95": pytest.approx(-0.025),
    }


def test_evaluate_of_a_silent_engine():
    figures = metrics.evaluate([(1.0, 2.0)], ["bell"], [], [], 10.0)
    assert figures["Miss Rate"] == 1.0
    assert figures["False Alarms"] == 0.0
    assert np.isnan(figures["Median Latency"])
