"""Noticing that the library has changed, while listening."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from runtime.worker import Worker
from wakeword.errors import WakesoundError
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder
from wakeword.scorer import Scorer

_log = logging.getLogger(__name__)

PERIOD_SECONDS = 1.0
"""How often is looked."""


class LibraryWatch:
    """Looks at the library now and then, in its own thread, and reads it anew once it changed.

    Reading new sounds may take a while, since their takes are embedded; the listening goes
    on meanwhile. A library that cannot be used any more is logged once and tried again, and
    the sounds stay as they were.

    Args:
        library: what to watch.
        encoder: for new takes; or a function that gives it, where it may change with the
            library.
        seen: the library's fingerprint when it was read last.
        changed: called with the new sounds.
    """

    def __init__(
        self,
        library: SoundLibrary,
        encoder: Encoder | Callable[[], Encoder],
        seen: str,
        changed: Callable[[Scorer], object],
    ) -> None:
        self._library = library
        self._encoder = encoder
        self._seen = seen
        self._changed = changed
        self._stopped = threading.Event()
        self._thread = Worker("wakesound-library", self._watch)
        self.reloads = 0
        """How often the sounds were read anew."""

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def join(self, timeout_seconds: float) -> None:
        """Wait until it has stopped, if it was started: it may be in the middle of reading."""
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _watch(self) -> None:
        problem = ""
        while not self._stopped.wait(PERIOD_SECONDS):
            try:
                self._look()
                problem = ""
            except (WakesoundError, OSError) as error:
                if str(error) != problem:
                    _log.warning("the changed sounds cannot be used, those before stay: %s", error)
                problem = str(error)

    def _look(self) -> None:
        seen = self._library.fingerprint()
        if seen == self._seen:
            return
        encoder = self._encoder() if callable(self._encoder) else self._encoder
        sounds = self._library.scorer(encoder)
        self._seen = seen
        _log.info("the sounds have changed; now listening for: %s", ", ".join(sounds.sounds))
        self._changed(sounds)
        self.reloads += 1
