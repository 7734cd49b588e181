"""``https://...``: post each event to a web address, encrypted."""

from __future__ import annotations

from typing import Any

from runtime.sinks.http import HttpSink


def create(rest: str, timeout_seconds: float, **settings: Any) -> HttpSink:
    """A sink that posts to ``https:`` and ``rest``; the settings are those of :class:`HttpSink`."""
    return HttpSink(f"https:{rest}", timeout_seconds, **settings)
