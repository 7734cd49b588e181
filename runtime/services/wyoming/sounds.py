"""The sounds as Wyoming's wake word models, and finding them by name.

The sounds of a service: loaded in the background, and anew whenever the library changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from wyoming.event import Event
from wyoming.info import Attribution, Info, WakeModel, WakeProgram

from runtime.listening.drift import Drift
from runtime.listening.watch import LibraryWatch
from runtime.models.encoder import LibraryEncoder
from runtime.services.wyoming.ear import ClientSounds
from runtime.services.wyoming.framing import encodable
from runtime.threads import Worker
from wakeword import __version__
from wakeword.errors import LibraryError, WakesoundError
from wakeword.library.enrolled import EnrolledSounds
from wakeword.library.library import SoundLibrary
from wakeword.library.records import SoundRecord, clean_name
from wakeword.protocols import Encoder

PROGRAM = "wakesound"
_EMPTY = "No sounds are enrolled yet; run 'wakesound enroll NAME'"
_SHOWN_NAMES = 50
"""Names that a message lists at most."""


@dataclass(frozen=True)
class Catalogue:
    """What the service can detect."""

    sounds: tuple[SoundRecord, ...] = ()
    problem: str = ""
    """Why there are none, when the library cannot be used."""

    @cached_property
    def info(self) -> Event:
        """The answer to ``describe``: one program, also when there are no sounds."""
        program = WakeProgram(
            name=PROGRAM,
            description=encodable(self.hint) or "Wakes on your own sounds",
            attribution=Attribution(name="The Wakesound authors", url=""),
            installed=True,
            version=__version__,
            models=[_model(sound, name) for sound in self.sounds for name in sound.events],
        )
        return Info(wake=[program]).event()

    @property
    def names(self) -> list[str]:
        """What a detection may be called: the sounds, or their patterns where they have some."""
        return [name for sound in self.sounds for name in sound.events]

    @property
    def hint(self) -> str:
        """What to do when there are no sounds; empty when there are."""
        return "" if self.sounds else self.problem or _EMPTY

    def unknown(self, names: Sequence[str]) -> list[str]:
        """Those that no sound has; case does not matter."""
        known = {name.casefold() for name in self.names}
        return [name for name in names if key(name) not in known]

    def refusal(self, unknown: Sequence[str]) -> str:
        """What to answer to somebody who asked for these."""
        asked = ", ".join(repr(name[:_SHOWN_NAMES]) for name in unknown[:3])
        if self.hint:
            return encodable(f"there is no sound {asked}: {self.hint}")
        names = [repr(name) for name in self.names]
        more = ", ..." if len(names) > _SHOWN_NAMES else ""
        return f"there is no sound {asked}; known: {', '.join(names[:_SHOWN_NAMES])}{more}"


def key(name: str) -> str:
    """What two names have in common that mean the same sound; empty for one that cannot be."""
    try:
        return clean_name(name).casefold()
    except LibraryError:
        return ""


def _model(sound: SoundRecord, name: str) -> WakeModel:
    return WakeModel(
        name=name,
        description=name,  # what Home Assistant shows
        phrase=name,
        attribution=Attribution(name="Enrolled by the user", url=""),
        installed=True,
        version=sound.created,
        languages=[],  # a sound is in none
    )


_log = logging.getLogger(__name__)

STOP_SECONDS = 10.0
"""How long the end of the loading is waited for; a library in C++ that is left in the middle
of it may crash at the end of the program."""


class Sounds:
    """What is listened for. Used within one event loop; it loads in threads of its own.

    Args:
        library: where the sounds are; it may be empty, and change at any time.
        encoder: its name, or one of your own; by default the library's.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``, for encoders that can use it.
        drift: lets the sounds follow what all clients hear; None leaves them as they are.
    """

    def __init__(
        self,
        library: SoundLibrary,
        encoder: str | Encoder | None = None,
        device: str = "cpu",
        drift: Drift | None = None,
    ) -> None:
        self.catalogue = Catalogue()
        """What is told to those who ask; right from the start, also while the model loads."""
        self.drift = drift
        self._library = library
        self._encoder = LibraryEncoder(library, encoder, device)
        self._using: Encoder | None = None
        self._loaded: ClientSounds | None = None
        self._watch: LibraryWatch | None = None
        self._loader = Worker("wakesound-load", self._load)
        self._stopped = False

    async def start(self) -> None:
        """Read the names, which is quick."""
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._failure: asyncio.Future[None] = self._loop.create_future()
        try:
            self.catalogue = Catalogue(tuple(await asyncio.to_thread(self._library.sounds)))
        except LibraryError as error:
            self.catalogue = Catalogue(problem=str(error))

    def load(self) -> None:
        """Begin to load the rest."""
        self._loader.start()

    async def stop(self) -> None:
        """Load no more."""
        self._stopped = True
        if self._watch is not None:
            self._watch.stop()
        await asyncio.to_thread(self._join)

    async def loaded(self) -> ClientSounds:
        """What to listen with now, once there is something."""
        await self._ready.wait()
        assert self._loaded is not None
        return self._loaded

    async def failure(self) -> None:
        """Wait for a fault that no change of the library can mend.

        Raises:
            WakesoundError: the encoder does not exist or cannot be loaded.
        """
        await asyncio.shield(self._failure)

    # -- in threads ------------------------------------------------------------------------

    def _join(self) -> None:
        if self._loader.is_alive():
            self._loader.join(STOP_SECONDS)
        if self._watch is not None:
            self._watch.join(STOP_SECONDS)

    def _load(self) -> None:
        watch = LibraryWatch(
            self._library,
            self._current_encoder,
            self._changed,
            None if self.drift is None else self.drift.tick,
        )
        try:
            self._changed(watch.read())
        except LibraryError as error:  # it may be mended, so the watch tries again
            self.catalogue = Catalogue(problem=str(error))
        except WakesoundError as error:
            self._tell(self._fail, error)
            return
        self._watch = watch
        if not self._stopped:
            watch.start()

    def _current_encoder(self) -> Encoder:
        self._using = self._encoder()
        return self._using

    def _changed(self, sounds: EnrolledSounds) -> None:
        assert self._using is not None
        usable = set(sounds.sounds)
        records = tuple(sound for sound in self._library.sounds() if sound.name in usable)
        self._loaded = ClientSounds(self._using, sounds)
        self.catalogue = Catalogue(records)
        self._tell(self._ready.set)

    def _fail(self, error: WakesoundError) -> None:
        if not self._failure.done():
            self._failure.set_exception(error)

    def _tell(self, call: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop is closed
            self._loop.call_soon_threadsafe(call, *arguments)
