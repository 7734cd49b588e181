"""The server: takes connections and looks after all of them.

Serving from start to end: server, announcement, signals.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import signal
import socket
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from runtime.foreign import printable
from runtime.history.recorder import HistoryWriter, Recorder
from runtime.history.store import History
from runtime.services.wyoming.announce import Address, Announcement
from runtime.services.wyoming.client import Client, Limits, Shared
from runtime.services.wyoming.framing import MAX_LINE_BYTES
from runtime.services.wyoming.sounds import Sounds
from wakeword.engine import Engine, EngineConfig
from wakeword.errors import ConfigError, ServiceError

_log = logging.getLogger(__name__)

MAX_THREADS = 8
_STDIN, _STDOUT = 0, 1
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Seconds, seconds and number of tries: a client that lost its power is noticed."""


class Server:
    """Serves any number of clients with one library. Used within one event loop.

    Args:
        sounds: what to listen for; started and stopped with the server.
        config: settings of the engines.
        threads: how many clients are listened to at the same moment; by default the number
            of processors.
        history: where wakes and near misses are remembered; None remembers none.
        limits: what clients may do.
    """

    def __init__(
        self,
        sounds: Sounds,
        config: EngineConfig | None = None,
        *,
        threads: int | None = None,
        history: History | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._sounds = sounds
        self._config = config or EngineConfig()
        self._pool = ThreadPoolExecutor(threads or _processors(), "wakesound-wyoming")
        self._writer = None if history is None else HistoryWriter(history)
        remember = None if self._writer is None else self._recorder
        self._shared = Shared(sounds, self._config, self._pool, remember, self._limits)
        self._server: asyncio.AbstractServer | None = None
        self._socket_file: tuple[Path, int] | None = None
        self._clients: dict[Client, asyncio.Task[None]] = {}
        self._warned_at, self._unwarned = -math.inf, 0
        self._count = 0

    async def start(self, address: Address) -> Address:
        """Begin to serve; where, with the real port.

        Raises:
            ServiceError: the address is taken or cannot be used.
        """
        await self._sounds.start()
        try:
            if address.kind == "tcp":
                address = await self._start_tcp(address)
            elif address.kind == "unix":
                await self._start_unix(address.path)
            else:
                await self._start_stdio()
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            raise ServiceError(f"{address} cannot be served: {reason}") from None
        self._sounds.load()
        if self._writer is not None:
            self._writer.start()
        return address

    async def wait(self) -> None:
        """Until there is no more to do: the peer of ``stdio://`` has ended, or never.

        Raises:
            WakesoundError: the encoder does not exist or cannot be loaded.
        """
        waits = [asyncio.ensure_future(self._sounds.failure())]
        if self._server is None:
            waits += self._clients.values()
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        waits[0].cancel()
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Take no more, and end all connections."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._clients.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)
        await self._sounds.stop()
        if self._writer is not None:
            await asyncio.to_thread(self._writer.close)
        self._remove_socket_file()

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """What it listens on."""
        return tuple(getattr(self._server, "sockets", ()))

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients)

    # -- ways to connect -------------------------------------------------------------------

    async def _start_tcp(self, address: Address) -> Address:
        self._server = await asyncio.start_server(
            self._accept, address.host, address.port, limit=MAX_LINE_BYTES
        )
        return replace(address, port=self.sockets[0].getsockname()[1])

    async def _start_unix(self, path: Path) -> None:
        _free(path)
        self._server = await asyncio.start_unix_server(
            self._accept, str(path), limit=MAX_LINE_BYTES
        )
        self._socket_file = path, path.stat().st_ino

    async def _start_stdio(self) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
        heard = asyncio.StreamReaderProtocol(reader)
        told = asyncio.StreamReaderProtocol(asyncio.StreamReader())  # for its flow control
        try:
            await loop.connect_read_pipe(lambda: heard, os.fdopen(os.dup(_STDIN), "rb", 0))
            pipe = os.fdopen(os.dup(_STDOUT), "wb", 0)
            transport, _ = await loop.connect_write_pipe(lambda: told, pipe)
        except ValueError:
            raise ServiceError(
                "stdio:// is for a program that talks through pipes; for others serve tcp://"
            ) from None
        writer = asyncio.StreamWriter(transport, told, reader, loop)
        self._welcome(Client("stdio", reader, writer, self._shared))

    def _remove_socket_file(self) -> None:
        if self._socket_file is not None:
            path, inode = self._socket_file
            with contextlib.suppress(OSError):  # newer Pythons have removed it
                if path.stat().st_ino == inode:
                    path.unlink()

    # -- clients ---------------------------------------------------------------------------

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _keep_alive(writer.get_extra_info("socket"))
        self._count += 1
        peer = writer.get_extra_info("peername")
        name = f"client {self._count} ({peer[0]})" if peer else f"client {self._count}"
        if len(self._clients) >= self._limits.clients:
            silent = min(self._clients, key=lambda client: client.last_event)
            self._warn(f"{silent.name} has to make room, as too many are connected")
            self._clients.pop(silent).cancel()
        source = f"wyoming:{peer[0]}" if peer else "wyoming"
        self._welcome(Client(name, reader, writer, self._shared, source))

    def _recorder(self, engine: Engine, source: str, session: str) -> Recorder:
        assert self._writer is not None
        return self._writer.recorder(engine, source=source, session=session, patient=False)

    def _welcome(self, client: Client) -> None:
        self._clients[client] = asyncio.create_task(self._serve(client))
        _log.info("%s is connected", client.name)

    async def _serve(self, client: Client) -> None:
        try:
            fault = await client.run()
            if fault:
                self._warn(f"{client.name} {printable(fault)}")
        except Exception:  # noqa: BLE001 - one client's trouble stays its own
            _log.exception("%s met a fault", client.name)
        finally:
            self._clients.pop(client, None)
            _log.info("%s is gone", client.name)

    def _warn(self, text: str) -> None:
        """Log one line, but not thousands when somebody floods."""
        now = time.monotonic()
        if now - self._warned_at < self._limits.warning_seconds:
            self._unwarned += 1
            return
        more = f" (and {self._unwarned} more warnings like this)" if self._unwarned else ""
        _log.warning("%s%s", text, more)
        self._warned_at, self._unwarned = now, 0


def _processors() -> int:
    """How many this process may use, up to ``MAX_THREADS``."""
    affinity = getattr(os, "sched_getaffinity", None)
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, MAX_THREADS)


def _keep_alive(connection: socket.socket) -> None:
    if connection.family == getattr(socket, "AF_UNIX", None):
        return
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE.items():
            if hasattr(socket, name):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _free(path: Path) -> None:
    """Remove a socket that nobody serves any more.

    Raises:
        ServiceError: somebody does, or it is something else.
        OSError: it cannot be removed.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ServiceError(f"{path} is in the way; it is no socket")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise ServiceError(f"another program serves unix://{path}")


_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


async def serve(
    server: Server,
    address: Address,
    *,
    zeroconf: bool = False,
    started: Callable[[Address], object] = lambda address: None,
) -> None:
    """Serve until a signal comes, or the peer of ``stdio://`` has ended.

    Args:
        server: not yet started.
        address: where.
        zeroconf: announce it in the local network.
        started: called with the address, the real port in it, once clients can connect.

    Raises:
        ConfigError: only ``tcp://`` can be announced.
        WakesoundError: the address is taken, or the encoder cannot be loaded.
    """
    if zeroconf and address.kind != "tcp":
        raise ConfigError(f"{address} is heard on this machine only; --zeroconf needs tcp://")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, stop.set)
    tasks: list[asyncio.Task[Any]] = []
    try:
        started(await server.start(address))
        tasks += [asyncio.create_task(stop.wait()), asyncio.create_task(server.wait())]
        ends = tuple(tasks)
        if zeroconf:
            tasks.append(asyncio.create_task(Announcement(server.sockets).run()))
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.stop()
