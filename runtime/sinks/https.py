"""``https://...``: post each event to a web address, encrypted."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.sinks._messages import Message
from runtime.sinks.http import RETRIES, HttpSink


def create(
    rest: str,
    timeout_seconds: float,
    *,
    message: Message | None = None,
    secret: str = "",
    headers: Mapping[str, str] | None = None,
    retries: int = RETRIES,
) -> HttpSink:
    """A sink that posts to ``https:`` and ``rest``; see :class:`HttpSink`."""
    return HttpSink(
        f"https:{rest}",
        timeout_seconds,
        message=message,
        secret=secret,
        headers=headers,
        retries=retries,
    )
