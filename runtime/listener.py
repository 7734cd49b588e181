"""The :class:`WakeListener`: sources, sounds and actions of one program, brought together."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import threading
from collections.abc import AsyncIterator, Collection, Iterator, Sequence

from runtime.assembly import ActionEntry, ActionSpec, Assembly, SourceSpec
from runtime.conditions import ALWAYS, Conditions
from runtime.history import History
from runtime.loop import SourceLoop
from runtime.paths import default_library
from runtime.session import Observe, Session
from runtime.sinks import TIMEOUT_SECONDS
from runtime.stats import Stats
from runtime.subscription import Subscription
from runtime.together import Together
from wakeword.audio import FloatArray
from wakeword.config import EngineConfig
from wakeword.errors import ConfigError
from wakeword.events import WakeEvent
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder


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
        history: where wakes and near misses are remembered, for feedback; None remembers none.
        observe: sees each source's windows and their best matches, in the engines' threads.
        confirm: a second encoder or its name, as ``encoder``; it is asked about what is about to
            wake, and refuses what is not like the takes to it either.
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
        history: History | None = None,
        observe: Observe | None = None,
        confirm: str | Encoder | None = None,
    ) -> None:
        self.config = config or EngineConfig()
        if not isinstance(library, SoundLibrary):
            library = SoundLibrary(library or default_library(), self.config.segmenter)
        self.library = library
        self._assembly = Assembly(
            library,
            sources,
            encoder,
            self.config,
            device=device,
            realtime=realtime,
            history=history,
            observe=observe,
            confirm=confirm,
        )
        self._action_timeout = action_timeout_seconds
        self._together: list[Together] = []
        self._actions: list[ActionEntry] = []
        self._session: Session | None = None
        self._stops = 0
        self._lock = threading.Lock()  # one thread at a time starts or adds an action

    def on(
        self,
        sound: str | Collection[str],
        action: ActionSpec,
        *,
        timeout_seconds: float | None = None,
        conditions: Conditions = ALWAYS,
        concurrency: int = 1,
    ) -> WakeListener:
        """Do this when that sound is heard; also while listening.

        Args:
            sound: its name, the names of several, or ``"*"`` for all.
            action: a function or coroutine function that takes the event or nothing, or a
                URI: ``"exec:COMMAND"``, ``"https://..."``; see :mod:`runtime.sinks`.
            timeout_seconds: how long one call may take; the listener's own by default.
            conditions: what else must hold: a score, a source, not at night.
            concurrency: how many calls may run at once; above 1 they keep no order.

        Returns:
            The listener, for another ``on`` or for ``start``.

        Raises:
            SoundNotFound: only while listening: there is no such sound.
            ConfigError: only while listening: the action makes no sense.
        """
        sounds = (sound,) if isinstance(sound, str) else tuple(sound)
        timeout_seconds = timeout_seconds or self._action_timeout
        entry = ActionEntry(sounds, action, timeout_seconds, conditions, concurrency)
        with self._lock:
            if self._session is not None and not self._session.done:
                self._assembly.add(self._session, entry)
            self._actions.append(entry)
        return self

    def when(self, trigger: Together | str) -> WakeListener:
        """Make an event also when several sounds are heard together; also while listening.

        Args:
            trigger: ``"bark@mic + tap@desk within 1s"``: a sound, or a sound at a source, and
                others, in any order; ``"NAME = ..."`` gives it a name for :meth:`on`, which
                otherwise is ``"bark + tap"``.

        Raises:
            ConfigError: the text is something else, or while listening: no such source.
            SoundNotFound: only while listening: there is no such sound.
        """
        parsed = trigger if isinstance(trigger, Together) else Together.parse(trigger)
        with self._lock:
            if self._session is not None and not self._session.done:
                self._assembly.add_together(self._session, parsed)
            self._together.append(parsed)
        return self

    # -- being deaf on purpose -------------------------------------------------------------

    def mute(self, seconds: float = math.inf, *, source: str | None = None) -> None:
        """Hear nothing from now on for so long: while a chime or a voice of ours is played.

        What is muted never reaches the engine, so nothing of it can be part of a later event.
        Does nothing while not listening.

        Args:
            seconds: how long; until :meth:`unmute` by default.
            source: name of the source; all by default.

        Raises:
            ConfigError: the time is not positive, or there is no such source.
        """
        if not seconds > 0.0:
            raise ConfigError(f"a time to be muted is above 0 seconds, not {seconds}")
        for loop in self._loops(source):
            loop.mute(seconds)

    def unmute(self, *, source: str | None = None) -> None:
        """Hear again from now on.

        Args:
            source: name of the source; all by default.

        Raises:
            ConfigError: there is no such source.
        """
        for loop in self._loops(source):
            loop.unmute()

    def reference(self, samples: FloatArray, rate: int, *, source: str | None = None) -> None:
        """Say that this is being played from now on, so that it does not wake anything.

        Other sounds still do. Say it when playing begins; several may play at once. Does
        nothing while not listening.

        Args:
            samples: ``(n,) float32``, what goes to the loudspeaker.
            rate: samples per second.
            source: name of the source that may hear it; all by default.

        Raises:
            AudioFormatError: the samples are not finite mono float32.
            ConfigError: there is no such source.
        """
        for loop in self._loops(source):
            loop.play(samples, rate)

    def _loops(self, source: str | None) -> list[SourceLoop]:
        session = self._session
        return [] if session is None or session.done else session.loops(source)

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
            session = self._assembly.session(loop, self._actions, self._together)
            self._session = session
            session.start()
            if self._stops != stops:  # while this was going on
                session.stop(wait=False)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
