"""What may go wrong with a change of hooks. Surfaces say what to do about it in their own words.

::

    ConfigError
    └── HookError
        ├── HookNotFound       no hook has this id any more
        ├── HookForbidden      clients may not do this
        ├── HookInvalid        the hook itself is invalid
        ├── TooManyHooks       the file holds as many as it may
        ├── NoHookFile         hooks are not kept anywhere
        └── HookFileUnusable   the file cannot be read or written
"""

from __future__ import annotations

from typing import ClassVar, Literal

from wakeword.errors import ConfigError


class HookError(ConfigError):
    """A change of a hook that failed; nothing was changed."""


class HookNotFound(HookError):
    """No hook has this id: it was removed or changed meanwhile."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__("this hook is not there any more, or was changed")


class HookForbidden(HookError):
    """Clients may not do this.

    Args:
        why: ``"existing"`` for a hook that runs something here, ``"command"`` for an address
            that would, ``"environment"`` for naming environment variables.
    """

    _TEXTS: ClassVar = {
        "existing": "this hook runs something here, so clients may not change or try it",
        "command": "clients may set http:, https:, mqtt: and mqtts: only",
        "environment": "clients may not name environment variables, as hooks could send them "
        "anywhere",
    }

    def __init__(self, why: Literal["existing", "command", "environment"]) -> None:
        self.why = why
        super().__init__(self._TEXTS[why])


class HookInvalid(HookError):
    """A key of the hook is invalid; the message names it."""


class TooManyHooks(HookError):
    """The file holds as many hooks as it may."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"there are {limit} hooks; remove one first")


class NoHookFile(HookError):
    """There is no configuration file to keep hooks in."""

    def __init__(self) -> None:
        super().__init__("there is no configuration file to keep hooks in")


class HookFileUnusable(HookError):
    """The configuration file cannot be read or written."""
