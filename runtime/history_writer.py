"""Drafts to disk in a thread of their own: whoever listens never waits for the disk."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from runtime.bounded import BoundedQueue
from runtime.history import History
from runtime.history_recorder import Draft, Recorder
from runtime.worker import Worker
from wakeword.audiofile import encode_flac
from wakeword.engine import Engine
from wakeword.errors import WakesoundError

_log = logging.getLogger(__name__)

MOST_WAITING = 64
"""Drafts that may wait; a disk that hangs costs the oldest of them."""
CLOSE_SECONDS = 10.0
"""How long the last drafts are waited for."""


class HistoryWriter:
    """Finishes drafts and puts them into a history.

    What cannot be written is logged and forgotten; the listening goes on.

    Args:
        history: where they go.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        self._queue: BoundedQueue[Draft] = BoundedQueue(MOST_WAITING)
        self._worker = Worker("wakesound-history", self._write_all)
        self._problem = ""

    @property
    def dropped(self) -> int:
        """Records that were lost since the disk was too slow."""
        return self._queue.dropped

    def recorder(self, engine: Engine, *, source: str, session: str, patient: bool) -> Recorder:
        """What watches an engine and hands its drafts on.

        Args:
            engine: what to watch; its ``observer`` is not set here.
            source: name of the source.
            session: see :func:`runtime.identity.identified`.
            patient: wait for the disk instead of losing records: for recordings.
        """

        def take(draft: Draft) -> None:
            if not self._queue.put(draft, patient=patient):
                _log.debug("the history has lost %d records so far", self._queue.dropped)

        return Recorder(engine, self.history.config, take, source=source, session=session)

    def start(self) -> None:
        """Begin to write."""
        self._worker.start()

    def close(self) -> None:
        """Write what waits and end; also when it never began."""
        self._queue.finish()
        if self._worker.is_alive():
            self._worker.join(CLOSE_SECONDS)

    def _write_all(self) -> None:
        self._attempt(self.history.trim)
        while (draft := self._queue.get()) is not None:
            self._attempt(partial(self._write, draft))

    def _attempt(self, do: Callable[[], object]) -> None:
        try:
            do()
            self._problem = ""
        except WakesoundError as error:
            if str(error) != self._problem:
                _log.warning("the history cannot be kept: %s", error)
            self._problem = str(error)

    def _write(self, draft: Draft) -> None:
        clip = None if draft.clip is None else encode_flac(draft.clip, draft.rate)
        self.history.put(draft.entry, clip)
