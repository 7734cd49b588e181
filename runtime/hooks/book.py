"""All hooks of a server: those of its configuration file, which clients may change while it runs,
and those of the command line.

Clients may set hooks that send messages, not hooks that run or write something here.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runtime.configuration import ConfigFileError, load
from runtime.configuration.schema import HookTable, hazard
from runtime.foreign import printable
from runtime.hooks.action import LONGEST_REASON, ActionStats
from runtime.hooks.dispatch import Dispatcher
from runtime.hooks.errors import (
    HookFileUnusable,
    HookForbidden,
    HookInvalid,
    HookNotFound,
    NoHookFile,
    TooManyHooks,
)
from runtime.hooks.file import HookFile, KnownHook, Table
from runtime.hooks.hook import build, enabled_hooks
from runtime.sinks import TIMEOUT_SECONDS, SinkSpec, open_sink
from wakeword.errors import ConfigError, WakesoundError
from wakeword.events import WakeEvent
from wakeword.labels.watch import Alert
from wakeword.protocols import Sink

REMOTE = ("http", "https", "mqtt", "mqtts")
"""Addresses that clients may set: they send a message and run nothing here."""


@dataclass(frozen=True)
class HookRights:
    """What clients may change."""

    commands: bool = False
    """Whether they may set every action that the file may hold."""

    def may_change(self, table: HookTable) -> bool:
        """Whether clients may change, remove and try this hook."""
        return self.commands or scheme(table.do) in REMOTE

    def require_change(self, table: HookTable) -> None:
        """Make sure that clients may change, remove and try this hook.

        Raises:
            HookForbidden: they may not.
        """
        if not self.may_change(table):
            raise HookForbidden("existing")

    def require(self, table: Table) -> None:
        """Make sure that clients may set this.

        Raises:
            HookForbidden: they may not.
        """
        if self.commands:
            return
        if "do" in table and scheme(table["do"]) not in REMOTE:
            raise HookForbidden("command")
        texts = [table.get("do", ""), *(table.get("headers") or {}).values()]
        if table.get("secret_env") or any("${" in text for text in texts):
            raise HookForbidden("environment")


END_SECONDS = 1.0
"""How long calls of a hook that was changed or removed may go on."""


@dataclass(frozen=True, eq=False)
class LiveHook:
    """A hook of the file that is in use."""

    known: KnownHook
    dispatcher: Dispatcher
    problem: str = ""
    """Why it does nothing; empty if it works."""

    @classmethod
    def started(cls, known: KnownHook) -> LiveHook:
        """Put a hook of the file to use, if it is enabled and valid."""
        dispatcher = Dispatcher()
        problem = known.hazard
        if known.table.enabled and not problem:
            try:
                build(known.table, os.environ).dispatch_by(dispatcher)
            except WakesoundError as error:
                problem = str(error)
        return cls(known, dispatcher, problem)

    def __str__(self) -> str:
        return repr(self.known.table.name or f"{scheme(self.known.table.do)}:")

    @property
    def stats(self) -> ActionStats | None:
        """Its counts so far, if it is enabled."""
        return next(iter(self.dispatcher.stats()), None)


def scheme(uri: str) -> str:
    """The scheme of an address."""
    return uri.partition(":")[0]


def end(dispatchers: Sequence[Dispatcher]) -> None:
    """End all of them, at the latest after ``END_SECONDS``."""
    for dispatcher in dispatchers:
        dispatcher.finish()
    for dispatcher in dispatchers:
        dispatcher.wait(END_SECONDS)
        dispatcher.close()


MOST = 100
"""Number of hooks in the file at which no more are added."""


class HookBook:
    """All hooks of a server. Its methods block; from any thread.

    Clients may add and change hooks that send messages. Hooks that run programs or write files,
    and those that name environment variables, they may only see, unless ``commands`` is true.

    Args:
        path: the configuration file; None keeps no hooks.
        actions: names of sounds, ``"*"`` for any, each with the URI of a sink; not kept.
        commands: whether clients may set every action that the file may hold.
        timeout_seconds: time limit of a call of one of the ``actions``.

    Raises:
        WakesoundError: the file or an action is invalid.
    """

    def __init__(
        self,
        path: Path | None,
        actions: Sequence[tuple[str, str]] = (),
        *,
        commands: bool = False,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.rights = HookRights(commands)
        self.fixed = Dispatcher()
        """Those of the command line."""
        for sound, uri in actions:
            self.fixed.add(sound, uri, timeout_seconds)
        self._file = None if path is None else HookFile(path)
        self._live: tuple[LiveHook, ...] = ()
        self._lock = threading.Lock()  # one change at a time
        if path is not None and self._file is not None and path.exists():
            enabled_hooks(load(path))  # which names the line of each problem
            self._live = tuple(LiveHook.started(known) for known in self._file.read())
            for hook in self._live:
                if hook.problem and not hook.known.hazard:
                    raise ConfigError(f"{path}: the hook {hook} {hook.problem}")

    @property
    def kept(self) -> bool:
        """Whether there is a file for them."""
        return self._file is not None

    def all(self) -> tuple[LiveHook, ...]:
        """Those of the file."""
        return self._live

    def stats(self) -> tuple[ActionStats, ...]:
        """The counts of all hooks."""
        own = (hook.stats for hook in self._live)
        return (*self.fixed.stats(), *(stats for stats in own if stats is not None))

    def dispatch(self, event: WakeEvent) -> None:
        """Act on an event; returns at once."""
        self.fixed.dispatch(event, patient=False)
        for hook in self._live:
            hook.dispatcher.dispatch(event, patient=False)

    def close(self) -> None:
        """End them all."""
        end([self.fixed, *(hook.dispatcher for hook in self._live)])

    def find(self, id: str) -> LiveHook:
        """One of the file's.

        Raises:
            HookNotFound: it has none of this id.
        """
        for hook in self._live:
            if hook.known.id == id:
                return hook
        raise HookNotFound(id)

    def add(self, table: Table) -> LiveHook:
        """Add a hook to the file and use it from now on.

        Raises:
            HookForbidden: clients may not set it.
            HookError: it is invalid, or there is no room or file for it.
        """
        self.rights.require(table)
        with self._lock:
            if len(self._live) >= MOST:
                raise TooManyHooks(MOST)
            return self.find(self._written(lambda file: file.add(table)))

    def change(self, id: str, changes: Table) -> LiveHook:
        """Change a hook; ``changes`` replace its values, None takes one away.

        With another address, headers and secret of the old one are removed: they belong to its
        receiver.

        Raises:
            HookNotFound: it has none of this id.
            HookError: as :meth:`add`.
        """
        self.rights.require_change(self.find(id).known.table)

        def changed(table: Table) -> Table:
            if changes.get("do", table["do"]) != table["do"]:
                table = {k: v for k, v in table.items() if k not in ("headers", "secret_env")}
            return {k: v for k, v in {**table, **changes}.items() if v is not None}

        self.rights.require(changes)
        with self._lock:
            return self.find(self._written(lambda file: file.change(id, changed)))

    def remove(self, id: str) -> None:
        """Delete a hook.

        Raises:
            HookForbidden: clients may not.
            HookNotFound: it has none of this id.
        """
        self.rights.require_change(self.find(id).known.table)
        with self._lock:
            self._written(lambda file: file.remove(id))

    def attempt(self, id: str, sound: str) -> str:
        """Perform a hook once, whatever its conditions; the reason why it failed, or nothing.

        Raises:
            HookForbidden: clients may not.
            HookNotFound: it has none of this id.
        """
        table = self.find(id).known.table
        self.rights.require_change(table)
        return attempt(table, sound)

    def _written(self, write: Callable[[HookFile], str | None]) -> str:
        """Change the file and use its hooks from now on; returns what ``write`` did."""
        if self._file is None:
            raise NoHookFile
        try:
            id = write(self._file)
        except HookNotFound:
            self._act_by(self._file.read())
            raise
        except ConfigFileError as error:
            raise HookInvalid(error.problems[0].of_hook()) from None
        except ConfigError as error:
            raise HookFileUnusable(str(error)) from None
        self._act_by(self._file.read())
        return id or ""

    def _act_by(self, hooks: Sequence[KnownHook]) -> None:
        """Use these hooks from now on; unchanged ones go on undisturbed."""
        before = {hook.known.id: hook for hook in self._live}
        self._live = tuple(
            before.pop(known.id) if known.id in before else LiveHook.started(known)
            for known in hooks
        )
        end([hook.dispatcher for hook in before.values()])


LONGEST_SECONDS = 10.0
"""Time limit of a trial, whatever the hook's own is."""


def attempt(table: HookTable, sound: str = "") -> str:
    """Perform a hook once, whatever its conditions; the reason why it failed, or nothing. Blocking.

    Args:
        table: the hook.
        sound: the name in the event; by default one that the hook waits for.
    """
    named = next((name for name in table.sounds if name != "*"), "test")
    event = _example(sound or named, table.when == "end")
    timeout = min(table.timeout_seconds, LONGEST_SECONDS)
    try:
        if problem := hazard(table):
            return " ".join(problem)
        spec = build(table, os.environ).action
        settings = dict(spec.settings)
        if "retries" in settings:
            settings["retries"] = 0
        sink = open_sink(SinkSpec(spec.uri, settings), timeout_seconds=timeout)
    except WakesoundError as error:
        return printable(error, LONGEST_REASON)
    try:
        return printable(_failure(sink, event, timeout), LONGEST_REASON)
    finally:
        close = getattr(sink, "close", None)
        if close is not None:
            close()


def _failure(sink: Sink, event: WakeEvent, timeout_seconds: float) -> str:
    """Why a call failed, or nothing."""
    try:
        result: Any = sink(event)
        if inspect.isawaitable(result):
            asyncio.run(asyncio.wait_for(_awaited(result), timeout_seconds))
    except (WakesoundError, TimeoutError, asyncio.TimeoutError) as error:
        return str(error) or "it took too long"
    except Exception as error:  # noqa: BLE001 - a user's function may raise anything
        return repr(error)
    return ""


def _example(sound: str, ended: bool) -> WakeEvent:
    """The event of a trial."""
    id = secrets.token_hex(8)
    event = WakeEvent(sound, 1.0, 0.5, 0, 16_000, 16_000, source="test", id=id)
    if not ended:
        return event
    return replace(Alert(sound, 1.0, 0.5, 0, 16_000, 16_000, ended=True), source="test", id=id)


async def _awaited(awaitable: Any) -> Any:
    return await awaitable
