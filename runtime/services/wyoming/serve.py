"""Serving from start to end: server, announcement, signals."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from typing import Any

from runtime.services.wyoming.address import Address
from runtime.services.wyoming.announce import Announcement
from runtime.services.wyoming.server import Server
from wakeword.errors import ConfigError

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
