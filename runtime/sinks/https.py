"""``https://...``: post each event as JSON to a web address, encrypted."""

from __future__ import annotations

from runtime.sinks.http import HttpSink


def create(rest: str, timeout_seconds: float) -> HttpSink:
    """A sink that posts to ``https:`` and ``rest``."""
    return HttpSink(f"https:{rest}", timeout_seconds)
