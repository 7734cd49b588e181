"""Connections to the HTTP service: how long a request may take to begin, and who makes room.

A client that connects and says nothing, or begins a request and does not go on, holds a connection.
Each has a time for that, and where connections run out the one that has been silent for the
longest has to go; one whose request is being answered stays.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from runtime.services.floods import keep_alive

if TYPE_CHECKING:
    from runtime.services.http.config import Limits

_log = logging.getLogger(__name__)

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Retry-After: 1\r\nContent-Length: %d\r\n\r\n%s"
)
_BUSY = b'{"error":"busy","detail":"too many connections at once; try again"}'


def protocol(limits: Limits) -> type[H11Protocol]:
    """The protocol of the HTTP server, with these limits."""
    return type("BoundedProtocol", (_BoundedProtocol,), {"limits": limits})


class _BoundedProtocol(H11Protocol):
    """One HTTP connection."""

    limits: Limits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, if there is room or can be made."""
        super().connection_made(transport)
        self.heard_at = self.loop.time()
        """When the client last sent something."""
        self._head_timer: asyncio.TimerHandle | None = None
        keep_alive(transport.get_extra_info("socket"))
        if len(self.connections) > self.limits.connections and not self._make_room():
            transport.write(_FULL % (len(_BUSY), _BUSY))
            transport.close()
            return
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Go on with what the client sends."""
        self.heard_at = self.loop.time()
        super().data_received(data)
        if self.waiting and not self.transport.is_closing():
            self._wait_for_head()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """What comes next has the time of an idle connection."""
        self._stop_waiting()
        super().on_response_complete()

    @property
    def waiting(self) -> bool:
        """Whether no request is complete enough to be answered."""
        return self.conn.their_state is h11.IDLE

    @property
    def uploading(self) -> bool:
        """Whether the body of a request is still on its way."""
        return self.conn.their_state is h11.SEND_BODY

    def _wait_for_head(self) -> None:
        if self._head_timer is None:
            seconds = self.limits.head_seconds
            self._head_timer = self.loop.call_later(seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        _log.debug("%s did not finish its request's head", self.client)
        self.transport.abort()

    def _make_room(self) -> bool:
        """End the connection that has been silent for the longest; whether there was one."""
        others = [one for one in self.connections if isinstance(one, _BoundedProtocol)]
        silent = _longest_silent(one for one in others if one.waiting and one is not self)
        if silent is None:
            late = self.loop.time() - self.limits.silent_seconds
            slow = (one for one in others if one.uploading and one.heard_at < late)
            silent = _longest_silent(slow)
        if silent is None:
            return False
        _log.warning("a silent connection was ended, as there were too many")
        silent.leave()
        return True

    def leave(self) -> None:
        """End now; it counts no more from now on."""
        self._stop_waiting()
        self.transport.abort()
        self.connections.discard(self)


def _longest_silent(connections: Iterable[Any]) -> _BoundedProtocol | None:
    return min(connections, key=lambda one: one.heard_at, default=None)
