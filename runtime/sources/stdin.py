"""``-``: raw 16-bit little-endian PCM on standard input."""

from __future__ import annotations

import io
import os
import select
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import parse_qsl

import numpy as np

from runtime.sources import SourceOptions
from wakeword.audio.channels import Mixer
from wakeword.audio.frames import AudioFrame
from wakeword.audio.reading import MAX_RATE, MIN_RATE
from wakeword.errors import SourceError
from wakeword.protocols import Source

POLL_SECONDS = 0.2
"""How soon a reader of an idle pipe notices that it was closed."""
MAX_CHANNELS = 128
_SAMPLE_BYTES = 2
_FILES = {b"RIFF": "a WAV file", b"fLaC": "a FLAC file", b"OggS": "an Ogg file", b"ID3": "an MP3"}
"""First bytes of what people pipe in instead of raw samples."""


def create(rest: str, options: SourceOptions) -> StdinSource:
    """Standard input; ``rest`` may state ``?rate=48000&channels=2``."""
    stated = {"rate": 16_000, "channels": 1}
    allowed = {"rate": range(MIN_RATE, MAX_RATE + 1), "channels": range(1, MAX_CHANNELS + 1)}
    for key, value in parse_qsl(rest.removeprefix("?"), keep_blank_values=True):
        if key not in stated or not value.isdecimal() or int(value) not in allowed[key]:
            raise SourceError(f"'-?{key}={value}' makes no sense; say e.g. -?rate=48000&channels=2")
        stated[key] = int(value)
    if sys.stdin is None or sys.stdin.isatty():
        raise SourceError(
            "nothing is piped into standard input; e.g. "
            "arecord -t raw -f S16_LE -r 16000 -c 1 | wakesound listen --source -"
        )
    return StdinSource(sys.stdin.buffer, block_seconds=options.block_seconds, **stated)


class StdinSource(Source):
    """A pipe of samples. A reader that is late makes the writer wait, so nothing is lost.

    Args:
        stream: where the bytes come from.
        rate: samples per second of each channel.
        channels: interleaved channels; they are mixed so that nothing cancels.
        block_seconds: longest frame; what arrives in smaller pieces is yielded at once.
    """

    name = "stdin"
    live = False

    def __init__(
        self,
        stream: BinaryIO,
        *,
        rate: int = 16_000,
        channels: int = 1,
        block_seconds: float = 0.1,
    ) -> None:
        self.rate = rate
        self._channels = channels
        self._frame_bytes = _SAMPLE_BYTES * channels
        self._block_bytes = max(1, round(block_seconds * rate)) * self._frame_bytes
        self._stream = stream
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield frames until the pipe ends.

        Raises:
            SourceError: nothing came, it is no raw PCM, or it ended within a sample.
        """
        start, rest, heard = 0, b"", False
        mixer = Mixer(self._channels, self.rate)
        while data := self._read():
            if not heard:
                _check_raw(data)
                heard = True
            data = rest + data
            whole = len(data) - len(data) % self._frame_bytes
            data, rest = data[:whole], data[whole:]
            if data:
                pcm = np.frombuffer(data, "<i2").reshape(-1, self._channels)
                samples = mixer.push(np.ascontiguousarray(pcm.T / np.float32(32768)))
                if len(samples):
                    yield AudioFrame(samples, start, self.rate)
                    start += len(samples)
        if self._channels > 1 and len(tail := mixer.flush()):
            yield AudioFrame(tail, start, self.rate)
            start += len(tail)
        if self._closed.is_set():
            return
        if rest:
            raise SourceError("standard input ended in the middle of a sample; is it 16-bit PCM?")
        if not start:
            raise SourceError("there is no audio on standard input")

    def close(self) -> None:
        """Stop; an iteration that waits for the pipe ends soon."""
        self._closed.set()

    def _read(self) -> bytes:
        """What is there, at most a block; empty at the end."""
        try:
            descriptor = self._stream.fileno()
        except (OSError, io.UnsupportedOperation):  # not a real file, so it never waits
            return b"" if self._closed.is_set() else self._stream.read(self._block_bytes)
        while not self._closed.is_set():
            if select.select([descriptor], [], [], POLL_SECONDS)[0]:
                return os.read(descriptor, self._block_bytes)
        return b""


def _check_raw(data: bytes) -> None:
    for magic, kind in _FILES.items():
        if data.startswith(magic):
            raise SourceError(
                f"standard input is {kind}, not raw PCM; give its path as the source instead"
            )
