"""What is done when a sound is heard, and what may go wrong with it."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from pathlib import Path

import pytest

from runtime import WakeListener, on
from runtime.listening import session as session_module
from runtime.listening import watch as watch_module
from tests.unit.runtime.listening.tapes import stream
from tests.waiting import wait_until
from wakeword.errors import ConfigError, LibraryError, SinkError, SoundNotFound
from wakeword.events import WakeEvent
from wakeword.testing import FedSource, RecordingSink


def test_actions_are_performed_before_run_returns(folder: Path, tape: str, tmp_path: Path) -> None:
    """Functions, coroutines and commands, for one sound or for all; the counts tell."""
    low, everything, later = RecordingSink(), RecordingSink(), RecordingSink()

    async def soon(event: WakeEvent) -> None:
        await asyncio.sleep(0.05)
        later(event)

    listener = WakeListener(folder, tape)
    listener.on("LOW", low).on("*", everything).on("high", soon)
    listener.on("high", f"shell:cat > {tmp_path}/high.json")
    listener.run()
    assert [event.sound for event in low.events] == ["low", "low"]
    assert [event.sound for event in everything.events] == ["low", "high", "low"]
    assert [event.sound for event in later.events] == ["high"]
    assert json.loads((tmp_path / "high.json").read_text()) == later.events[0].to_dict()
    assert [stats.called for stats in listener.stats.actions] == [2, 3, 1, 1]
    assert {stats.failed for stats in listener.stats.actions} == {0}


def test_bad_actions_do_not_stop_the_listening(folder: Path, tape: str) -> None:
    """One raises, one hangs, one command fails: every event still comes, and all is counted."""
    free = threading.Event()

    def broken() -> None:
        raise ValueError("no lamp")

    listener = WakeListener(folder, tape).on("low", broken).on("low", "exec:false")
    listener.on("low", lambda: free.wait(30), timeout_seconds=0.2)
    assert [event.sound for event in listener] == ["low", "high", "low"]
    free.set()
    raising, failing, hanging = listener.stats.actions
    assert (raising.called, raising.failed) == (2, 2)
    assert (hanging.called, hanging.timed_out) == (2, 2)
    assert (failing.called, failing.failed) == (2, 2)


def test_on_starts_at_once(folder: Path) -> None:
    """The short form listens in the background; further actions join while it does."""
    source = FedSource(name="room")
    low, high = RecordingSink(), RecordingSink()
    listener = on("low", low, folder, source)
    assert listener.listening
    listener.on("high", high)
    with pytest.raises(SoundNotFound, match=r"'hihg'.*'high'"):
        listener.on("hihg", high)
    source.feed(stream())
    source.end()
    assert listener.wait(10)
    assert (len(low.events), len(high.events)) == (2, 1)


@pytest.mark.parametrize(
    ("sound", "action", "error", "says"),
    [
        ("lwo", print, SoundNotFound, "no sound 'lwo'.*'high', 'low'"),
        ("a=b", print, LibraryError, "cannot hold '='"),
        ("low", "lights on", ConfigError, "is no action"),
        ("low", "py:no_such_module:x", ConfigError, "no module"),
        ("low", 5, ConfigError, "a function or a URI"),
    ],
)
def test_bad_actions_are_told_at_the_start(
    folder: Path, tape: str, sound: str, action: object, error: type[Exception], says: str
) -> None:
    """Before anything is heard, with the sounds there are."""
    listener = WakeListener(folder, tape).on(sound, action)  # type: ignore[arg-type]
    with pytest.raises(error, match=says):
        listener.start()
    assert not listener.listening
    assert listener.wait(0)


def test_an_action_may_stop_the_listening(room: tuple[WakeListener, FedSource]) -> None:
    """From inside a function, without waiting for itself."""
    listener, source = room
    listener.on("low", listener.stop)
    listener.start()
    source.feed(stream())
    assert listener.wait(10)
    assert source.closed.is_set()
    assert listener.stats.actions[0].failed == 0


def test_a_coroutine_may_stop_the_listening(room: tuple[WakeListener, FedSource]) -> None:
    """From inside a coroutine."""
    listener, source = room

    async def stop() -> None:
        listener.stop()

    listener.on("low", stop)
    listener.start()
    source.feed(stream())
    assert listener.wait(10)
    assert listener.stats.actions[0].failed == 0


def test_an_action_for_a_sound_that_went_is_told(
    room: tuple[WakeListener, FedSource],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A renamed sound does not fire the old name's action; the log says why."""
    monkeypatch.setattr(watch_module, "PERIOD_SECONDS", 0.05)
    listener, source = room
    low = RecordingSink()
    listener.on("low", low).start()
    listener.library.rename("low", "deep")
    wait_until(lambda: listener.stats.reloads)
    source.feed(stream())
    source.end()
    assert [event.sound for event in listener] == ["deep", "high", "deep"]
    assert low.events == []
    assert "there is no sound 'low' any more" in caplog.text


def test_a_sink_that_cannot_be_set_up_starts_nothing(
    folder: Path, tape: str, tmp_path: Path
) -> None:
    """A module that breaks while it is imported is told at the start."""
    (tmp_path / "wakesound_test_broken.py").write_text("1 / 0\n")
    sys.path.append(str(tmp_path))
    try:
        with pytest.raises(SinkError, match="ZeroDivisionError"):
            WakeListener(folder, tape).on("low", "py:wakesound_test_broken:x").start()
    finally:
        sys.path.remove(str(tmp_path))


def test_an_action_that_comes_after_the_last_event_hangs_nothing(folder: Path) -> None:
    """While the last actions are performed the sources are over; a new one just ends too."""
    source = FedSource(name="room")
    last, go = threading.Event(), threading.Event()

    def slow() -> None:
        last.set()
        go.wait(30)

    listener = WakeListener(folder, source).on("high", slow).start()
    source.feed(stream())
    source.end()
    assert last.wait(10)
    session = listener._session
    assert session is not None
    wait_until(lambda: session._ending)
    listener.on("low", RecordingSink())
    assert not listener.wait(3 * session_module.POLL_SECONDS)  # it looks for new actions again
    go.set()
    assert listener.wait(10)


def test_the_log_keeps_the_secrets_of_an_action(
    room: tuple[WakeListener, FedSource],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A webhook whose sound went is told of without its password and path."""
    monkeypatch.setattr(watch_module, "PERIOD_SECONDS", 0.05)
    listener, _ = room
    listener.on("low", "https://user:hush@example.org/secret").start()
    listener.library.rename("low", "deep")
    wait_until(lambda: listener.stats.reloads)
    assert "there is no sound 'low' any more; https://example.org waits for it" in caplog.text
    assert "hush" not in caplog.text
    assert "secret" not in caplog.text
