"""``file:PATH``: a recording, as fast as it can be taken or by the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from runtime.sources import SourceOptions
from wakeword.audio.frames import AudioFrame
from wakeword.audio.reading import read_blocks
from wakeword.errors import SourceError

UNPACED_SECONDS = 1.0
"""Length of a frame when nobody waits for it."""


def create(rest: str, options: SourceOptions) -> FileSource:
    """The file at the path ``rest``."""
    if not rest:
        raise SourceError("'file:' needs a path: file:recording.wav")
    return FileSource(rest, realtime=options.realtime, block_seconds=options.block_seconds)


class FileSource:
    """A recording, read piece by piece and once, at its own rate.

    Args:
        path: the file; ``~`` is the home folder.
        realtime: yield each frame only when a microphone would have heard the end of it.
        block_seconds: length of a frame in real time.

    Raises:
        AudioDecodeError: it cannot be read; a damaged one also while iterating.
    """

    live = False

    def __init__(self, path: str, *, realtime: bool = False, block_seconds: float = 0.1) -> None:
        self.name = f"file:{path}"
        self._realtime = realtime
        self._closed = threading.Event()
        seconds = block_seconds if realtime else UNPACED_SECONDS
        blocks = read_blocks(Path(path).expanduser(), seconds)
        first = next(blocks)
        self._frames = chain([first], blocks)
        self.rate = first.rate

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield the frames, the last one as short as it is."""
        began = time.monotonic()
        for frame in self._frames:
            if self._realtime:
                self._closed.wait(max(0.0, began + frame.end / frame.rate - time.monotonic()))
            if self._closed.is_set():
                return
            yield frame

    def close(self) -> None:
        """Stop before the next frame."""
        self._closed.set()
