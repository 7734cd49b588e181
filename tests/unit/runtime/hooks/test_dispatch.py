"""Actions that raise, hang or are slow: none holds up the listening or another action."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from runtime.hooks import action as action_module
from runtime.hooks.action import ActionStats
from runtime.hooks.conditions import Conditions, QuietHours
from runtime.hooks.dispatch import Dispatcher
from wakeword.errors import ConfigError, SinkError
from wakeword.events import WakeEvent
from wakeword.testing import RecordingSink


def event(number: int = 0, sound: str = "bell") -> WakeEvent:
    """The event that begins at that sample."""
    return WakeEvent(sound, 0.9, 0.5, number, number + 1600, 16000)


@pytest.fixture
def dispatcher() -> Iterator[Dispatcher]:
    """Closed at the end."""
    dispatcher = Dispatcher()
    yield dispatcher
    dispatcher.close()


def finish(dispatcher: Dispatcher) -> tuple[ActionStats, ...]:
    """Let all actions end; their counts."""
    dispatcher.finish()
    assert dispatcher.wait(20)
    return dispatcher.stats()


def counts(stats: ActionStats) -> tuple[int, int, int, int]:
    """Called, failed, timed out, dropped."""
    return stats.called, stats.failed, stats.timed_out, stats.dropped


def test_an_action_gets_its_own_sound_in_order(dispatcher: Dispatcher) -> None:
    """Its sound, in whatever case, or all of them; first come, first served."""
    bell, everything = RecordingSink(), RecordingSink()
    dispatcher.add("Bell", bell, 5)
    dispatcher.add("*", everything, 5)
    for number in range(5):
        dispatcher.dispatch(event(number), patient=False)
        dispatcher.dispatch(event(number, "clap"), patient=False)
    first, second = finish(dispatcher)
    assert [e.start for e in bell.events] == [0, 1, 2, 3, 4]
    assert {e.sound for e in bell.events} == {"bell"}
    assert len(everything.events) == 10
    assert first == ActionStats("Bell", "RecordingSink", 5, 0, 0, 0)
    assert counts(second) == (10, 0, 0, 0)


def test_an_action_that_raises_goes_on(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """Every error is counted and logged with its traceback, and the next event comes."""
    seen = []

    def fragile(event: WakeEvent) -> None:
        seen.append(event.start)
        raise ValueError("no lamp")

    dispatcher.add("bell", fragile, 5)
    for number in range(3):
        dispatcher.dispatch(event(number), patient=False)
    (stats,) = finish(dispatcher)
    assert seen == [0, 1, 2]
    assert counts(stats) == (3, 3, 0, 0)
    assert len(caplog.records) == 3
    assert "no lamp" in caplog.text
    assert "Traceback" in caplog.text


def test_even_leaving_the_program_is_contained(dispatcher: Dispatcher) -> None:
    """sys.exit() in an action ends neither the program nor the action's thread."""
    dispatcher.add("bell", lambda: sys.exit(3), 5)
    dispatcher.dispatch(event(), patient=False)
    dispatcher.dispatch(event(), patient=False)
    (stats,) = finish(dispatcher)
    assert counts(stats) == (2, 2, 0, 0)


def test_expected_failures_are_one_line(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """What a sink says in words needs no traceback."""

    def refuse() -> None:
        raise SinkError("the lamp is off")

    dispatcher.add("bell", refuse, 5)
    dispatcher.dispatch(event(), patient=False)
    (stats,) = finish(dispatcher)
    assert counts(stats) == (1, 1, 0, 0)
    assert caplog.messages[0].endswith("refuse for 'bell' failed: the lamp is off")
    assert "Traceback" not in caplog.text


def test_an_action_that_hangs_is_left_behind(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """The next event gets its turn while the first call still hangs."""
    free, seen = threading.Event(), RecordingSink()

    def hang(event: WakeEvent) -> None:
        if event.start == 0:
            free.wait(30)
        else:
            seen(event)

    dispatcher.add("bell", hang, 0.3)
    dispatcher.dispatch(event(0), patient=False)
    dispatcher.dispatch(event(1), patient=False)
    assert seen.wait_for(1)
    assert "hang for 'bell' failed: no end after 0.3 s" in caplog.text
    (stats,) = finish(dispatcher)
    free.set()
    assert counts(stats) == (2, 0, 1, 0)


def test_hanging_calls_are_bounded(dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many hanging calls further events are dropped and counted, until one returns."""
    monkeypatch.setattr(action_module, "MAX_HANGING", 2)
    monkeypatch.setattr(action_module, "CANCEL_SECONDS", 0.01)
    gates = [threading.Event() for _ in range(3)]

    def hang(event: WakeEvent) -> None:
        gates[event.start].wait(30)

    def calls() -> int:
        own = "wakesound-call-test_hanging_calls"
        return sum(thread.name.startswith(own) for thread in threading.enumerate())

    dispatcher.add("bell", hang, 0.3)
    for number in (0, 1, 2, 2):
        dispatcher.dispatch(event(number), patient=False)
    deadline = time.monotonic() + 10
    while dispatcher.stats()[0].dropped < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert calls() == 2
    gates[0].set()
    gates[2].set()
    deadline = time.monotonic() + 10
    while calls() > 1:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    dispatcher.dispatch(event(2), patient=False)
    (stats,) = finish(dispatcher)
    gates[1].set()
    assert counts(stats) == (3, 0, 2, 2)


def test_a_slow_action_loses_the_oldest_live_events(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is bounded; live listening never waits, what is lost is counted."""
    monkeypatch.setattr(action_module, "QUEUE_EVENTS", 2)
    begun, free, seen = threading.Event(), threading.Event(), RecordingSink()

    def slow(event: WakeEvent) -> None:
        begun.set()
        free.wait(10)
        seen(event)

    dispatcher.add("bell", slow, 20)
    dispatcher.dispatch(event(0), patient=False)
    assert begun.wait(5)
    for number in range(1, 6):
        dispatcher.dispatch(event(number), patient=False)
    free.set()
    (stats,) = finish(dispatcher)
    assert [e.start for e in seen.events] == [0, 4, 5]
    assert counts(stats) == (3, 0, 0, 3)


def test_a_recording_waits_for_a_slow_action(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can wait loses nothing."""
    monkeypatch.setattr(action_module, "QUEUE_EVENTS", 2)
    seen = RecordingSink()

    def slow(event: WakeEvent) -> None:
        time.sleep(0.01)
        seen(event)

    dispatcher.add("bell", slow, 5)
    for number in range(20):
        dispatcher.dispatch(event(number), patient=True)
    (stats,) = finish(dispatcher)
    assert [e.start for e in seen.events] == list(range(20))
    assert counts(stats) == (20, 0, 0, 0)


def test_one_action_does_not_wait_for_another(dispatcher: Dispatcher) -> None:
    """While one hangs the other acts."""
    free, quick = threading.Event(), RecordingSink()
    dispatcher.add("bell", lambda: free.wait(30), 20)
    dispatcher.add("bell", quick, 20)
    for number in range(3):
        dispatcher.dispatch(event(number), patient=False)
    assert quick.wait_for(3)
    free.set()
    finish(dispatcher)


def test_a_coroutine_is_awaited(dispatcher: Dispatcher) -> None:
    """To its end, before the next event's turn."""
    order: list[str] = []

    async def react(event: WakeEvent) -> None:
        order.append(f"begin {event.start}")
        await asyncio.sleep(0.01)
        order.append(f"end {event.start}")

    dispatcher.add("bell", react, 5)
    dispatcher.dispatch(event(0), patient=False)
    dispatcher.dispatch(event(1), patient=False)
    (stats,) = finish(dispatcher)
    assert order == ["begin 0", "end 0", "begin 1", "end 1"]
    assert counts(stats) == (2, 0, 0, 0)


def test_a_coroutine_that_takes_too_long_is_cancelled(dispatcher: Dispatcher) -> None:
    """It ends where it awaits, and is counted."""
    ended = threading.Event()

    async def sleep() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    dispatcher.add("bell", sleep, 0.1)
    dispatcher.dispatch(event(), patient=False)
    (stats,) = finish(dispatcher)
    assert ended.wait(5)
    assert counts(stats) == (1, 0, 1, 0)


def test_a_coroutine_that_raises_is_counted(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    """As a function that raises is."""

    async def fail() -> None:
        raise RuntimeError("no lamp")

    dispatcher.add("bell", fail, 5)
    dispatcher.dispatch(event(), patient=False)
    (stats,) = finish(dispatcher)
    assert counts(stats) == (1, 1, 0, 0)
    assert "no lamp" in caplog.text


def test_a_command_that_takes_too_long_is_counted_once(
    dispatcher: Dispatcher, tmp_path: Path
) -> None:
    """The sink keeps its own time: a timeout, not a hanging thread."""
    dispatcher.add("bell", "exec:sleep 60", 0.2)
    dispatcher.add("bell", f"shell:echo $WAKESOUND_SOUND >> {tmp_path}/heard", 5)
    dispatcher.dispatch(event(), patient=False)
    slow, quick = finish(dispatcher)
    assert counts(slow) == (1, 0, 1, 0)
    assert counts(quick) == (1, 0, 0, 0)
    assert (tmp_path / "heard").read_text() == "bell\n"


def test_close_drops_and_ends(dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture) -> None:
    """What waits is counted as dropped, what runs is ended; nothing is logged after the end."""
    begun = threading.Event()

    async def sleep() -> None:
        begun.set()
        await asyncio.sleep(60)

    dispatcher.add("bell", sleep, 60)
    dispatcher.add("bell", "exec:sleep 60", 60)
    for number in range(3):
        dispatcher.dispatch(event(number), patient=False)
    assert begun.wait(5)
    time.sleep(0.1)
    dispatcher.close()
    assert dispatcher.wait(5)
    assert [stats.dropped for stats in dispatcher.stats()] == [2, 2]
    assert caplog.records == []
    dispatcher.dispatch(event(), patient=True)
    assert [stats.called for stats in dispatcher.stats()] == [1, 1]


def test_an_action_that_makes_no_sense_is_refused(dispatcher: Dispatcher) -> None:
    """When it is added, not when it should act."""
    with pytest.raises(ConfigError, match="is no action"):
        dispatcher.add("bell", "lights on", 5)
    with pytest.raises(ConfigError, match="a function or a URI"):
        dispatcher.add("bell", 3, 5)  # type: ignore[arg-type]
    assert dispatcher.stats() == ()


def test_the_caller_is_known_inside(dispatcher: Dispatcher) -> None:
    """A function and a coroutine can find out whose action they are."""
    owner, found = object(), []
    own = Dispatcher(owner=owner)

    async def look_later() -> None:
        found.append(action_module.caller.get())

    own.add("bell", lambda: found.append(action_module.caller.get()), 5)
    own.add("bell", look_later, 5)
    own.dispatch(event(), patient=False)
    finish(own)
    own.close()
    assert found == [owner, owner]
    assert action_module.caller.get() is None


def test_an_action_that_comes_too_late_ends_at_once(dispatcher: Dispatcher) -> None:
    """Nobody waits for an action that was added after the last event."""
    finish(dispatcher)
    dispatcher.add("bell", RecordingSink(), 5)
    assert dispatcher.wait(20)


def test_an_action_may_wait_for_several_sounds(dispatcher: Dispatcher) -> None:
    """One action, one queue, in order; the counts name them all."""
    seen = RecordingSink()
    dispatcher.add(["bell", "Clap"], seen, 5)
    for number, sound in enumerate(("bell", "clap", "dog", "bell")):
        dispatcher.dispatch(event(number, sound), patient=False)
    (stats,) = finish(dispatcher)
    assert [e.start for e in seen.events] == [0, 1, 3]
    assert stats.sound == "bell, Clap"


def test_conditions_keep_events_away(dispatcher: Dispatcher) -> None:
    """They never reach the action, not even its queue, and are counted."""
    hour = 21
    night = Conditions(
        min_score=0.9,
        quiet=(QuietHours.parse("22:00-07:00"),),
        clock=lambda: datetime(2026, 3, 1, hour),
    )
    seen = RecordingSink()
    dispatcher.add("bell", seen, 5, conditions=night)
    dispatcher.dispatch(event(0), patient=False)
    hour = 22
    dispatcher.dispatch(event(1), patient=False)
    hour = 7
    dispatcher.dispatch(event(2), patient=False)
    dispatcher.dispatch(WakeEvent("bell", 0.8, 0.5, 3, 1600, 16000), patient=False)
    dispatcher.dispatch(event(4, "clap"), patient=False)
    (stats,) = finish(dispatcher)
    assert [e.start for e in seen.events] == [0, 2]
    assert (stats.called, stats.skipped, stats.dropped) == (2, 2, 0)


def test_several_calls_may_run_at_once(dispatcher: Dispatcher) -> None:
    """As many as were asked for, and not one more."""
    inside = threading.Semaphore(0)
    free = threading.Event()
    running: list[int] = []
    most: list[int] = []
    lock = threading.Lock()

    def work(event: WakeEvent) -> None:
        with lock:
            running.append(event.start)
            most.append(len(running))
        inside.release()
        free.wait(20)
        with lock:
            running.remove(event.start)

    dispatcher.add("bell", work, 20, concurrency=3)
    for number in range(6):
        dispatcher.dispatch(event(number), patient=False)
    for _ in range(3):
        assert inside.acquire(timeout=10)
    assert not inside.acquire(timeout=0.1)
    free.set()
    (stats,) = finish(dispatcher)
    assert counts(stats) == (6, 0, 0, 0)
    assert max(most) == 3


def test_commands_may_run_at_once_and_all_end(dispatcher: Dispatcher) -> None:
    """Closing ends every one of them."""
    dispatcher.add("bell", "exec:sleep 60", 60, concurrency=3)
    for number in range(3):
        dispatcher.dispatch(event(number), patient=False)
    deadline = time.monotonic() + 10
    while dispatcher.stats()[0].called < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    dispatcher.finish()
    dispatcher.close()
    assert dispatcher.wait(10)


def test_who_waits_in_vain_is_known(dispatcher: Dispatcher) -> None:
    """Sounds that are gone, with what waits for them; any sound is never gone."""
    dispatcher.add(["Bell", "clap"], "log:", 5)
    dispatcher.add("*", "log:", 5)
    assert list(dispatcher.missing({"clap"})) == [("Bell", "log:info")]
