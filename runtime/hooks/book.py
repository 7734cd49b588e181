"""What clients may do to hooks: set what sends messages, not what runs or writes something here.

A hook of the configuration file, at work.

The hooks of the server: those of its file, which may be changed while it runs, and --on's.

Trying a hook: it acts once, whatever its conditions.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runtime.configuration import ConfigFileError, load
from runtime.configuration.schema import HookTable
from runtime.hooks.dispatch import Dispatcher
from runtime.hooks.file import HookFile, KnownHook, Table
from runtime.hooks.hook import build
from runtime.listening.stats import ActionStats
from runtime.services.http.problems import Refusal
from runtime.sinks import TIMEOUT_SECONDS, SinkSpec, open_sink
from wakeword.errors import ConfigError, WakesoundError
from wakeword.events import WakeEvent
from wakeword.labels.watch import Alert
from wakeword.protocols import Sink

REMOTE = ("http", "https", "mqtt", "mqtts")
"""What clients may set: it sends a message, and runs nothing here."""


@dataclass(frozen=True)
class HookRights:
    """What clients may do."""

    commands: bool = False
    """Whether they may set anything that the file may hold."""

    def may_change(self, table: HookTable) -> bool:
        """Whether clients may change, remove and try this hook."""
        return self.commands or scheme(table.do) in REMOTE

    def require_change(self, table: HookTable) -> None:
        """Make sure of that.

        Raises:
            Refusal: they may not (403).
        """
        if not self.may_change(table):
            raise Refusal(
                403,
                "commands_off",
                "a hook that runs something here can only be changed in the configuration file, "
                "or when the server was started with --allow-commands",
            )

    def require(self, table: Table) -> None:
        """Make sure that clients may set this.

        Raises:
            Refusal: they may not (403).
        """
        if self.commands:
            return
        if "do" in table and scheme(table["do"]) not in REMOTE:
            raise Refusal(
                403,
                "commands_off",
                "only http:, https:, mqtt: and mqtts: can be set here; write the rest into the "
                "configuration file, or start the server with --allow-commands",
            )
        texts = [table.get("do", ""), *(table.get("headers") or {}).values()]
        if table.get("secret_env") or any("${" in text for text in texts):
            raise Refusal(
                403,
                "environment_off",
                "environment variables cannot be named here, as they could be sent anywhere; "
                "write them into the configuration file, or start with --allow-commands",
            )


END_SECONDS = 1.0
"""How long a hook that is over may go on with what it does."""


@dataclass(frozen=True, eq=False)
class LiveHook:
    """A hook of the file, at work."""

    known: KnownHook
    dispatcher: Dispatcher
    problem: str = ""
    """Why it does nothing."""

    @classmethod
    def started(cls, known: KnownHook) -> LiveHook:
        """Let a hook of the file act from now on, if it is enabled and can."""
        dispatcher = Dispatcher()
        problem = ""
        if known.table.enabled:
            try:
                build(known.table, os.environ).dispatch_by(dispatcher)
            except WakesoundError as error:
                problem = str(error)
        return cls(known, dispatcher, problem)

    def __str__(self) -> str:
        return repr(self.known.table.name or f"{scheme(self.known.table.do)}:")

    @property
    def stats(self) -> ActionStats | None:
        """What it did so far, if it is enabled."""
        return next(iter(self.dispatcher.stats()), None)


def scheme(uri: str) -> str:
    """What an address begins with."""
    return uri.partition(":")[0]


def end(dispatchers: Sequence[Dispatcher]) -> None:
    """End them all, once they are done or ``END_SECONDS`` have passed."""
    for dispatcher in dispatchers:
        dispatcher.finish()
    for dispatcher in dispatchers:
        dispatcher.wait(END_SECONDS)
        dispatcher.close()


MOST = 100
"""Hooks that a file may have before no more are added."""


class HookBook:
    """All hooks of a server. Its methods block; from any thread.

    Clients may add and change what sends messages. What runs programs or writes files, and what
    names environment variables, they may only see, unless ``commands`` are allowed.

    Args:
        path: of the configuration file; None keeps no hooks.
        actions: names of sounds, ``"*"`` for any, with the URI of what to do; not kept.
        commands: whether clients may set anything that the file may hold.
        timeout_seconds: how long a call of one of the ``actions`` may take.

    Raises:
        WakesoundError: the file cannot be used, or an action makes no sense.
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
            load(path).hooks()  # what is wrong is told with its line
            self._live = tuple(LiveHook.started(known) for known in self._file.read())
            for hook in self._live:
                if hook.problem:
                    raise ConfigError(f"{path}: the hook {hook} {hook.problem}")

    @property
    def kept(self) -> bool:
        """Whether there is a file for them."""
        return self._file is not None

    def all(self) -> tuple[LiveHook, ...]:
        """Those of the file."""
        return self._live

    def stats(self) -> tuple[ActionStats, ...]:
        """What all of them did."""
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
            Refusal: there is none (404).
        """
        for hook in self._live:
            if hook.known.id == id:
                return hook
        raise _gone()

    def add(self, table: Table) -> LiveHook:
        """Add a hook to the file; it acts from now on.

        Raises:
            Refusal: it may not be set by clients (403), or makes no sense (422).
        """
        self.rights.require(table)
        with self._lock:
            if len(self._live) >= MOST:
                raise Refusal(409, "too_many_hooks", f"there are {MOST} hooks; remove one first")
            return self.find(self._written(lambda file: file.add(table)))

    def change(self, id: str, changes: Table) -> LiveHook:
        """Change a hook; ``changes`` replace its values, None takes one away.

        With another address, headers and the secret of the old one are forgotten: they belong
        to who is there.

        Raises:
            Refusal: as :meth:`add`, or there is none (404).
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
            Refusal: clients may not (403), or there is none (404).
        """
        self.rights.require_change(self.find(id).known.table)
        with self._lock:
            self._written(lambda file: file.remove(id))

    def attempt(self, id: str, sound: str) -> str:
        """Let a hook act once, whatever its conditions; why it failed, or nothing.

        Raises:
            Refusal: clients may not (403), or there is none (404).
        """
        table = self.find(id).known.table
        self.rights.require_change(table)
        return attempt(table, sound)

    def _written(self, write: Callable[[HookFile], str | None]) -> str:
        """Change the file and act by it from now on; what ``write`` returned."""
        if self._file is None:
            raise Refusal(
                409, "no_configuration", "this server has no configuration file to keep hooks in"
            )
        try:
            id = write(self._file)
        except KeyError:
            self._act_by(self._file.read())
            raise _gone() from None
        except ConfigFileError as error:
            detail = re.sub(r"^hooks #\d+:? ?", "", error.problems[0].text)
            raise Refusal(422, "bad_hook", detail) from None
        except ConfigError as error:
            raise Refusal(409, "configuration", str(error)) from None
        self._act_by(self._file.read())
        return id or ""

    def _act_by(self, hooks: Sequence[KnownHook]) -> None:
        """From now on these count; those that are the same go on undisturbed."""
        before = {hook.known.id: hook for hook in self._live}
        self._live = tuple(
            before.pop(known.id) if known.id in before else LiveHook.started(known)
            for known in hooks
        )
        end([hook.dispatcher for hook in before.values()])


def _gone() -> Refusal:
    return Refusal(404, "hook_not_found", "this hook is not there any more, or was changed")


LONGEST_SECONDS = 10.0
"""A trial takes no longer, whatever the hook's own timeout is."""


def attempt(table: HookTable, sound: str = "") -> str:
    """Let a hook act once; why it failed, or nothing. Blocking.

    Args:
        table: the hook.
        sound: what was heard, as it were; by default one that the hook waits for.
    """
    named = next((name for name in table.sounds if name != "*"), "test")
    event = _example(sound or named, table.when == "end")
    timeout = min(table.timeout_seconds, LONGEST_SECONDS)
    try:
        spec = build(table, os.environ).action
        settings = dict(spec.settings)
        if "retries" in settings:
            settings["retries"] = 0
        sink = open_sink(SinkSpec(spec.uri, settings), timeout_seconds=timeout)
    except WakesoundError as error:
        return str(error)
    try:
        return _failure(sink, event, timeout)
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
    """What a hook is tried with."""
    id = secrets.token_hex(8)
    event = WakeEvent(sound, 1.0, 0.5, 0, 16_000, 16_000, source="test", id=id)
    if not ended:
        return event
    return replace(Alert(sound, 1.0, 0.5, 0, 16_000, 16_000, ended=True), source="test", id=id)


async def _awaited(awaitable: Any) -> Any:
    return await awaitable
