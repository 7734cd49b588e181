"""The hooks of the server: those of its file, which may be changed while it runs, and --on's."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from runtime.configuration import ConfigFileError, load
from runtime.configuration.hook_file import HookFile, KnownHook, Table
from runtime.dispatch import Dispatcher
from runtime.services.http.hook_rights import HookRights
from runtime.services.http.hook_trial import attempt
from runtime.services.http.live_hook import LiveHook, end
from runtime.services.http.problems import Refusal
from runtime.sinks import TIMEOUT_SECONDS
from runtime.stats import ActionStats
from wakeword.errors import ConfigError
from wakeword.events import WakeEvent

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
