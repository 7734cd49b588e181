"""Sinks: what happens on a wake event. A module each, named like the scheme of its URI.

A sink module has ``create(rest: str, timeout_seconds: float) -> Sink``; ``rest`` is what
follows the scheme and its colon; it may take further settings by keyword. A sink raises
:class:`SinkError` for what may go wrong and ``TimeoutError`` when it took too long; ``str()``
of it says what it does without telling secrets; one that holds something has ``close()``,
which also ends a call that is going on; one that tries again says in ``longest_seconds`` how
long a call with all attempts may take.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from wakeword.errors import ConfigError
from wakeword.protocols import Sink, load_plugin, plugin_names

TIMEOUT_SECONDS = 10.0
"""How long an action may take unless something else is said."""


@dataclass(frozen=True, repr=False)  # there are secrets in it
class SinkSpec:
    """A sink's URI, and settings that a URI has no room for."""

    uri: str
    """As for :func:`open_sink`."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments for the ``create`` of the sink's module."""


def open_sink(sink: str | SinkSpec, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Sink:
    """Make the sink that a URI names.

    Args:
        sink: ``exec:COMMAND``, ``shell:COMMAND``, ``http://...`` or ``https://...``,
            ``mqtt://HOST/TOPIC`` or ``mqtts://...``,
            ``py:MODULE:FUNCTION``, ``json:`` or ``json:FILE``, ``log:`` or ``log:LEVEL``;
            alone or with settings.
        timeout_seconds: how long one call may take; one attempt, where there are several.

    Raises:
        ConfigError: there is no such sink, or what follows its scheme makes no sense.
        SinkError: it cannot be set up.
    """
    spec = SinkSpec(sink) if isinstance(sink, str) else sink
    scheme, colon, rest = spec.uri.partition(":")
    if not colon or scheme not in plugin_names(__name__):
        known = ", ".join(f"{name}:" for name in plugin_names(__name__))
        raise ConfigError(f"{spec.uri!r} is no action; an action begins with one of: {known}")
    module = load_plugin(__name__, scheme)
    return cast(Sink, module.create(rest, timeout_seconds, **spec.settings))
