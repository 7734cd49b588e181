"""Noticing that the library has changed, while listening."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from runtime.threads import Worker
from wakeword.errors import WakesoundError
from wakeword.library.enrolled import EnrolledSounds
from wakeword.library.library import SoundLibrary
from wakeword.protocols import Encoder

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
        changed: called with the new sounds.
        also: called each time before it looks, with what gives the encoder; it may take a while.
        read: reads the sounds with an encoder; by default what the library has.
    """

    def __init__(
        self,
        library: SoundLibrary,
        encoder: Encoder | Callable[[], Encoder],
        changed: Callable[[EnrolledSounds], object],
        also: Callable[[Callable[[], Encoder]], object] | None = None,
        read: Callable[[Encoder], EnrolledSounds] | None = None,
    ) -> None:
        self._library = library
        self._encoder = encoder
        self._seen = ""
        self._changed = changed
        self._also = also
        self._read = read
        self._newest: EnrolledSounds | None = None
        self._stopped = threading.Event()
        self._thread = Worker("wakesound-library", self._watch)
        self.reloads = 0
        """How often the sounds were read anew."""

    def read(self) -> EnrolledSounds:
        """The sounds as they are; from now on only what changes is told.

        What was never read counts as changed as soon as it can be.

        Raises:
            WakesoundError: the encoder or the library cannot be used.
        """
        seen = self._library.fingerprint()
        read = self._read or self._library.enrolled
        sounds = self._newest = read(self._current_encoder())
        self._seen = seen
        return sounds

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
        seconds = 0.0
        while not self._stopped.wait(seconds):
            seconds = PERIOD_SECONDS
            try:
                self._prepare()
                if self._also is not None:
                    self._also(self._current_encoder)
                self._look()
                problem = ""
            except (WakesoundError, OSError) as error:
                if str(error) != problem:
                    _log.warning("the changed sounds cannot be used, those before stay: %s", error)
                problem = str(error)

    def _prepare(self) -> None:
        """Read the recordings that are needed once a sound is heard: not in an engine's thread."""
        sounds, self._newest = self._newest, None
        for order in () if sounds is None else sounds.orders.values():
            if not self._stopped.is_set():
                order.prepare()

    def _look(self) -> None:
        if self._library.fingerprint() == self._seen:
            return
        sounds = self.read()
        self._prepare()
        _log.info("the sounds have changed; now listening for: %s", ", ".join(sounds.sounds))
        self._changed(sounds)
        self.reloads += 1

    def _current_encoder(self) -> Encoder:
        return self._encoder() if callable(self._encoder) else self._encoder
