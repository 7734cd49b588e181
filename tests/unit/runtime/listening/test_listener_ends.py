"""Starting, stopping and ending, at any moment and from anywhere."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from runtime import WakeListener
from runtime.listening import session as session_module
from tests.unit.runtime.listening.tapes import stream
from tests.waiting import wait_until
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.events import WakeEvent
from wakeword.testing import FedSource, RecordingSink


def test_leaving_the_loop_stops_the_listening(room: tuple[WakeListener, FedSource]) -> None:
    """``break`` is enough: the source is closed."""
    listener, source = room
    source.feed(stream())
    for event in listener:
        assert event.sound == "low"
        break
    assert listener.wait(10)
    assert source.closed.is_set()
    assert not listener.listening


def test_stop_from_another_thread(room: tuple[WakeListener, FedSource]) -> None:
    """Whoever runs, or iterates, gets on; stopping again is harmless, at any time."""
    listener, source = room
    listener.stop()

    def stop() -> None:
        wait_until(lambda: listener.listening)
        listener.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    listener.run()
    thread.join(10)
    assert source.closed.is_set()
    listener.stop()
    listener.stop(wait=False)


def test_stop_ends_an_iteration_after_what_was_heard(folder: Path) -> None:
    """Events that wait when it is stopped from elsewhere are still delivered."""
    source = FedSource()
    listener = WakeListener(folder, source)
    source.feed(stream())

    def stop() -> None:
        wait_until(lambda: listener.stats.events >= 3)
        listener.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    assert [event.sound for event in listener] == ["low", "high", "low"]
    thread.join(10)


def test_stop_while_it_starts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop that comes while an encoder is still loading is not forgotten."""
    loading, go = threading.Event(), threading.Event()

    def load(spec: str, device: str) -> LogMelEncoder:
        loading.set()
        go.wait(10)
        return LogMelEncoder()

    monkeypatch.setattr("runtime.models.encoder.create_encoder", load)
    source = FedSource()
    listener = WakeListener(folder, source)
    thread = threading.Thread(target=listener.run)
    thread.start()
    assert loading.wait(10)
    listener.stop(wait=False)
    go.set()
    thread.join(10)
    assert not thread.is_alive()
    assert source.closed.is_set()


def test_many_may_stop_at_once(room: tuple[WakeListener, FedSource]) -> None:
    """Stopping is safe from any number of threads, and each returns when it is over."""
    listener, source = room
    listener.start()
    threads = [threading.Thread(target=listener.stop) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert not listener.listening
    assert source.closed.is_set()


def test_stop_does_not_wait_for_a_hanging_action(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is a moment of grace, not more; commands are ended."""
    monkeypatch.setattr(session_module, "GRACE_SECONDS", 0.1)
    source, free = FedSource(), threading.Event()
    listener = WakeListener(folder, source, action_timeout_seconds=60)
    listener.on("low", lambda: free.wait(30)).on("low", "exec:sleep 60").start()
    source.feed(stream())
    wait_until(lambda: [stats.called for stats in listener.stats.actions] == [1, 1])
    begun = time.monotonic()
    listener.stop()
    assert time.monotonic() - begun < 10
    free.set()


def test_stop_gives_actions_a_moment(room: tuple[WakeListener, FedSource]) -> None:
    """What was begun, or waits, when it is stopped is still done if that takes no time."""
    listener, source = room
    done = RecordingSink()

    def act(event: WakeEvent) -> None:
        time.sleep(0.1)
        done(event)

    listener.on("*", act).start()
    source.feed(stream())
    wait_until(lambda: listener.stats.events >= 3)
    listener.stop()
    assert len(done.events) == 3


def test_start_is_idempotent_and_can_be_repeated(folder: Path, tape: str) -> None:
    """Starting twice is one run; starting after the end is a new one."""
    sink = RecordingSink()
    listener = WakeListener(folder, tape).on("*", sink)
    assert listener.start() is listener.start()
    assert listener.wait(10)
    assert len(sink.events) == 3
    listener.start()
    assert listener.wait(10)
    assert len(sink.events) == 6
    assert listener.stats.events == 3


def test_with_listens_in_the_block(folder: Path, tape: str) -> None:
    """Events since the start are there for the first who iterates, however late; a second
    reader gets those from then on."""
    with WakeListener(folder, tape) as listener:
        assert listener.wait(10)
        assert [event.sound for event in listener] == ["low", "high", "low"]
    source = FedSource()
    with WakeListener(folder, source) as listener:
        source.feed(stream())
        first = iter(listener)
        assert next(first).sound == "low"
        second: list[str] = []
        reader = threading.Thread(target=lambda: second.extend(e.sound for e in listener))
        reader.start()
        session = listener._session
        assert session is not None
        wait_until(lambda: listener.stats.events >= 3 and len(session._subscriptions) >= 2)
        source.feed(stream())
        source.end()
        assert [event.sound for event in first][-3:] == ["low", "high", "low"]
        reader.join(10)
    assert second[-3:] == ["low", "high", "low"]
    assert source.closed.is_set()


def test_nothing_of_it_is_left(folder: Path, tape: str) -> None:
    """After the end every thread is gone."""
    before = set(threading.enumerate())

    async def soon() -> None: ...

    WakeListener(folder, [tape, tape]).on("low", soon).on("*", print).run()
    wait_until(lambda: set(threading.enumerate()) <= before)


def test_stop_frees_a_recording_that_waits_for_an_action(
    folder: Path, tape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full queue in front of a hanging action does not hold up the end."""
    monkeypatch.setattr("runtime.hooks.action.QUEUE_EVENTS", 1)
    monkeypatch.setattr(session_module, "GRACE_SECONDS", 0.1)
    free, begun = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        free.wait(30)

    listener = WakeListener(folder, tape, action_timeout_seconds=60).on("*", hang).start()
    assert begun.wait(10)
    listener.stop(wait=False)
    assert listener.wait(10)
    free.set()


def test_a_program_may_just_end(folder: Path) -> None:
    """Listening in the background neither holds up the end of a program nor spoils it."""
    code = (
        "import sys, runtime\n"
        "from wakeword.testing import FedSource, silence\n"
        "class Source(FedSource):\n"
        "    def close(self):\n"
        "        super().close()\n"
        "        print('closed')\n"
        "source = Source()\n"
        "source.feed(silence(0.1))\n"
        "runtime.on('low', print, sys.argv[1], source)\n"
        "print('end')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[:2] == ["end", "closed"]


def test_a_source_that_cannot_be_closed_ends_too(folder: Path) -> None:
    """An error while closing comes out like any other, and nothing waits for ever."""

    class Sticky(FedSource):
        def close(self) -> None:
            super().close()
            raise OSError("stuck")

    listener = WakeListener(folder, Sticky()).start()
    listener.stop(wait=False)
    assert listener.wait(10)
    assert [str(error) for error in listener.errors.values()] == ["stuck"]
