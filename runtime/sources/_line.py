"""One connection to a microphone: from opening it until it is closed or goes away."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from runtime.devices import find_microphone
from runtime.sources._portaudio import Backend, Capture
from wakeword.audio import FloatArray
from wakeword.errors import SourceError

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

    Raises:
        SourceError: no such microphone, or it cannot be opened.
        MissingExtra: no audio package is installed.
    """

    def __init__(
        self,
        backend: Callable[[], Backend],
        wanted: str,
        rate: int,
        clock: Callable[[], float],
    ) -> None:
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
        for rate in dict.fromkeys((wanted_rate, device.rate, *RATES)):
            for channels in dict.fromkeys((1, min(2, device.channels), device.channels)):
                block = round(DELIVERY_SECONDS * rate)
                try:
                    return rate, self._backend.open(device, rate, channels, block, self._deliver)
                except SourceError as error:
                    first_error = first_error or error
        raise SourceError(f"{first_error}; does another program use it?")

    def _deliver(self, samples: FloatArray) -> None:
        """Called in the device's own thread: note the time, enqueue, never wait."""
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
