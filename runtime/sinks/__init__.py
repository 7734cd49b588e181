"""Sinks: what happens on a wake event. A module each, named like the scheme of its URI.

A sink module has ``create(rest: str, timeout_seconds: float) -> Sink``; ``rest`` is what
follows the scheme and its colon. A sink raises :class:`SinkError` for what may go wrong and
``TimeoutError`` when it took too long; ``str()`` of it says what it does without telling
secrets; one that holds something has ``close()``, which also ends a call that is going on.
"""

from __future__ import annotations

from typing import cast

from wakeword import plugins
from wakeword.errors import ConfigError
from wakeword.protocols import Sink

TIMEOUT_SECONDS = 10.0
"""How long an action may take unless something else is said."""


def open_sink(uri: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Sink:
    """Make the sink that ``uri`` names.

    Args:
        uri: ``exec:COMMAND``, ``http://...`` or ``https://...``, ``py:MODULE:FUNCTION``,
            ``json:`` or ``json:FILE``, ``log:`` or ``log:LEVEL``.
        timeout_seconds: how long one call may take.

    Raises:
        ConfigError: there is no such sink, or what follows its scheme makes no sense.
        SinkError: it cannot be set up.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon or scheme not in plugins.names(__name__):
        known = ", ".join(f"{name}:" for name in plugins.names(__name__))
        raise ConfigError(f"{uri!r} is no action; an action begins with one of: {known}")
    return cast(Sink, plugins.load(__name__, scheme).create(rest, timeout_seconds))
