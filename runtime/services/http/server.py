"""Serving the application until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from runtime.services.floods import BACKLOG, repeats_counted
from runtime.services.http.app import create_app
from runtime.services.http.connections import protocol
from runtime.services.http.service import Service
from wakeword.errors import ConfigError

_log = logging.getLogger(__name__)

GRACE_SECONDS = 5
"""How long requests may go on once it ends."""
MESSAGE_BYTES = 1_000_000
"""Longest message of a WebSocket."""
QUEUED = 512
"""Connections that may wait for being accepted."""
RECEIVED_BYTES = 256 * 1024
"""What the system takes of a connection ahead of us: a client that sends faster than it is heard
soon feels it, and what else it says is not far behind."""
_LOGGERS = (
    "asyncio",
    "python_multipart.multipart",
    "runtime.services.http.connections",
    "uvicorn.error",
)


class Server(uvicorn.Server):
    """Serves one service; clients that read events are told first when it ends.

    Args:
        service: what it serves.
        started: called with the address once clients can connect.
    """

    def __init__(
        self, service: Service, started: Callable[[str], object] = lambda url: None
    ) -> None:
        self._service = service
        self._started = started
        self._socket = _bound(service.config.host, service.config.port)
        app = create_app(service, failed=self.stop)
        limits = service.config.limits
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol(limits),
                backlog=BACKLOG,
                timeout_keep_alive=limits.keep_alive_seconds,  # type: ignore[arg-type]
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on",
                ws_max_size=MESSAGE_BYTES,
                ws_ping_interval=limits.ping_seconds,
                # The answer waits behind the audio that was not heard yet; the system notices
                # clients that have vanished.
                ws_ping_timeout=None,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

    @property
    def url(self) -> str:
        """Where it is."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def stop(self) -> None:
        """End soon; from any thread and from a signal handler."""
        self.should_exit = True

    def serve_until_stopped(self) -> None:
        """Serve until :meth:`stop`, SIGINT or SIGTERM.

        Raises:
            WakesoundError: the encoder or the sounds cannot be loaded.
            Exception: what else went wrong while they were.
        """
        try:
            with repeats_counted(*_LOGGERS):
                asyncio.run(self.serve([self._socket]))
        finally:
            self._socket.close()
        if self._service.failure is not None:
            raise self._service.failure

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End cleanly on a signal; unlike the base class, do not raise it again afterwards."""
        before = {}
        with contextlib.suppress(ValueError):  # not in the main thread: somebody else's task
            for number in (signal.SIGINT, signal.SIGTERM):
                before[number] = signal.signal(number, lambda *_: self.stop())
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take connections."""
        await super().startup(sockets)
        if self.started:
            self._socket.listen(QUEUED)  # the server has made it as small as its backlog
            self._started(self.url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything else."""
        self._service.feed.close()
        await super().shutdown(sockets)


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        ConfigError: the address cannot be used.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES)
            listener.listen(QUEUED)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            f"cannot listen at {host} port {port}: {reason}; choose another with --port"
        ) from None
    return listener
