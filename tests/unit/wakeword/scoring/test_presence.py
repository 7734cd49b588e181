"""A sound that has woken counts as present until its own bands are quiet again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.engine import Engine
from wakeword.events import WakeEvent
from wakeword.scoring.presence import Presence
from wakeword.testing import RATE, ToneEncoder, burst, frames, make_library, noise, placed, tone

HOP = RATE // 10


def blocks(samples: FloatArray) -> list[AudioFrame]:
    return list(frames(samples, HOP))


def begun(sound: FloatArray) -> Presence:
    """Presence of a sound that woke 0.2 s after it began, in quiet noise."""
    presence = Presence(RATE)
    presence.begin("beep", placed(noise(0.4), (0.2, sound[: RATE // 5])))
    return presence


@pytest.mark.parametrize("hz", [180.0, 900.0, 2900.0, 7000.0])
@pytest.mark.parametrize("level_db", [-40.0, -10.0])
def test_a_tone_is_present_until_it_ends(hz: float, level_db: float) -> None:
    """Whatever its pitch and level; the noise behind it is not the tone."""
    lasting = tone(hz, 3.0, level_db=level_db)
    presence = begun(lasting)
    for block in blocks(placed(noise(5.0, seed=1), (0.0, lasting))):
        presence.push(block)
        assert presence.present("beep") == (block.start < 3.0 * RATE), block.start / RATE


def test_other_sounds_do_not_keep_it_present() -> None:
    """A loud sound in other bands is not the tone."""
    presence = begun(tone(2900.0, 1.0))
    for block in blocks(placed(noise(1.0), (0.0, tone(400.0, 1.0, level_db=-6.0)))):
        presence.push(block)
        assert not presence.present("beep")


def test_what_was_always_there_is_not_followed() -> None:
    """In a window that is all sound nothing rises: the trigger goes by the matches alone."""
    presence = Presence(RATE)
    presence.begin("hum", tone(500.0, 1.0))
    presence.push(blocks(tone(500.0, 0.1))[0])
    assert not presence.present("hum")
    assert not presence.present("never heard of")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(make_library(tmp_path, {"beep": tone(2000, 0.4)}), ToneEncoder())


def heard(engine: Engine, samples: FloatArray) -> list[WakeEvent]:
    events = [event for frame in frames(samples, 4096) for event in engine.push(frame)]
    return events + engine.flush()


def test_a_steady_beep_wakes_once_however_often_the_gate_opens(engine: Engine) -> None:
    """The gate adapts to it within seconds; knocks then open it again."""
    knocks = [(at, burst(0.05, level_db=-30.0)) for at in np.arange(10.0, 58.0, 4.0)]
    stream = placed(noise(64.0), (2.0, tone(2000, 58.0)), *knocks)
    assert [round(event.end_seconds) for event in heard(engine, stream)] == [2]


def test_it_wakes_again_once_it_has_been_gone(engine: Engine) -> None:
    """A second beep is a second event, after a long one as after a short one."""
    stream = placed(noise(36.0), (2.0, tone(2000, 20.0)), (24.0, tone(2000, 0.4)))
    stream = placed(stream, (30.0, tone(2000, 0.4)))
    assert [round(event.end_seconds) for event in heard(engine, stream)] == [2, 24, 30]
