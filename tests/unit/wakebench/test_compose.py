"""Composed streams hold what they say, where they say, as loud as they say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from wakebench import compose, mixing
from wakebench.classes import NOISE, SILENCE, SOUNDS
from wakebench.compose import CLEAN, EventPlan, NegativePlan
from wakebench.sounds import Sound
from wakebench.stream import cached_audio, obtain, on_16_bits
from wakebench.synth import RATE, loudest_db, power_db
from wakeword.library.recordings import Take
from wakeword.testing import noise, tone


@dataclass(frozen=True)
class Noise:
    """White noise as a clip."""

    seed: int
    seconds: float = 30.0
    label: str = "hiss"
    category: str = NOISE

    @property
    def key(self) -> str:
        return f"{self.label} {self.seed} {self.seconds}"

    def load(self):
        return noise(self.seconds, level_db=-30.0, seed=self.seed)


def sound(name: str, hz: float, takes: int = 3) -> Sound:
    found = []
    for i in range(takes):
        samples = np.concatenate([noise(0.3, seed=i), tone(hz, 0.4), noise(0.3, seed=i)])
        found.append(Take(samples, RATE, round(0.3 * RATE), round(0.7 * RATE)))
    return Sound(name, name, "other", False, tuple(found))


def plan(snr_db: float, seed: int = 0) -> EventPlan:
    sounds = (sound("low", 500.0), sound("high", 3000.0))
    return EventPlan(sounds, (Noise(1), Noise(2)), snr_db, seed)


def test_every_take_is_placed_once_with_room_around_it():
    stream = plan(10.0).compose()
    placed = sorted((event.sound, event.take) for event in stream.layout.events)
    assert placed == [(name, i) for name in ("high", "low") for i in range(3)]
    ends = [0.0, *(event.end / RATE for event in stream.layout.events)]
    starts = [*(event.start / RATE for event in stream.layout.events), stream.layout.seconds]
    assert min(np.subtract(starts, ends)) >= 2.5
    assert stream.layout.length == len(stream.samples)


@pytest.mark.parametrize("snr_db", [20.0, 10.0, 0.0])
def test_the_snr_is_that_of_the_loudest_tenth_of_a_second(snr_db, monkeypatch):
    """With neither rooms nor gain changes, the level of the tone over the noise is the SNR."""
    monkeypatch.setattr(compose, "ROOM_SHARE", 0.0)
    monkeypatch.setattr(mixing, "GAIN_DB", 0.0)
    stream = plan(snr_db).compose()
    for event in stream.layout.events:
        around = stream.samples[event.start - RATE : event.start - RATE // 10]
        inside = stream.samples[event.start : event.end]
        wanted = 10 * np.log10(1.0 + 10 ** (snr_db / 10))  # the noise is there as well
        assert loudest_db(inside) - power_db(around) == pytest.approx(wanted, abs=1.5)


def test_a_clean_stream_has_only_the_microphones_noise(monkeypatch):
    monkeypatch.setattr(mixing, "GAIN_DB", 0.0)
    stream = plan(CLEAN).compose()
    assert power_db(stream.samples[: 2 * RATE]) == pytest.approx(mixing.FLOOR_DB, abs=1.5)


def test_rooms_and_gain_change_what_is_heard():
    stream = plan(CLEAN).compose()
    levels = [loudest_db(stream.samples[e.start : e.end]) for e in stream.layout.events]
    assert max(levels) - min(levels) > 3.0


def test_the_same_plan_gives_the_same_stream_and_another_seed_another():
    first, again, other = plan(10.0).compose(), plan(10.0).compose(), plan(10.0, 1).compose()
    assert np.array_equal(first.samples, again.samples)
    assert first.layout == again.layout
    assert plan(10.0).key == plan(10.0).key
    assert plan(10.0).key != plan(10.0, 1).key
    assert first.layout != other.layout


def test_a_key_changes_with_every_input():
    base = plan(10.0)
    others = [
        replace(base, snr_db=5.0),
        replace(base, bed=(Noise(1), Noise(3))),
        replace(base, sounds=base.sounds[:1]),
        replace(base, sounds=(sound("low", 501.0), base.sounds[1])),
    ]
    assert len({p.key for p in [base, *others]}) == 5


def test_negatives_come_one_after_the_other_and_say_what_they_are():
    clips = (Noise(1, 2.0, "fan", SOUNDS), Noise(2, 3.0, "rain", SOUNDS))
    stream = NegativePlan(clips, 0).compose()
    assert stream.layout.events == ()
    assert stream.layout.length == len(stream.samples)
    assert [section.label for section in stream.layout.sections] == ["fan", "rain"]
    assert 5.6 <= stream.layout.seconds <= 7.0
    second = stream.layout.sections[1]
    assert stream.layout.section_at(second.start / RATE + 1.0) == "rain"
    assert stream.layout.section_at(1.5) == "fan"


def test_steady_backgrounds_flow_into_each_other(monkeypatch):
    """No pause between two noises: nothing for a gate to open at."""
    monkeypatch.setattr(mixing, "GAIN_DB", 0.0)
    stream = NegativePlan((Noise(1, 10.0), Noise(2, 10.0)), 0).compose()
    assert stream.layout.seconds == pytest.approx(18.0)
    levels = [power_db(stream.samples[i : i + RATE]) for i in range(2 * RATE, 16 * RATE, RATE)]
    assert max(levels) - min(levels) < 12.0


def test_silence_stays_quiet(monkeypatch):
    monkeypatch.setattr(mixing, "GAIN_DB", 0.0)
    clip = Noise(1, 3.0, "quiet", SILENCE)
    assert power_db(NegativePlan((clip,), 0).compose().samples) < -58.0


def test_a_stream_is_composed_once_and_read_back_bit_for_bit(tmp_path, monkeypatch):
    stream = plan(10.0).compose()
    kept = obtain(plan(10.0), tmp_path)
    assert kept.layout == stream.layout
    assert np.array_equal(cached_audio(kept.key, tmp_path), stream.samples)
    monkeypatch.setattr(EventPlan, "compose", None)  # would fail when called
    assert obtain(plan(10.0), tmp_path) == kept


def test_a_damaged_note_in_the_cache_is_made_again(tmp_path):
    kept = obtain(plan(10.0), tmp_path)
    (tmp_path / f"{kept.key}.json").write_text("{")
    assert obtain(plan(10.0), tmp_path) == kept


def test_too_loud_streams_are_scaled_down_as_a_whole():
    loud = np.array([0.5, -2.0, 1.0], np.float32)
    assert on_16_bits(loud) == pytest.approx([0.245, -0.98, 0.49], abs=1e-4)
