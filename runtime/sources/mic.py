"""``mic`` and ``mic:NAME``: a microphone that is watched, and opened again when it vanishes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

from runtime.sources import SourceOptions, split_channel
from runtime.sources._devices import open_backend
from runtime.sources._line import Line, Timeline
from runtime.sources._portaudio import Backend
from wakeword.audio.channels import BEST, MIX
from wakeword.audio.frames import AudioFrame
from wakeword.errors import SourceError
from wakeword.protocols import Source

_log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.25, 5.0
"""Pause between attempts to open a lost device; it doubles from the first to the last."""


def create(rest: str, options: SourceOptions) -> MicSource:
    """The microphone that ``rest`` names by index, name or a part of it; empty: the default.

    ``NAME?channel=0`` hears one of its channels.
    """
    name, channel = split_channel(rest)
    if channel == BEST:
        raise SourceError("channels=best needs a whole recording; give the channel's number")
    return MicSource(name, rate=options.rate, channel=None if channel == MIX else int(channel))


class MicSource(Source):
    """A microphone, at the wanted rate if it can do that and at its own otherwise.

    Frames follow each other without a gap unless audio was lost: because the reader was
    late, because the machine was too busy (only the clock shows that), or while the device
    was away. Each loss is logged and counted.

    Args:
        wanted: index, name or part of a name; empty for the default microphone.
        rate: preferred samples per second.
        backend: how to reach PortAudio.
        clock: seconds that only grow.
        channel: a channel's number, from 0; None for a mix of all in which nothing cancels.

    Raises:
        SourceError: no such microphone, or it cannot be opened.
        MissingExtra: no audio package is installed.
    """

    live = True

    def __init__(
        self,
        wanted: str = "",
        *,
        rate: int = 16_000,
        backend: Callable[[], Backend] = open_backend,
        clock: Callable[[], float] = time.monotonic,
        channel: int | None = None,
    ) -> None:
        self.name = f"mic:{wanted}" if wanted else "mic"
        self._channel = channel
        self._samples_lost = self._restarts = 0
        self._preferred_rate = rate
        self._backend = backend
        self._clock = clock
        self._closed = threading.Event()
        self._lock = threading.Lock()  # guards the line: close() may come from any thread
        line = Line(backend, wanted, rate, clock, channel)
        self._line: Line | None = line
        self._wanted = line.device.name if wanted else ""  # an index may change while it is away
        self._lost_at: float | None = None
        self.device = line.device
        self.rate = line.rate

    @property
    def samples_lost(self) -> int:
        """Samples that nobody heard, at ``rate``."""
        return self._samples_lost

    @property
    def restarts(self) -> int:
        """How often the device had gone and came back."""
        return self._restarts

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield frames until :meth:`close`, waiting while the device is away."""
        timeline = Timeline(self.rate)
        try:
            while (line := self._listening()) is not None:
                timeline = timeline.resumed(line.rate)
                for delivery in line.deliveries():
                    count = len(delivery.samples)
                    expected = timeline.end
                    start = timeline.place(delivery.delivered, count, delivery.arrival)
                    self._account((start - expected) / line.rate)
                    yield AudioFrame(delivery.samples, start, line.rate)
                self._lose(line, "it delivers nothing any more")
        finally:
            self.close()

    def close(self) -> None:
        """Stop; the iteration then ends at once."""
        self._closed.set()
        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            line.close()

    def _listening(self) -> Line | None:
        """A line that has been started; waits while there is none. ``None`` once closed."""
        pause = FIRST_RETRY_SECONDS
        while (line := self._line) is None or not self._start(line):
            if self._closed.wait(pause if line is None else 0):
                return None
            pause = min(2 * pause, LAST_RETRY_SECONDS)
            self._reconnect()
        return line

    def _start(self, line: Line) -> bool:
        try:
            line.start()
        except SourceError as error:
            self._lose(line, str(error))
            return False
        return True

    def _reconnect(self) -> None:
        """One attempt to open the device again."""
        try:
            line = Line(
                self._backend, self._wanted, self._preferred_rate, self._clock, self._channel
            )
        except SourceError as error:
            _log.debug("%s: %s", self.name, error)
            return
        with self._lock:
            if not self._closed.is_set():
                self._line = line
                return
        line.close()

    def _lose(self, line: Line, reason: str) -> None:
        """Let go of a line that is dead; say so once, not at every attempt that follows."""
        with self._lock:
            if self._line is line:
                self._line = None
        line.close()
        if self._lost_at is None and not self._closed.is_set():
            self._lost_at = self._clock()
            _log.warning("%s is gone (%s); waiting for it to return", self.name, reason)

    def _account(self, lost_seconds: float) -> None:
        """Count what was lost before a delivery, and say whether the device is back."""
        self._samples_lost += round(lost_seconds * self.rate)
        if self._lost_at is not None:
            away = self._clock() - self._lost_at
            self._lost_at = None
            self._restarts += 1
            _log.warning("%s is back after %.1f seconds", self.name, away)
        elif lost_seconds > 0:
            _log.warning(
                "%s: %.2f seconds of audio were lost; this machine is too busy to keep up",
                self.name,
                lost_seconds,
            )
