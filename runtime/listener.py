"""The :class:`WakeListener`: sources, sounds and actions of one program, brought together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import AsyncIterator, Iterator, Sequence

from runtime.action import ANY
from runtime.function import Function
from runtime.paths import default_library
from runtime.session import Session
from runtime.sinks import TIMEOUT_SECONDS
from runtime.sources import open_source
from runtime.sources._resampled import Resampled
from runtime.stats import Stats
from runtime.subscription import Subscription
from runtime.watch import LibraryWatch
from wakeword.config import EngineConfig
from wakeword.encoders import DEFAULT, create_encoder
from wakeword.engine import Engine
from wakeword.errors import ConfigError, LibraryError
from wakeword.events import WakeEvent
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder, Sink, Source
from wakeword.records import clean_name
from wakeword.scorer import Scorer

_log = logging.getLogger(__name__)

SourceSpec = str | os.PathLike[str] | Source
"""A URI, the path of a recording, or a source of one's own."""


class WakeListener:
    """Listens to one or more sources for the sounds of a library.

    Events go to the actions given with :meth:`on` and to whoever iterates, with ``for`` or
    ``async for``. Nothing happens before :meth:`start`, :meth:`run`, ``with`` or the first
    step of an iteration; what is wrong with the library, the sources or the actions is
    raised there. After its end a listener can be started again.

    Args:
        library: folder of the sounds; by default :func:`runtime.paths.default_library`.
        sources: what to hear, one or several: see :func:`runtime.sources.open_source`.
        encoder: its name, or one of your own; by default the library's. With several
            sources it is called from several threads at once.
        config: settings of the engine.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``, for encoders that can use it.
        realtime: play recordings by the clock.
        action_timeout_seconds: how long one call of an action may take.
    """

    def __init__(
        self,
        library: str | os.PathLike[str] | SoundLibrary | None = None,
        sources: SourceSpec | Sequence[SourceSpec] = "mic",
        *,
        encoder: str | Encoder | None = None,
        config: EngineConfig | None = None,
        device: str = "cpu",
        realtime: bool = False,
        action_timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.config = config or EngineConfig()
        if not isinstance(library, SoundLibrary):
            library = SoundLibrary(library or default_library(), self.config.segmenter)
        self.library = library
        self._sources = _listed(sources)
        self._encoder = encoder
        self._device = device
        self._realtime = realtime
        self._action_timeout = action_timeout_seconds
        self._actions: list[tuple[str, Function | Sink | str, float]] = []
        self._loaded: tuple[str, Encoder] | None = None
        self._session: Session | None = None
        self._stops = 0
        self._lock = threading.Lock()  # one thread at a time starts or adds an action

    def on(
        self,
        sound: str,
        action: Function | Sink | str,
        *,
        timeout_seconds: float | None = None,
    ) -> WakeListener:
        """Do this when that sound is heard; also while listening.

        Args:
            sound: its name, or ``"*"`` for all.
            action: a function or coroutine function that takes the event or nothing, or a
                URI: ``"exec:COMMAND"``, ``"https://..."``; see :mod:`runtime.sinks`.
            timeout_seconds: how long one call may take; the listener's own by default.

        Returns:
            The listener, for another ``on`` or for ``start``.

        Raises:
            SoundNotFound: only while listening: there is no such sound.
            ConfigError: only while listening: the action makes no sense.
        """
        entry = (sound, action, timeout_seconds or self._action_timeout)
        with self._lock:
            if self._session is not None and not self._session.done:
                self._add(self._session, *entry)
            self._actions.append(entry)
        return self

    # -- running ---------------------------------------------------------------------------

    def start(self) -> WakeListener:
        """Begin to listen in the background; does nothing while listening.

        Inside asyncio, coroutines of actions run on the running event loop.

        Raises:
            LibraryError: there are no sounds, or they cannot be used.
            SourceError: a source cannot be heard.
            WakesoundError: the encoder or an action cannot be set up.
        """
        self._launch(_running_loop())
        return self

    def stop(self, *, wait: bool = True) -> None:
        """End soon; from any thread, also inside an action, any number of times.

        Args:
            wait: return when everything has ended: at once when no action is running, within
                about two seconds otherwise. Inside an action it never waits; in a signal
                handler say ``wait=False``.
        """
        self._stops += 1
        with self._lock if wait else contextlib.nullcontext():  # a start that goes on ends first
            session = self._session
        if session is not None:
            session.stop(wait=wait)

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait until all sources have ended and the actions are done; whether that came."""
        return self._session is None or self._session.wait(timeout_seconds)

    def run(self) -> None:
        """Listen until all sources have ended or somebody stops it.

        Raises:
            WakesoundError: as :meth:`start`; or every source has failed: what the first said.
        """
        try:
            self._launch(None)
            self.wait()
        finally:
            self.stop()
        self._raise_if_failed()

    @property
    def listening(self) -> bool:
        """Whether it was started and has not ended."""
        return self._session is not None and not self._session.done

    @property
    def stats(self) -> Stats:
        """What happened since the last start."""
        return self._session.stats() if self._session else Stats()

    @property
    def errors(self) -> dict[str, BaseException]:
        """Why sources failed since the last start, by their name."""
        return self._session.errors if self._session else {}

    def __enter__(self) -> WakeListener:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    async def __aenter__(self) -> WakeListener:
        await self._launch_async()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await asyncio.to_thread(self.stop)

    # -- iterating -------------------------------------------------------------------------

    def __iter__(self) -> Iterator[WakeEvent]:
        """Yield events until all sources have ended or somebody stops it.

        Whoever iterates first gets all events since the start. An iteration that started
        the listening stops it when it is left.

        Raises:
            WakesoundError: as :meth:`run`.
        """
        own = self._must_start()
        try:
            if own:
                self._launch(None)
            with self._subscribed() as events:
                yield from events
            if own:
                self.wait()
            self._raise_if_failed()
        finally:
            if own:
                self.stop()

    async def __aiter__(self) -> AsyncIterator[WakeEvent]:
        """Yield events, as ``for`` does, without blocking the event loop."""
        own = self._must_start()
        try:
            if own:
                await self._launch_async()
            with self._subscribed() as events:
                async for event in events:
                    yield event
            if own:
                await asyncio.to_thread(self.wait)
            self._raise_if_failed()
        finally:
            if own:
                await asyncio.to_thread(self.stop)

    # -- details ---------------------------------------------------------------------------

    def _must_start(self) -> bool:
        session = self._session
        return session is None or (session.done and not session.unread)

    @contextlib.contextmanager
    def _subscribed(self) -> Iterator[Subscription]:
        with self._lock:
            assert self._session is not None
            subscription = self._session.subscribe()
        try:
            yield subscription
        finally:
            subscription.close()

    def _raise_if_failed(self) -> None:
        if self._session is not None and self._session.failed:
            raise next(iter(self._session.errors.values()))

    async def _launch_async(self) -> None:
        try:
            await asyncio.to_thread(self._launch, asyncio.get_running_loop())
        except asyncio.CancelledError:  # the thread goes on
            await asyncio.to_thread(self.stop)
            raise

    def _launch(self, loop: asyncio.AbstractEventLoop | None) -> None:
        stops = self._stops
        with self._lock:
            if self.listening:
                return
            self._require_sounds()
            seen = self.library.fingerprint()
            encoder = self._ready_encoder()
            sounds = self.library.scorer(encoder)
            if not sounds.sounds:
                raise LibraryError(
                    f"no sound in {self.library.folder} can be used, since their recordings are "
                    "missing or damaged; enroll them again"
                )
            session = Session(loop)
            with contextlib.ExitStack() as undo:
                undo.callback(session.dispatcher.close)
                for entry in self._actions:
                    self._add(session, *entry)
                for spec in self._sources:
                    source = self._open(spec, encoder.rate)
                    undo.callback(source.close)
                    session.add(source, Engine(sounds, encoder, self.config))
                undo.pop_all()
            session.watch = LibraryWatch(self.library, encoder, seen, self._reload)
            self._session = session
            session.start()
            if self._stops != stops:  # while this was going on
                session.stop(wait=False)

    def _require_sounds(self) -> None:
        if self.library.sounds():
            return
        for problem in self.library.problems().values():
            raise problem
        raise LibraryError(
            f"no sounds are enrolled yet in {self.library.folder}; run 'wakesound enroll NAME'"
        )

    def _ready_encoder(self) -> Encoder:
        """The encoder, loaded once for each name."""
        if self._encoder is not None and not isinstance(self._encoder, str):
            return self._encoder
        record = self.library.record()
        spec = self._encoder or (record.encoder if record else DEFAULT)
        if self._loaded is None or self._loaded[0] != spec:
            self._loaded = spec, create_encoder(spec, device=self._device)
        return self._loaded[1]

    def _open(self, spec: SourceSpec, rate: int) -> Source:
        if isinstance(spec, (str, os.PathLike)):
            return open_source(os.fspath(spec), rate, realtime=self._realtime)
        return Resampled(spec, rate)

    def _add(
        self, session: Session, sound: str, action: Function | Sink | str, timeout_seconds: float
    ) -> None:
        """Add an action to a session, under the sound's own spelling."""
        name = sound if sound == ANY else self._find(sound)
        session.dispatcher.add(name, action, timeout_seconds)

    def _find(self, name: str) -> str:
        """How the sound is spelled.

        Raises:
            SoundNotFound: there is none; the message lists those there are.
        """
        return self.library.get(clean_name(name)).name

    def _reload(self, sounds: Scorer) -> None:
        session = self._session
        if session is None:
            return
        known = {name.casefold() for name in sounds.sounds}
        for stats in session.dispatcher.stats():  # they name an action without its secrets
            if stats.sound != ANY and stats.sound.casefold() not in known:
                _log.warning(
                    "there is no sound %r any more; %s waits for it", stats.sound, stats.action
                )
        session.load(sounds)


def _listed(sources: SourceSpec | Sequence[SourceSpec]) -> tuple[SourceSpec, ...]:
    if isinstance(sources, (str, os.PathLike, Source)):
        return (sources,)
    if not sources:
        raise ConfigError("name at least one source, e.g. 'mic'")
    return tuple(sources)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
