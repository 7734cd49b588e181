"""Listening from Python, with everything real but the microphone."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

import runtime
from runtime import WakeListener, listen, on
from runtime.listening import session as session_module
from runtime.listening import watch as watch_module
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.engine import EngineConfig
from wakeword.errors import (
    AudioDecodeError,
    ConfigError,
    EncoderMismatch,
    LibraryError,
    SinkError,
    SoundNotFound,
    SourceError,
)
from wakeword.events import WakeEvent
from wakeword.scoring.decision import TriggerConfig
from wakeword.testing import (
    RATE,
    ArraySource,
    FedSource,
    RecordingSink,
    ToneEncoder,
    burst,
    make_library,
    noise,
    placed,
    silence,
    tone,
)

LOW, HIGH = tone(440, 0.4), tone(2000, 0.4)


def stream() -> FloatArray:
    """Six seconds: low at 1, high at 2.5, low at 4."""
    return placed(noise(6.0), (1.0, LOW), (2.5, HIGH), (4.0, LOW))


def write(path: Path, samples: FloatArray) -> str:
    """A 16-bit WAV file."""
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library made with the default encoder: low and high."""
    sounds = {"low": LOW, "high": HIGH}
    encoder = LogMelEncoder()
    library = make_library(
        tmp_path / "library", sounds, encoder, encoder_spec="logmel", threshold=0.8
    )
    return library.folder


@pytest.fixture
def tape(tmp_path: Path) -> str:
    """The stream as a file."""
    return write(tmp_path / "tape.wav", stream())


@pytest.fixture
def room(folder: Path) -> Iterator[tuple[WakeListener, FedSource]]:
    """A listener to a live source that plays what a test feeds it."""
    source = FedSource(name="room")
    listener = WakeListener(folder, source)
    yield listener, source
    listener.stop()


# -- events --------------------------------------------------------------------------------


def test_three_lines(folder: Path, tape: str) -> None:
    """The library's own encoder, a file, the events: nothing else is needed."""
    events = list(listen(library=folder, source=tape))
    assert [event.sound for event in events] == ["low", "high", "low"]
    assert {event.source for event in events} == {f"file:{tape}"}
    assert all(event.score >= event.threshold for event in events)


def test_a_second_run_gives_the_same(folder: Path, tape: str) -> None:
    """Two runs over one file are equal to the last digit, identifiers included, also with
    one listener."""
    listener = WakeListener(folder, tape)
    first, second = list(listener), list(listener)
    assert first == second == list(listen(folder, tape))
    assert len({event.id for event in first}) == 3


def test_claps_and_a_tone_with_log_mel_statistics(tmp_path: Path) -> None:
    """Different kinds of sounds in one library are told apart in noise."""
    sounds = {"clap": burst(0.15, level_db=-12.0), "beep": tone(3000, 0.3)}
    library = make_library(
        tmp_path / "library", sounds, LogMelEncoder(), encoder_spec="logmel", threshold=0.6
    )
    samples = placed(
        noise(8.0, level_db=-50.0, seed=5),
        (1.5, burst(0.15, level_db=-12.0, seed=1)),
        (3.5, tone(3000, 0.3)),
        (5.5, burst(0.15, level_db=-15.0, seed=2)),
    )
    events = list(listen(library.folder, write(tmp_path / "tape.wav", samples)))
    assert [event.sound for event in events] == ["clap", "beep", "clap"]


def test_the_configuration_counts(folder: Path, tape: str) -> None:
    """Settings of the engine reach it."""
    config = EngineConfig(trigger=TriggerConfig(refractory_seconds=10.0))
    assert [event.sound for event in listen(folder, tape, config=config)] == ["low", "high"]


def test_two_files_at_once(folder: Path, tmp_path: Path) -> None:
    """Each is heard as if alone, and events say which one they are from."""
    kitchen = write(tmp_path / "kitchen.wav", placed(noise(5.0), (1.0, LOW), (3.0, HIGH)))
    hall = write(tmp_path / "hall.wav", placed(noise(3.0, seed=1), (1.7, HIGH)))
    listener = WakeListener(folder, [kitchen, hall])
    events = list(listener)
    for path, sounds in ((kitchen, ["low", "high"]), (hall, ["high"])):
        own = [event for event in events if event.source == f"file:{path}"]
        assert [event.sound for event in own] == sounds
        assert own == list(listen(folder, path))
    assert [source.seconds for source in listener.stats.sources] == [5.0, 3.0]
    assert listener.stats.seconds == 5.0
    assert listener.stats.events == 3


def test_sources_of_one_name_are_told_apart(folder: Path) -> None:
    """Two sources may be called the same; their events are not."""
    sources = [ArraySource(stream(), name="mic"), ArraySource(stream(), name="mic")]
    events = list(WakeListener(folder, sources))
    assert {event.source for event in events} == {"mic", "mic#2"}
    assert len({event.id for event in events}) == 6


def test_a_source_of_ones_own_is_resampled(folder: Path) -> None:
    """A Source object may have any rate."""
    samples = placed(noise(3.0, 48000), (1.0, tone(440, 0.4, 48000)), rate=48000)
    events = list(listen(folder, ArraySource(samples, 48000)))
    assert [event.sound for event in events] == ["low"]
    assert events[0].rate == RATE


def test_an_encoder_of_ones_own(tmp_path: Path) -> None:
    """An Encoder object is used as it is."""
    library = make_library(tmp_path / "library", {"low": LOW, "high": HIGH})
    events = list(listen(library, ArraySource(stream()), encoder=ToneEncoder()))
    assert [event.sound for event in events] == ["low", "high", "low"]


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


# -- actions -------------------------------------------------------------------------------


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


# -- start and stop ------------------------------------------------------------------------


def test_stop_from_another_thread(room: tuple[WakeListener, FedSource]) -> None:
    """Whoever runs, or iterates, gets on; stopping again is harmless, at any time."""
    listener, source = room
    listener.stop()

    def stop() -> None:
        while not listener.listening:
            time.sleep(0.01)
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
        while listener.stats.events < 3:
            time.sleep(0.01)
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

    monkeypatch.setattr("runtime.listening.assembly.create_encoder", load)
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
    deadline = time.monotonic() + 10
    while [stats.called for stats in listener.stats.actions] != [1, 1]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
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
    while listener.stats.events < 3:
        time.sleep(0.01)
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
        deadline = time.monotonic() + 10
        while listener.stats.events < 3 or len(listener._session._subscriptions) < 2:  # type: ignore[union-attr]
            assert time.monotonic() < deadline
            time.sleep(0.01)
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
    deadline = time.monotonic() + 10
    while left := set(threading.enumerate()) - before:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


# -- what goes wrong -----------------------------------------------------------------------


def test_an_empty_library_says_what_to_do(tmp_path: Path, tape: str) -> None:
    """No sounds yet: enroll one."""
    with pytest.raises(LibraryError, match=r"no sounds are enrolled yet.*wakesound enroll NAME"):
        next(listen(tmp_path / "none", tape))


def test_a_library_of_damage_is_told(folder: Path, tape: str) -> None:
    """Recordings that are gone, or records that cannot be read, are not an empty library."""
    for take in folder.glob("sounds/*/takes/*"):
        take.unlink()
    with pytest.raises(LibraryError, match="missing or damaged; enroll them again"):
        WakeListener(folder, tape).start()
    for record in folder.glob("sounds/*/sound.json"):
        record.write_text("{")
    with pytest.raises(LibraryError, match="is damaged"):
        WakeListener(folder, tape).start()


def test_the_wrong_encoder_is_told(folder: Path, tape: str) -> None:
    """Also when it has a name of its own."""
    with pytest.raises(EncoderMismatch, match="logmel-1, this is tone-1"):
        WakeListener(folder, tape, encoder=ToneEncoder()).start()
    with pytest.raises(ConfigError, match="no encoder 'clop'"):
        WakeListener(folder, tape, encoder="clop").start()


def test_a_source_that_cannot_be_opened_is_told(folder: Path, tmp_path: Path) -> None:
    """At the start; sources that were open already are closed again."""
    good = ArraySource(stream())
    with pytest.raises((SourceError, AudioDecodeError), match=r"missing\.wav"):
        WakeListener(folder, [good, str(tmp_path / "missing.wav")]).start()
    assert good.closed.is_set()
    with pytest.raises(ConfigError, match="at least one source"):
        WakeListener(folder, [])


def test_a_source_that_fails_leaves_the_others_alone(
    folder: Path, tape: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are heard to their end; the error is logged and can be asked for."""
    broken = FedSource(name="hall")
    broken.feed(silence(0.1))
    broken.fail(SourceError("the hall is gone"))
    listener = WakeListener(folder, [broken, tape])
    assert [event.sound for event in listener] == ["low", "high", "low"]
    assert {name: str(error) for name, error in listener.errors.items()} == {
        "hall": "the hall is gone"
    }
    assert [source.state for source in listener.stats.sources] == ["failed", "ended"]
    assert "hall failed: the hall is gone" in caplog.text
    assert "Traceback" not in caplog.text


def test_when_all_sources_fail_it_is_raised(folder: Path) -> None:
    """By run() and by iterating, after the events so far."""
    for _ in range(2):
        source = FedSource()
        source.feed(placed(noise(2.0), (1.0, LOW)))
        source.fail(SourceError("unplugged"))
        sounds: list[str] = []
        with pytest.raises(SourceError, match="unplugged"):
            sounds.extend(event.sound for event in WakeListener(folder, source))
        assert sounds == ["low"]
    source = FedSource()
    source.fail(SourceError("unplugged"))
    with pytest.raises(SourceError, match="unplugged"):
        WakeListener(folder, source).run()


def test_a_fault_in_a_source_is_not_swallowed(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An error of another kind comes out as it is, with its traceback in the log."""

    class Faulty(ArraySource):
        def __iter__(self) -> Iterator[AudioFrame]:
            yield from super().__iter__()
            raise ZeroDivisionError("oops")

    with pytest.raises(ZeroDivisionError, match="oops"):
        WakeListener(folder, Faulty(silence(0.2))).run()
    assert "Traceback" in caplog.text


# -- changes while listening ---------------------------------------------------------------


def test_sounds_enrolled_meanwhile_are_heard(
    room: tuple[WakeListener, FedSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process adds a sound; it is heard without a restart and without a gap."""
    monkeypatch.setattr(watch_module, "PERIOD_SECONDS", 0.05)
    listener, source = room
    middle = placed(noise(3.0), (1.0, tone(900, 0.4)), (2.0, LOW))
    events = RecordingSink()
    listener.on("*", events).start()
    source.feed(middle)
    assert events.wait_for(1)
    code = (
        "import sys\n"
        "from wakeword.encoders.logmel import LogMelEncoder\n"
        "from wakeword.testing import make_library, tone\n"
        "make_library(sys.argv[1], {'middle': tone(900, 0.4)}, LogMelEncoder(),"
        " encoder_spec='logmel', threshold=0.8)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(listener.library.folder)], check=True)
    deadline = time.monotonic() + 20
    while listener.stats.reloads == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    source.feed(middle)
    source.end()
    assert listener.wait(10)
    assert [event.sound for event in events.events] == ["low", "middle", "low"]
    assert listener.stats.sources[0].samples_lost == 0


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
    deadline = time.monotonic() + 20
    while listener.stats.reloads == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    source.feed(stream())
    source.end()
    assert [event.sound for event in listener] == ["deep", "high", "deep"]
    assert low.events == []
    assert "there is no sound 'low' any more" in caplog.text


# -- asyncio -------------------------------------------------------------------------------


def test_async_for(folder: Path, tape: str) -> None:
    """All events, in order, and the listener is stopped at the end."""

    async def main() -> list[str]:
        listener = WakeListener(folder, tape)
        sounds = [event.sound async for event in listener]
        assert not listener.listening
        return sounds

    assert asyncio.run(main()) == ["low", "high", "low"]


def test_coroutines_run_on_the_programs_loop(folder: Path, tape: str) -> None:
    """Actions may use what belongs to the program's own event loop."""

    async def main() -> None:
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[WakeEvent]()

        async def put(event: WakeEvent) -> None:
            assert asyncio.get_running_loop() is loop
            await queue.put(event)

        async with WakeListener(folder, tape).on("low", put):
            for _ in range(2):
                event = await asyncio.wait_for(queue.get(), 10)
                assert event.sound == "low"

    asyncio.run(main())


def test_leaving_async_for_stops_the_listening(room: tuple[WakeListener, FedSource]) -> None:
    """``break``, a cancelled task and the end of the loop all close the source."""
    listener, source = room

    async def main() -> None:
        source.feed(stream())
        async for event in listener:
            assert event.sound == "low"
            break

    asyncio.run(main())
    assert listener.wait(10)
    assert source.closed.is_set()

    async def wait_for_ever(listener: WakeListener) -> None:
        async for _ in listener:
            pass

    async def cancel() -> None:
        other = WakeListener(listener.library, FedSource())
        task = asyncio.create_task(wait_for_ever(other))
        while not other.listening:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not other.listening

    asyncio.run(cancel())


def test_async_with_and_a_failing_source(folder: Path) -> None:
    """Errors come out of asyncio programs too."""

    async def main() -> None:
        source = FedSource()
        source.fail(SourceError("unplugged"))
        async with WakeListener(folder, source) as listener:
            with pytest.raises(SourceError, match="unplugged"):
                async for _ in listener:
                    pass

    asyncio.run(main())


# -- the rest ------------------------------------------------------------------------------


def test_the_default_library_is_used(
    folder: Path, tape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a folder, the one of the environment."""
    monkeypatch.setenv("WAKESOUND_LIBRARY", str(folder))
    assert runtime.default_library() == folder
    assert len(list(listen(source=tape))) == 3


def test_raw_samples_on_standard_input(folder: Path) -> None:
    """A pipe is a source; its end is the end, its last sound included."""
    code = "import runtime\nfor e in runtime.listen({!r}, '-'): print(e.sound, e.source)"
    pcm = (placed(noise(2.4), (1.0, LOW), (2.1, HIGH)) * 32768).astype("<i2").tobytes()
    done = subprocess.run(
        [sys.executable, "-c", code.format(str(folder))],
        input=pcm,
        capture_output=True,
        check=True,
    )
    assert done.stdout.split() == [b"low", b"stdin", b"high", b"stdin"]


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


def test_stats_are_plain_data(folder: Path, tape: str) -> None:
    """Before, and after a run, they can be written as JSON."""
    listener = WakeListener(folder, tape).on("low", print)
    assert listener.stats.to_dict() == {"sources": (), "actions": (), "reloads": 0}
    listener.run()
    data = json.loads(json.dumps(listener.stats.to_dict()))
    assert data["sources"][0].pop("level_db") < 0.0
    assert data["sources"][0] == {
        "name": f"file:{tape}",
        "state": "ended",
        "seconds": 6.0,
        "events": 3,
        "frames_dropped": 0,
        "samples_lost": 0,
        "restarts": 0,
        "error": "",
        "suppressed": 0,
    }
    assert data["actions"][0]["called"] == 2


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
    deadline = time.monotonic() + 10
    while not session._ending:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    listener.on("low", RecordingSink())
    assert not listener.wait(3 * session_module.POLL_SECONDS)  # it looks for new actions again
    go.set()
    assert listener.wait(10)


def test_readers_that_left_are_forgotten(room: tuple[WakeListener, FedSource]) -> None:
    """Iterating again and again while listening keeps no queue for those who are gone, and
    the next reader gets the next events."""
    listener, source = room
    listener.start()
    for _ in range(40):
        source.feed(placed(noise(2.0), (0.5, LOW)))
        for event in listener:
            assert event.sound == "low"
            break
    session = listener._session
    assert session is not None
    assert len(session._subscriptions) == 1
    assert not session.unread


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
    deadline = time.monotonic() + 20
    while listener.stats.reloads == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert "there is no sound 'low' any more; https://example.org waits for it" in caplog.text
    assert "hush" not in caplog.text
    assert "secret" not in caplog.text
