"""Sample times of a live stream, by the samples that came and by the clock.

One connection to a microphone: from opening it until it is closed or goes away.
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from runtime.sources._devices import find_microphone
from runtime.sources._portaudio import Backend, Capture
from wakeword.audio.channels import Mixer
from wakeword.audio.frames import FloatArray
from wakeword.errors import SourceError

LOSS_SECONDS = 0.25
"""How far the samples must fall behind the clock to count as lost."""
WINDOW_SECONDS = 1.0
"""How long a delay must last: what only comes late has caught up by then."""
MAX_DRIFT = 1e-3
"""How much slower than the clock a sound card may run without losing anything."""


class Timeline:
    """Places each delivery of a device in sample time.

    A device that loses audio says nothing: the samples just become fewer than the time that
    passed. So their delay behind the clock is watched. Late deliveries come and go, and the
    *smallest* delay within a second stays; loss makes that one grow for good. A sound card
    whose clock is a little slow makes it grow too, but never faster than ``MAX_DRIFT``.

    Args:
        rate: samples per second of the device.
        origin: clock reading at sample 0; by default where the first delivery began.
        earliest: no delivery is placed before this sample.
    """

    def __init__(self, rate: int, origin: float | None = None, earliest: int = 0) -> None:
        self.rate = rate
        self.end = earliest
        """Index just past the last sample that was placed."""
        self._origin = origin
        self._offset: int | None = None  # place in the stream minus samples delivered
        self._usual = math.inf  # the delay that is normal, in seconds, following drift
        self._smallest = math.inf  # smallest delay of this window
        self._window_end: float | None = None  # set by the first delivery in it

    def place(self, delivered: int, count: int, arrival: float) -> int:
        """The sample time of a delivery.

        Args:
            delivered: samples that the device delivered before these.
            count: how many these are.
            arrival: clock reading when they came, in seconds.

        Returns:
            Index of their first sample; beyond ``end`` by as much as was lost before it.
        """
        if self._origin is None:
            self._origin = arrival - count / self.rate - self.end / self.rate
        if self._offset is None:
            by_clock = round((arrival - self._origin) * self.rate) - count
            self._offset = max(by_clock, self.end) - delivered
        delay = arrival - self._origin - (delivered + self._offset + count) / self.rate
        self._smallest = min(self._smallest, delay)
        if self._window_end is None:
            self._window_end = arrival + WINDOW_SECONDS
        elif arrival >= self._window_end:
            self._offset += self._lost()
            self._smallest, self._window_end = math.inf, None
        start = delivered + self._offset
        self.end = start + count
        return start

    def resumed(self, rate: int) -> Timeline:
        """The same stream after the device was away; it may have come back at another rate."""
        return Timeline(rate, self._origin, math.ceil(self.end * rate / self.rate))

    def _lost(self) -> int:
        """Samples lost by the end of a window; what is normal follows the delay."""
        behind = self._smallest - self._usual
        if behind > LOSS_SECONDS:
            return round(behind * self.rate)
        self._usual = min(self._smallest, self._usual + MAX_DRIFT * WINDOW_SECONDS)
        return 0


DELIVERY_SECONDS = 0.05
"""How much audio the device hands over at a time."""
QUEUE_SECONDS = 5.0
"""How much is kept for a reader that is late; what comes beyond that is dropped."""
STALL_SECONDS = 2.0
"""A device that delivers nothing for this long counts as gone, whatever it says."""
POLL_SECONDS = 0.2
"""How often a device that delivers nothing is looked after."""
RATES = (48_000, 44_100, 32_000, 16_000, 8_000)
"""Rates in Hz to try after the wanted one and the device's own."""


@dataclass(frozen=True, eq=False)
class Delivery:
    """What the device handed over at once."""

    samples: FloatArray
    """``(n,) float32`` mono."""
    delivered: int
    """Samples that it handed over before, those dropped here included."""
    arrival: float
    """Clock reading when it came, in seconds."""


class Line:
    """An open device with a bounded queue behind it.

    Args:
        backend: how to reach PortAudio.
        wanted: index, name or part of a name; empty for the default microphone.
        rate: preferred samples per second; the device's own serves where it cannot do that.
        clock: seconds that only grow.
        channel: a channel's number, from 0; None for a mix of all in which nothing cancels.

    Raises:
        SourceError: no such microphone or channel, or it cannot be opened.
        MissingExtra: no audio package is installed.
    """

    def __init__(
        self,
        backend: Callable[[], Backend],
        wanted: str,
        rate: int,
        clock: Callable[[], float],
        channel: int | None = None,
    ) -> None:
        self._channel = channel
        self._mixer = Mixer(1, rate)
        self._clock = clock
        self._queue: queue.Queue[Delivery | None] = queue.Queue(
            round(QUEUE_SECONDS / DELIVERY_SECONDS)
        )
        self._delivered = 0
        self._closed = False
        self._lock = threading.Lock()  # close() may come from any thread
        self._backend = backend()
        try:
            self.device = find_microphone(self._backend.microphones(), wanted)
            self.rate, self._capture = self._open(rate)
        except SourceError:
            self._backend.close()
            raise

    def _open(self, wanted_rate: int) -> tuple[int, Capture]:
        """Open the device as it can be opened: mono if possible, at the nearest wish."""
        device, first_error = self.device, None
        several = dict.fromkeys((1, min(2, device.channels), device.channels))
        if self._channel is not None:
            if self._channel >= device.channels:
                raise SourceError(
                    f"{device.name!r} has no channel {self._channel}; it has {device.channels},"
                    " counted from 0"
                )
            several = dict.fromkeys((device.channels,))
        for rate in dict.fromkeys((wanted_rate, device.rate, *RATES)):
            for channels in several:
                self._mixer = Mixer(channels, rate)
                block = round(DELIVERY_SECONDS * rate)
                try:
                    return rate, self._backend.open(device, rate, channels, block, self._deliver)
                except SourceError as error:
                    first_error = first_error or error
        raise SourceError(f"{first_error}; does another program use it?")

    def _deliver(self, samples: FloatArray) -> None:
        """Called in the device's own thread: note the time, enqueue, never wait."""
        if self._channel is not None:
            samples = np.ascontiguousarray(samples[:, self._channel])
        else:
            samples = self._mixer.push(np.ascontiguousarray(samples.T))
        delivery = Delivery(samples, self._delivered, self._clock())
        self._delivered += len(samples)
        with contextlib.suppress(queue.Full):  # the next delivery shows what is missing
            self._queue.put_nowait(delivery)

    def start(self) -> None:
        """Begin to listen.

        Raises:
            SourceError: the device is gone, or the line is closed.
        """
        with self._lock:
            if self._closed:
                raise SourceError(f"{self.device.name!r} is closed")
            self._capture.start()

    def deliveries(self) -> Iterator[Delivery]:
        """What the device hands over, until it is closed or does so no more."""
        silent_polls = 0  # not the clock: a process that was stopped has not polled
        while not self._closed:
            try:
                delivery = self._queue.get(timeout=POLL_SECONDS)
            except queue.Empty:
                silent_polls += 1
                if not self._alive() or silent_polls * POLL_SECONDS > STALL_SECONDS:
                    return
                continue
            if delivery is None:
                return
            silent_polls = 0
            yield delivery

    def _alive(self) -> bool:
        with self._lock:
            return not self._closed and self._capture.alive()

    def close(self) -> None:
        """Release the device and end :meth:`deliveries`; from any thread, more than once."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            with contextlib.suppress(queue.Full):
                self._queue.put_nowait(None)  # wakes who waits for a delivery
            self._capture.close()
            self._backend.close()
