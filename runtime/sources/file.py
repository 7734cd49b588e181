"""``file:PATH``: a recording, as fast as it can be taken or by the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from runtime.sources import SourceOptions, split_channel
from wakeword.audio.channels import MIX, Choice
from wakeword.audio.frames import AudioFrame
from wakeword.audio.reading import Account, Recording, printable
from wakeword.errors import SourceError
from wakeword.protocols import Source

UNPACED_SECONDS = 1.0
"""Length of a frame when nobody waits for it."""


def create(rest: str, options: SourceOptions) -> FileSource:
    """The file at the path ``rest``, which may end in ``?channel=1`` or ``?channels=best``."""
    path, channel = split_channel(rest)
    if not path:
        raise SourceError("'file:' needs a path: file:recording.wav")
    return FileSource(
        path,
        realtime=options.realtime,
        block_seconds=options.block_seconds,
        channel=channel,
    )


class FileSource(Source):
    """A recording, read piece by piece and once, at its own rate.

    Args:
        path: the file; ``~`` is the home folder.
        realtime: yield each frame only when a microphone would have heard the end of it.
        block_seconds: length of a frame in real time.
        channel: which of its channels, see :class:`wakeword.audio.reading.Recording`.

    Raises:
        AudioDecodeError: it cannot be read; a damaged one also while iterating.
    """

    live = False

    def __init__(
        self,
        path: str,
        *,
        realtime: bool = False,
        block_seconds: float = 0.1,
        channel: Choice = MIX,
    ) -> None:
        self.name = f"file:{printable(path)}"
        self._realtime = realtime
        self._closed = threading.Event()
        seconds = block_seconds if realtime else UNPACED_SECONDS
        self._recording = Recording(Path(path).expanduser(), channel=channel)
        try:
            blocks = self._recording.blocks(seconds)
            self._frames = chain([next(blocks)], blocks)
        except BaseException:
            self._recording.close()
            raise
        self.rate = self._recording.rate

    @property
    def account(self) -> Account | None:
        """What was heard of it, once it was heard to its end."""
        return self._recording.account if self._recording.finished else None

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield the frames, the last one as short as it is."""
        began = time.monotonic()
        with self._recording:  # closed here: no other thread may close it while it is decoded
            for frame in self._frames:
                if self._realtime:
                    due = began + frame.end / frame.rate
                    self._closed.wait(max(0.0, due - time.monotonic()))
                if self._closed.is_set():
                    return
                yield frame

    def close(self) -> None:
        """Stop before the next frame."""
        self._closed.set()
