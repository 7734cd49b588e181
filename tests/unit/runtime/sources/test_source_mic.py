"""The microphone: choice, drops, loss and recovery, over a stand-in for PortAudio.

The real PortAudio is heard in ``tests/integration/test_virtual_microphone.py``; here is what
only a device can be made to do that obeys.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from runtime.sources import _line, _portaudio, mic
from runtime.sources._devices import find_microphone, open_backend
from runtime.sources._portaudio import Deliver, Microphone, portaudio
from runtime.sources.mic import MicSource
from tests.waiting import wait_until
from wakeword.audio.frames import AudioFrame
from wakeword.errors import MissingExtra, SourceError
from wakeword.protocols import Source

RATE = 16_000
BLOCK = 800
DESK = Microphone(0, "Desk Mic", 2, 48_000, False)
USB = Microphone(4, "USB Audio: Kitchen", 1, 44_100, True)


class Card:
    """A sound card, and the clock on the wall: both do as the test says."""

    def __init__(self) -> None:
        self.microphones = [DESK, USB]
        self.can: Callable[[int, int], bool] = lambda rate, channels: True
        self.now = 100.0
        self.captures: list[CardCapture] = []
        self.attempts = 0
        self.opened: tuple[Microphone, int, int] | None = None

    def clock(self) -> float:
        return self.now

    def backend(self) -> CardBackend:
        self.attempts += 1
        return CardBackend(self)

    def say(self, value: float, count: int = 1, *, late: float = 0.0) -> None:
        """Deliver ``count`` blocks of one value, in time, after ``late`` seconds of nothing."""
        self.now += late
        for _ in range(count):
            self.now += BLOCK / RATE
            self.captures[-1].deliver(np.full((BLOCK, 1), value, np.float32))

    def vanish(self) -> None:
        """The device goes away without a word."""
        self.microphones = []
        self.captures[-1].running = False


class CardBackend:
    def __init__(self, card: Card) -> None:
        self.card = card
        self.closed = False

    def microphones(self) -> list[Microphone]:
        return self.card.microphones

    def open(
        self, device: Microphone, rate: int, channels: int, block: int, deliver: Deliver
    ) -> CardCapture:
        if not self.card.can(rate, channels):
            raise SourceError(f"{device.name!r} cannot be opened: Invalid sample rate")
        self.card.opened = (device, rate, channels)
        self.card.captures.append(CardCapture(deliver))
        return self.card.captures[-1]

    def close(self) -> None:
        self.closed = True


class CardCapture:
    def __init__(self, deliver: Deliver) -> None:
        self.deliver = deliver
        self.running = False
        self.started = threading.Event()
        self.closed = False

    def start(self) -> None:
        if self.closed:
            raise SourceError("closed")
        self.running = True
        self.started.set()

    def alive(self) -> bool:
        return self.running and not self.closed

    def close(self) -> None:
        self.closed = True


class Listener(threading.Thread):
    """Iterates a source in the background and keeps the frames."""

    def __init__(self, source: MicSource) -> None:
        super().__init__()
        self.source = source
        self.frames: list[AudioFrame] = []
        self.got = threading.Condition()

    def run(self) -> None:
        for frame in self.source:
            with self.got:
                self.frames.append(frame)
                self.got.notify_all()

    def wait_for(self, count: int) -> list[AudioFrame]:
        with self.got:
            assert self.got.wait_for(lambda: len(self.frames) >= count, timeout=10)
            return list(self.frames)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    """A card, and a watchdog that does not keep the test waiting."""
    monkeypatch.setattr(_line, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(_line, "STALL_SECONDS", 60.0)
    monkeypatch.setattr(mic, "FIRST_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(mic, "LAST_RETRY_SECONDS", 0.02)
    return Card()


def source_of(card: Card, wanted: str = "") -> MicSource:
    return MicSource(wanted, rate=RATE, backend=card.backend, clock=card.clock)


@pytest.fixture
def listener(card: Card) -> Iterator[Listener]:
    """Someone who listens to the default microphone of the card."""
    thread = Listener(source_of(card))
    thread.start()
    assert card.captures[-1].started.wait(10)
    yield thread
    thread.source.close()
    thread.join(10)
    assert not thread.is_alive()


def test_frames_follow_the_deliveries(card: Card, listener: Listener) -> None:
    """What the device delivers comes as contiguous frames from sample 0 on, live."""
    card.say(0.25, 3)
    frames = listener.wait_for(3)
    assert [f.start for f in frames] == [0, BLOCK, 2 * BLOCK]
    assert {f.rate for f in frames} == {RATE}
    np.testing.assert_array_equal(frames[2].samples, np.full(BLOCK, 0.25, np.float32))
    assert isinstance(listener.source, Source)
    assert listener.source.live
    assert listener.source.samples_lost == 0


def test_a_reader_that_is_late_is_told_what_it_missed(
    card: Card, caplog: pytest.LogCaptureFixture
) -> None:
    """The queue is bounded; what did not fit is a gap of its length, counted and logged."""
    source = source_of(card)
    frames = iter(source)
    card.captures[0].start()
    card.say(0.1, 1)
    next(frames)
    fits = round(_line.QUEUE_SECONDS / _line.DELIVERY_SECONDS)
    card.say(0.2, fits)
    card.say(0.3, 30)  # nobody takes these
    for _ in range(fits):
        last = next(frames)
    card.say(0.4, 1)
    after = next(frames)
    assert after.start - last.end == 30 * BLOCK
    assert after.samples[0] == np.float32(0.4)
    assert source.samples_lost == 30 * BLOCK
    assert "1.50 seconds of audio were lost" in caplog.text
    source.close()


def test_loss_that_only_the_clock_shows_is_counted(card: Card, listener: Listener) -> None:
    """The device delivers on as if nothing had been, but two seconds are missing."""
    card.say(0.1, 50)
    card.say(0.1, 50, late=2.0)
    listener.wait_for(100)
    assert abs(listener.source.samples_lost - 2 * RATE) < 0.05 * RATE


def test_a_device_that_vanishes_is_waited_for(
    card: Card, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    """Gone for ten seconds, then back: one warning each, and the stream goes on by the clock."""
    caplog.set_level(logging.WARNING)
    card.say(0.1, 10)
    listener.wait_for(10)
    there = card.microphones
    card.vanish()
    attempts = card.attempts
    wait_until(lambda: card.attempts >= attempts + 3)  # it is looked for again and again
    card.now += 10.0
    card.captures[-1].started.clear()
    count = len(card.captures)
    card.microphones = there
    wait_until(lambda: len(card.captures) > count)
    assert card.captures[-1].started.wait(10)
    card.say(0.2, 2)
    frames = listener.wait_for(12)
    assert frames[10].start == round((10 * BLOCK / RATE + 10.0) * RATE)
    assert frames[11].start == frames[10].end
    assert listener.source.samples_lost == 10 * RATE
    assert caplog.text.count("is gone") == 1
    assert caplog.text.count("is back") == 1
    assert card.captures[0].closed


def test_a_device_that_runs_but_says_nothing_is_opened_again(
    card: Card, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that claims to run but delivers nothing for long counts as gone."""
    card.say(0.1, 1)
    listener.wait_for(1)
    assert card.captures[0].running
    monkeypatch.setattr(_line, "STALL_SECONDS", 0.1)
    wait_until(lambda: len(card.captures) >= 2)
    assert card.captures[0].closed


def test_a_chosen_device_is_waited_for_by_name(card: Card) -> None:
    """Chosen by index, it is the same device that is looked for, whatever index it gets."""
    source = source_of(card, "4")
    assert source.name == "mic:4"
    listener = Listener(source)
    listener.start()
    assert card.captures[-1].started.wait(10)
    card.vanish()
    card.microphones = [DESK, Microphone(7, USB.name, 1, 44_100, False)]
    wait_until(lambda: len(card.captures) == 2)
    assert card.opened is not None
    assert card.opened[0].index == 7
    source.close()
    listener.join(10)


@pytest.mark.parametrize("started", [False, True])
def test_closing_releases_the_device(card: Card, started: bool) -> None:
    """Closed twice, before or in the midst of an iteration: the device is free, no frame comes."""
    source = source_of(card)
    frames = iter(source)
    if started:
        card.captures[0].start()
        card.say(0.1, 5)
        next(frames)
    source.close()
    source.close()
    assert list(frames) == []
    assert card.captures[0].closed


def test_closing_ends_the_wait_for_a_device(card: Card, listener: Listener) -> None:
    """While it waits for a device that never returns, it still can be closed."""
    card.vanish()
    attempts = card.attempts
    wait_until(lambda: card.attempts >= attempts + 2)
    listener.source.close()
    listener.join(10)
    assert not listener.is_alive()


def test_leaving_the_loop_releases_the_device(card: Card) -> None:
    """Who breaks out of the loop need not close."""
    source = source_of(card)
    card.captures[0].start()
    card.say(0.1, 1)
    frames = iter(source)
    next(frames)
    frames.close()  # type: ignore[attr-defined]  # what leaving a for loop does
    assert card.captures[0].closed


def test_rate_and_channels_are_what_the_device_can_do(card: Card) -> None:
    """The wanted rate in mono first, then its own rate, then its own channels."""
    assert source_of(card).rate == RATE
    assert card.opened == (USB, RATE, 1)
    card.can = lambda rate, channels: rate == 48_000 and channels == 2
    assert source_of(card, "desk").rate == 48_000
    assert card.opened == (DESK, 48_000, 2)


def test_a_device_that_cannot_be_opened_is_an_error(card: Card) -> None:
    """In use by another program: said at once, with its name, and PortAudio is let go."""
    card.can = lambda rate, channels: False
    with pytest.raises(SourceError, match="'USB Audio: Kitchen' cannot be opened"):
        source_of(card)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [("", 4), ("0", 0), ("4", 4), ("desk mic", 0), ("kitchen", 4), ("USB Audio: Kitchen", 4)],
)
def test_microphones_are_found(wanted: str, index: int) -> None:
    """By nothing (the default), index, name, or a part of it in any case."""
    assert find_microphone([DESK, USB], wanted).index == index


def test_a_name_is_preferred_to_part_of_another() -> None:
    """The one whose whole name it is, though it is in other names too."""
    both = [
        Microphone(0, "default", 2, 48_000, True),
        Microphone(1, "sysdefault", 2, 48_000, False),
    ]
    assert find_microphone(both, "default").index == 0


def test_a_card_that_got_another_number_is_found() -> None:
    """Plugged in again it may be hw:2; with two alike the number decides."""
    first, second = (Microphone(i, f"USB: - (hw:{i},0)", 1, 48_000, False) for i in (1, 2))
    assert find_microphone([DESK, second], first.name) is second
    assert find_microphone([first, second], first.name) is first


def test_without_a_default_the_first_is_taken() -> None:
    """Some systems have devices but name no default."""
    assert find_microphone([DESK]).index == 0


@pytest.mark.parametrize(
    ("there", "wanted", "says"),
    [
        ([], "", "there is no microphone: connect one"),
        ([DESK, USB], "garage", "no microphone 'garage'; there are: 0: Desk Mic, 4: USB Audio"),
        ([DESK, USB], "9", "no microphone '9'"),
        ([DESK, USB], "i", "could be several microphones, say which one: 0: Desk Mic, 4: USB"),
    ],
)
def test_a_choice_that_cannot_be_made_lists_the_devices(
    there: list[Microphone], wanted: str, says: str
) -> None:
    """None at all, an unknown one, or one of several."""
    with pytest.raises(SourceError) as caught:
        find_microphone(there, wanted)
    assert says in str(caught.value)


def test_without_an_audio_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither PyAudio nor sounddevice: what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"wakesound\[mic\]"):
        open_backend()


def test_noise_of_audio_libraries_is_kept_from_the_terminal(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Lines about cards that are not there vanish; anything else that was printed stays."""
    with portaudio():
        os.write(2, b"ALSA lib pcm.c:2666:(snd_pcm_open_noupdate) Unknown PCM cards.pcm.rear\n")
        os.write(2, b"something else\n")
        os.write(2, b"\njack server is not running or cannot be started\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "something else\nafter\n"
    assert _portaudio._lock.acquire(blocking=False)
    _portaudio._lock.release()
