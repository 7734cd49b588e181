"""A web client that waits no longer and reads no more than it was told.

The timeouts of an HTTP library hold for each read alone: a server that sends one byte now and then
is never late for it, and one that never ends fills the memory. Here an attempt has one deadline for
all of it (name, connection, encryption, head and body), and the body a largest size.
"""

from __future__ import annotations

import contextlib
import math
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from runtime.threads import Worker

ANSWER_BYTES = 64 * 1024
"""Of an answer that is only looked at, no more is read."""
_PART_BYTES = 64 * 1024


class BoundedTransport(httpx.BaseTransport):
    """What an ``httpx.Client`` sends its requests by. Several threads may use it.

    Within :meth:`within`, whatever takes longer ends with ``httpx.TimeoutException``.

    Args:
        verify: how a server's certificate is checked.
        proxy: the HTTP proxy to go through, ``http://USER:PASSWORD@HOST:PORT``; empty for none.
    """

    def __init__(self, verify: ssl.SSLContext | None = None, proxy: str = "") -> None:
        self._backend = _Backend()
        options: dict[str, Any] = {
            "ssl_context": verify or httpx.create_ssl_context(),
            "max_connections": None,
            "max_keepalive_connections": 4,
            "keepalive_expiry": 5.0,
            "network_backend": self._backend,
        }
        if proxy:
            known = httpx.Proxy(proxy)
            options |= {"proxy_url": str(known.url), "proxy_auth": known.raw_auth}
        self._pool = httpcore.HTTPProxy(**options) if proxy else httpcore.ConnectionPool(**options)

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What this thread asks for in the block has to be done so soon, answers read and all."""
        with self._backend.deadline.within(seconds):
            yield

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is not read yet.

        Raises:
            httpx.TimeoutException: it was not done in time.
            httpx.TransportError: there is no connection, or no answer that makes sense.
        """
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _in_httpx_words(request):
            answer = self._pool.handle_request(asked)
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream, request),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def proxy_of(url: str) -> str:
    """The HTTP proxy that the environment names for an address; empty for none."""
    parts = httpx.URL(url)
    if proxy_bypass(parts.host):
        return ""
    known = getproxies()
    proxy = known.get(parts.scheme, known.get("all", ""))
    proxy = proxy if "://" in proxy or not proxy else f"http://{proxy}"
    return proxy if proxy.startswith(("http://", "https://")) else ""


def beginning(response: httpx.Response, most_bytes: int = ANSWER_BYTES) -> bytes:
    """The body of an answer as far as ``most_bytes``; what is longer is closed and cut off.

    It is not unpacked: ask for ``Accept-Encoding: identity``.

    Raises:
        httpx.TimeoutException: it did not come in time.
        httpx.TransportError: the connection was lost.
    """
    found = bytearray()
    for chunk in response.iter_raw():
        found += chunk
        if len(found) > most_bytes:
            response.close()
            break
    return bytes(found[:most_bytes])


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any, request: httpx.Request) -> None:
        self._stream = stream
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        with _in_httpx_words(self._request):
            yield from self._stream

    def close(self) -> None:
        with contextlib.suppress(Exception):  # it is not used any more, however it ends
            self._stream.close()


@contextlib.contextmanager
def _in_httpx_words(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except (httpcore.ProtocolError, httpcore.ProxyError) as error:
        raise httpx.RemoteProtocolError(str(error), request=request) from error
    except (httpcore.NetworkError, httpcore.ConnectionNotAvailable, RuntimeError) as error:
        raise httpx.ReadError(str(error), request=request) from error


class _Deadline(threading.local):
    """When the calling thread has to be done."""

    at: float | None = None

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        before, self.at = self.at, time.monotonic() + seconds
        try:
            yield
        finally:
            self.at = before

    def left(self, timeout: float | None, late: type[Exception]) -> float | None:
        """How long one operation may take, in seconds; None is for ever."""
        if self.at is None or math.isinf(self.at):
            return timeout
        left = self.at - time.monotonic()
        if left <= 0:
            raise late("the time is over")
        return left if timeout is None else min(timeout, left)


class _Backend(httpcore.NetworkBackend):
    """Connections that know the deadline of whoever uses them."""

    def __init__(self) -> None:
        self.deadline = _Deadline()
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of the host that answers, all of them in one time."""
        with self.deadline.within(self._most(timeout)):
            failure: Exception = httpcore.ConnectError(f"{host} has no address")
            for address in self._addresses(host, port):
                left = self.deadline.left(None, httpcore.ConnectTimeout)
                try:
                    stream = self._plain.connect_tcp(
                        address, port, left, local_address, socket_options
                    )
                except httpcore.ConnectError as error:
                    failure = error
                else:
                    return _Stream(stream, self.deadline)
            raise failure

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._plain.sleep(seconds)

    def _most(self, timeout: float | None) -> float:
        left = self.deadline.left(timeout, httpcore.ConnectTimeout)
        return math.inf if left is None else left

    def _addresses(self, host: str, port: int) -> list[str]:
        """Look up the host. The system's own look-up cannot be interrupted, only left alone."""
        found: list[str] = []

        def look_up() -> None:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(entry[4][0]) for entry in entries))

        worker = Worker("wakesound-look-up", look_up, carry=True)
        worker.start()
        worker.join(self.deadline.left(None, httpcore.ConnectTimeout))
        if worker.is_alive():
            raise httpcore.ConnectTimeout(f"the name {host} was not found in time")
        if worker.error is not None:
            raise httpcore.ConnectError(str(worker.error))
        return found


class _Stream(httpcore.NetworkStream):
    """A connection of the library; each operation takes what is left of the time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for offset in range(0, len(buffer), _PART_BYTES):
            left = self._deadline.left(timeout, httpcore.WriteTimeout)
            self._stream.write(buffer[offset : offset + _PART_BYTES], left)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # wakes a thread that waits for it
            self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
