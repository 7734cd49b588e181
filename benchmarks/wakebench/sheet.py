"""A table of plain text cells, and numbers as text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sheet:
    """One table."""

    title: str
    note: str
    """What the figures are, in a sentence."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """The first cell names the row."""


def percent(value: float | None) -> str:
    """A share as whole percent."""
    return "-" if value is None else f"{100 * value:.0f}%"


def number(value: float | None) -> str:
    """A rate or a time with about two digits."""
    return "-" if value is None else f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"
