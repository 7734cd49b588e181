"""What everything that listens has in common: begin, iterate, wait, stop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from typing import Any, Generic, TypeVar, cast

from runtime.listening.session import Session, Subscription
from runtime.listening.stats import Stats
from wakeword.events import WakeEvent

Event = TypeVar("Event", bound=WakeEvent)
Own = TypeVar("Own", bound="Running[Any]")


class Running(ABC, Generic[Event]):
    """Runs one :class:`~runtime.listening.session.Session` after the other.

    Nothing is heard before :meth:`start`, :meth:`run`, ``with`` or the first step of an
    iteration, with ``for`` or ``async for``; what is wrong with the set-up is raised there.
    After its end it can be started again.
    """

    def __init__(self) -> None:
        self._session: Session | None = None
        self._stops = 0
        self._lock = threading.Lock()  # one thread at a time starts or changes what runs

    @abstractmethod
    def _new_session(self, loop: asyncio.AbstractEventLoop | None) -> Session:
        """A session that is ready to start; called under the lock.

        Args:
            loop: the event loop for coroutines; None makes one when it is needed.
        """

    def _ended(self) -> None:
        """Called once it is known that a session is over, perhaps more than once."""

    # -- running ---------------------------------------------------------------------------

    def start(self: Own) -> Own:
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
            if wait and session.done:
                self._ended()

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait until all sources have ended and the actions are done; whether that came."""
        ended = self._session is None or self._session.wait(timeout_seconds)
        if ended:
            self._ended()
        return ended

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

    def __enter__(self: Own) -> Own:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    async def __aenter__(self: Own) -> Own:
        await self._launch_async()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await asyncio.to_thread(self.stop)

    # -- iterating -------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Event]:
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
                for event in events:
                    yield cast(Event, event)
            if own:
                self.wait()
            self._raise_if_failed()
        finally:
            if own:
                self.stop()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Yield events, as ``for`` does, without blocking the event loop."""
        own = self._must_start()
        try:
            if own:
                await self._launch_async()
            with self._subscribed() as events:
                async for event in events:
                    yield cast(Event, event)
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
            session = self._new_session(loop)
            self._session = session
            session.start()
            if self._stops != stops:  # while this was going on
                session.stop(wait=False)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
