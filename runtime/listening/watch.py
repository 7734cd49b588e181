"""Noticing that the library has changed, while listening."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from enroll.recalibration import to_levels
from runtime.threads import Worker
from wakeword.errors import LibraryError, WakesoundError
from wakeword.library.enrolled import EnrolledSounds
from wakeword.library.leftovers import leftovers, sweep
from wakeword.library.library import SoundLibrary
from wakeword.library.storage import locked
from wakeword.protocols import Encoder

_log = logging.getLogger(__name__)

PERIOD_SECONDS = 1.0
"""How often is looked."""
REMINDER_SECONDS = 600.0
"""How often a library that cannot be used is logged again."""


class LibraryWatch:
    """Looks at the library now and then, in its own thread, and reads it anew once it changed.

    Reading new sounds may take a while, since their takes are embedded; the listening goes
    on meanwhile. A library that cannot be used any more, or that has disappeared with its disk,
    is tried again and logged now and then, and the sounds stay as they were.

    Args:
        library: what to watch.
        encoder: for new takes; or a function that gives it, where it may change with the
            library.
        changed: called with the new sounds.
        reminder_seconds: how often the same trouble is logged again.
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
        *,
        reminder_seconds: float = REMINDER_SECONDS,
    ) -> None:
        self._library = library
        self._encoder = encoder
        self._seen = ""
        self._stored = False
        self._reminder_seconds = reminder_seconds
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

        What was never read counts as changed as soon as it can be. Sounds from before there was
        one scale of scores are fitted to it first, where the library can be written.

        Raises:
            WakesoundError: the encoder or the library cannot be used.
        """
        self._fit_to_levels(self._current_encoder())
        seen = self._library.fingerprint()
        read = self._read or self._library.enrolled
        sounds = self._newest = read(self._current_encoder())
        self._seen = seen
        self._stored = self._library.record() is not None
        return sounds

    def _fit_to_levels(self, encoder: Encoder) -> None:
        try:
            refitted = to_levels(self._library, encoder)
        except (WakesoundError, OSError) as error:
            _log.warning("sounds keep the scores of an earlier version: %s", error)
            return
        if refitted:
            _log.warning(
                "fitted %s to the common scale of scores, on which each wakes at 0.5; the records "
                "until now are kept as sound.before.json",
                ", ".join(one.after.name for one in refitted),
            )

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
        self._tidy()
        problem, told_at = "", 0.0
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
                now = time.monotonic()
                if str(error) != problem or now - told_at >= self._reminder_seconds:
                    _log.warning("the changed sounds cannot be used, those before stay: %s", error)
                    told_at = now
                problem = str(error)

    def _tidy(self) -> None:
        """Take away what killed writers left, where the library can be written."""
        folder = self._library.folder
        with suppress(WakesoundError, OSError):
            if any(left.kind != "record" for left in leftovers(folder)):
                with locked(folder):
                    sweep(folder)

    def _prepare(self) -> None:
        """Read the recordings that are needed once a sound is heard: not in an engine's thread."""
        sounds, self._newest = self._newest, None
        for order in () if sounds is None else sounds.orders.values():
            if not self._stopped.is_set():
                order.prepare()

    def _look(self) -> None:
        if self._library.fingerprint() == self._seen:
            return
        if self._stored and self._library.record() is None:
            raise LibraryError(
                f"{self._library.folder} has disappeared; if it is on a disk or a share, connect it"
            )
        sounds = self.read()
        self._prepare()
        _log.info("the sounds have changed; now listening for: %s", ", ".join(sounds.sounds))
        self._changed(sounds)
        self.reloads += 1

    def _current_encoder(self) -> Encoder:
        return self._encoder() if callable(self._encoder) else self._encoder
