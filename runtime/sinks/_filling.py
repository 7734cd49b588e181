"""Texts with places for what was heard: ``"{sound} at {time:%H:%M}, score {score:.2f}"``."""

from __future__ import annotations

import difflib
import string
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wakeword.errors import ConfigError
from wakeword.events import WakeEvent

_PLAIN = (str, int, float, list, type(None))
_OF_ALERTS = {"label": None, "state": None, "clip": None}
"""What only alerts have."""
_EXAMPLE = WakeEvent("sound", 0.9, 0.5, 0, 16000, 16000)


def values(event: WakeEvent, now: datetime) -> dict[str, Any]:
    """What may be filled in: the event's fields, ``name`` and ``time``.

    ``name`` is the pattern or, without one, the sound; ``time`` is the local time.
    """
    more = {"name": event.name, "time": now.replace(microsecond=0)}
    return {**_OF_ALERTS, **event.to_dict(), **more}


def check(template: object) -> None:
    """Make sure that a template can be filled.

    Args:
        template: a text, or a structure of lists and dicts with texts in it.

    Raises:
        ConfigError: a place has no name or one that is not known, or a brace is left open.
    """
    known = values(_EXAMPLE, datetime(2000, 1, 1))
    for text in _texts(template):
        try:
            for _, name, _, _ in string.Formatter().parse(text):
                if name is not None and name not in known:
                    raise ConfigError(_unknown(name, text, list(known)))
            fill_text(text, known)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise ConfigError(
                f"{text!r} cannot be filled in: {error}; a brace that is meant is doubled"
            ) from None


def fill_text(template: str, known: Mapping[str, Any]) -> str:
    """Fill in a text; what is missing is empty."""
    return template.format(**{name: "" if v is None else v for name, v in known.items()})


def fill(template: Any, known: Mapping[str, Any]) -> Any:
    """Fill in a text, or each text of a structure.

    Args:
        template: one that :func:`check` let pass.
        known: what :func:`values` gave.

    Returns:
        The same structure. A text that is one place alone, ``"{score}"``, becomes the value
        itself, so that a number stays a number in JSON.
    """
    if isinstance(template, str):
        alone = template[1:-1]
        if template == f"{{{alone}}}" and isinstance(known.get(alone), _PLAIN):
            return known[alone]
        return fill_text(template, known)
    if isinstance(template, Mapping):
        return {key: fill(value, known) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, known) for value in template]
    return template


def _texts(template: object) -> list[str]:
    if isinstance(template, str):
        return [template]
    if isinstance(template, Mapping):
        template = list(template.values())
    return (
        [text for part in template for text in _texts(part)] if isinstance(template, list) else []
    )


def _unknown(name: str, text: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {{{close[0]}}}?" if close else f"known: {', '.join(known)}"
    return f"nothing is known for {{{name}}} in {text!r}; {hint}"
