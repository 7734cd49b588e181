"""The process's standard error, kept apart from what is turned away from it for a moment.

What the two ways to reach PortAudio, PyAudio and sounddevice, have in common.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from wakeword.audio.frames import FloatArray

_STDERR = 2
_turning = threading.Lock()  # held only while descriptors change, never while one is used
_real: int | None = None


@contextmanager
def turned_to(descriptor: int) -> Iterator[None]:
    """Send what is printed to stderr elsewhere, if there is one; one thread at a time.

    Args:
        descriptor: where it goes.
    """
    global _real
    with _turning:
        try:
            kept: int | None = os.dup(_STDERR)
        except OSError:
            kept = None
        else:
            _real = kept
            os.dup2(descriptor, _STDERR)
    if kept is None:
        yield
        return
    try:
        yield
    finally:
        with _turning:
            os.dup2(kept, _STDERR)
            _real = None
            os.close(kept)


@contextmanager
def real_stderr() -> Iterator[int]:
    """A descriptor of stderr itself, also while it is turned elsewhere; closed afterwards.

    Raises:
        OSError: there is no stderr.
    """
    with _turning:
        descriptor = os.dup(_STDERR if _real is None else _real)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


Deliver = Callable[[FloatArray], None]
"""Called in PortAudio's thread with ``(n, channels) float32``; must be quick, never raise."""


@dataclass(frozen=True)
class Microphone:
    """An input device, as PortAudio sees it at the moment."""

    index: int
    """PortAudio's number; it may change when devices come and go."""
    name: str
    """What the system calls it."""
    channels: int
    """How many channels it can record."""
    rate: int
    """Its own sample rate in Hz."""
    default: bool
    """Whether it is the one that ``mic`` without a name listens to."""


class Capture(Protocol):
    """An open input stream that delivers from its own thread once it is started."""

    def start(self) -> None:
        """Begin to deliver.

        Raises:
            SourceError: the device is gone.
        """
        ...

    def alive(self) -> bool:
        """Whether it still runs; a device that vanished makes it stop without a word."""
        ...

    def close(self) -> None:
        """Stop and release the device; never raises."""
        ...


class Backend(Protocol):
    """One life of PortAudio: it sees the devices that were there when it was made."""

    def microphones(self) -> list[Microphone]:
        """The input devices."""
        ...

    def open(
        self, device: Microphone, rate: int, channels: int, block: int, deliver: Deliver
    ) -> Capture:
        """Open a device without starting it; ``block`` is the size of a delivery in samples.

        Raises:
            SourceError: the device cannot do that, or is in use, or is gone.
        """
        ...

    def close(self) -> None:
        """Release PortAudio; never raises."""
        ...


_lock = threading.RLock()


@contextmanager
def portaudio() -> Iterator[None]:
    """Hold PortAudio for one call at a time: it is not made for several threads.

    While it looks for devices and opens them, the system's audio libraries print dozens of
    lines about cards that are not there. Those are kept from the terminal; anything else
    that was printed meanwhile is passed on.
    """
    with _lock, tempfile.TemporaryFile() as printed:
        try:
            with turned_to(printed.fileno()):
                yield
        finally:
            printed.seek(0)
            lines = printed.read().splitlines(keepends=True)
            rest = b"".join(line for line in lines if not line.startswith(_NOISE))
            if rest:
                os.write(2, rest)


_NOISE = (
    b"ALSA lib ",
    b"Cannot connect to server",
    b"jack server is not",
    b"JackShmReadWritePtr",
    b"connect(2) call to",
    b"attempt to connect to server failed",
    b"Expression '",
    b"\n",
)
