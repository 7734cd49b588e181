"""Texts with placeholders for an event: ``"{sound} at {time:%H:%M}, score {score:.2f}"``.

Templates may come from clients, so everything about them is bounded: widths, precisions, the
template itself and the filled text.
"""

from __future__ import annotations

import difflib
import re
import string
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from wakeword.errors import ConfigError
from wakeword.events import WakeEvent

WIDEST = 100
"""Largest width of a placeholder, in characters."""
MOST_DIGITS = 50
"""Largest precision of a placeholder."""
LONGEST_TEMPLATE = 10_000
"""Characters of one template."""
LONGEST_TEXT = 20_000
"""Characters of one filled text; the rest is cut off."""

_PLAIN = (str, int, float, list, type(None))
_OF_ALERTS = {"label": None, "state": None, "clip": None}
"""Fields that only alerts have."""
_EXAMPLE = WakeEvent("sound", 0.9, 0.5, 0, 16000, 16000)
_SPEC = re.compile(r"(?:.?[<>=^])?[-+ ]?z?#?0?(\d{0,4})[_,]?(?:\.(\d{1,4}))?[a-zA-Z%]?", re.DOTALL)
_TIME_WIDTH = re.compile(r"%[-_0^#+]*\d")
"""A width in a format for ``strftime``, which the C library pads to."""
_FORMATTER = string.Formatter()


class UnboundedTemplate(ConfigError):
    """A template whose filled text could have any length."""


def values(event: WakeEvent, now: datetime) -> dict[str, Any]:
    """The values of all placeholders: the event's fields, ``name`` and ``time``.

    ``name`` is the pattern or, without one, the sound; ``time`` is the local time.
    """
    more = {"name": event.name, "time": now.replace(microsecond=0)}
    return {**_OF_ALERTS, **event.to_dict(), **more}


def check(template: object) -> None:
    """Make sure that a template can be filled, and that the filled text is bounded.

    Args:
        template: a text, or a structure of lists and dicts with texts in it.

    Raises:
        UnboundedTemplate: a width or precision is too large, or the template too long.
        ConfigError: a placeholder is unnamed or unknown, or a brace is left open.
    """
    check_bounds(template)
    check_places(template)


def check_bounds(template: object) -> None:
    """The first half of :func:`check`: widths, precisions and length.

    Raises:
        UnboundedTemplate: one of them is too large.
    """
    for text in _texts(template):
        if len(text) > LONGEST_TEMPLATE:
            raise UnboundedTemplate(
                f"a template of {len(text):,} characters is too long; the limit is "
                f"{LONGEST_TEMPLATE:,}"
            )
        try:
            for _, name, spec, conversion in _FORMATTER.parse(text):
                if name is not None:
                    _require_bounded(name, spec or "", conversion)
        except ValueError:
            continue  # check_places says what is wrong


def check_places(template: object) -> None:
    """The second half of :func:`check`: names and formats. Unbounded formats are not tried.

    Raises:
        ConfigError: a placeholder is unnamed or unknown, or a brace is left open.
    """
    known = values(_EXAMPLE, datetime(2000, 1, 1))
    for text in _texts(template):
        try:
            for _, name, spec, conversion in _FORMATTER.parse(text):
                if name is None:
                    continue
                if name not in known:
                    raise ConfigError(_unknown(name, text, list(known)))
                try:
                    _field(name, spec or "", conversion, known)
                except UnboundedTemplate:
                    continue
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise ConfigError(
                f"{text[:WIDEST]!r} cannot be filled in: {error}; double a brace that is meant "
                "as such"
            ) from None


def fill_text(template: str, known: Mapping[str, Any]) -> str:
    """Fill in a text; missing values are empty, and at most ``LONGEST_TEXT`` characters are kept.

    Raises:
        UnboundedTemplate: a width or precision is too large; :func:`check` refuses that.
    """
    parts: list[str] = []
    room = LONGEST_TEXT
    for literal, name, spec, conversion in _FORMATTER.parse(template):
        parts.append(literal)
        if name is not None:
            parts.append(_field(name, spec or "", conversion, known))
            room -= len(parts[-1])
        room -= len(literal)
        if room < 0:
            return "".join(parts)[: LONGEST_TEXT - 1] + "…"
    return "".join(parts)


def fill(template: Any, known: Mapping[str, Any]) -> Any:
    """Fill in a text, or each text of a structure.

    Args:
        template: one that :func:`check` accepts.
        known: from :func:`values`.

    Returns:
        The same structure. A text that is one placeholder alone, ``"{score}"``, becomes the
        value itself, so that a number stays a number in JSON.
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


def _field(name: str, spec: str, conversion: str | None, known: Mapping[str, Any]) -> str:
    """One placeholder, filled in."""
    _require_bounded(name, spec, conversion)
    value = known[name]
    value = _FORMATTER.convert_field("" if value is None else value, conversion)
    return str(_FORMATTER.format_field(value, spec))


def _require_bounded(name: str, spec: str, conversion: str | None) -> None:
    """Raise ``UnboundedTemplate`` for a format that pads to any width or has braces of its own."""
    if name == "time" and conversion is None:
        bounded = len(spec) <= WIDEST and not _TIME_WIDTH.search(spec.replace("%%", ""))
    else:
        found = _SPEC.fullmatch(spec)
        numbers = re.findall(r"\d+", spec)
        bounded = all(len(number) <= 4 for number in numbers) and "{" not in spec
        if found is not None and bounded:
            width, precision = (int(number or 0) for number in found.groups())
            bounded = width <= WIDEST and precision <= MOST_DIGITS
    if not bounded:
        shown = f"{name}{'!' + conversion if conversion else ''}:{spec}"[:WIDEST]
        raise UnboundedTemplate(
            f"the placeholder {{{shown}}} is too wide: at most {WIDEST} characters and "
            f"{MOST_DIGITS} digits are possible, and times have no widths"
        )


def _texts(template: object) -> Iterator[str]:
    if isinstance(template, str):
        yield template
    elif isinstance(template, Mapping | list):
        for part in template.values() if isinstance(template, Mapping) else template:
            yield from _texts(part)


def _unknown(name: str, text: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name[:WIDEST], known, n=1)
    hint = f"did you mean {{{close[0]}}}?" if close else f"known: {', '.join(known)}"
    return f"{{{name[:WIDEST]}}} in {text[:WIDEST]!r} is no placeholder; {hint}"
