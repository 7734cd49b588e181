"""Where a service is offered: ``tcp://HOST:PORT``, ``unix:///PATH`` or ``stdio://``.

Telling the local network about the service, so that Home Assistant offers it by itself.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from runtime.services.wyoming.sounds import PROGRAM
from wakeword.errors import ConfigError, MissingExtra

_EXAMPLES = "tcp://127.0.0.1:10400, unix:///run/wakesound.sock or stdio://"


@dataclass(frozen=True)
class Address:
    """A place to connect to."""

    kind: Literal["tcp", "unix", "stdio"]
    host: str = ""
    port: int = 0
    """0 stands for any free one."""
    path: Path = Path()

    @staticmethod
    def parse(uri: str) -> Address:
        """Read a URI.

        Raises:
            ConfigError: it is none of the three kinds, or misses something.
        """
        try:
            parts = urlsplit(uri)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise ConfigError(f"{uri!r} is no address: {error}; say {_EXAMPLES}") from None
        if parts.query or parts.fragment or parts.username:
            raise ConfigError(f"{uri!r} holds more than an address; say {_EXAMPLES}")
        if parts.scheme == "tcp" and host and port is not None and parts.path in ("", "/"):
            return Address("tcp", host=host, port=port)
        if parts.scheme == "unix" and not parts.netloc and len(parts.path) > 1:
            return Address("unix", path=Path(parts.path))
        if parts.scheme == "stdio" and not parts.netloc and not parts.path:
            return Address("stdio")
        raise ConfigError(f"{uri!r} is no address that can be served; say {_EXAMPLES}")

    def __str__(self) -> str:
        if self.kind == "tcp":
            host = f"[{self.host}]" if ":" in self.host else self.host
            return f"tcp://{host}:{self.port}"
        return f"unix://{self.path}" if self.kind == "unix" else "stdio://"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        if self.kind != "tcp" or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


_log = logging.getLogger(__name__)

TYPE = "_wyoming._tcp.local."
LOOK_SECONDS = 30.0


class Announcement:
    """Says where the service is, by multicast DNS, until it is stopped.

    A socket that is bound to all addresses (0.0.0.0) is announced with those that this
    machine has, also when they change.

    Args:
        sockets: what the service listens on.
        name: under which it is announced.
        look_seconds: how often is looked whether the machine's addresses have changed.

    Raises:
        MissingExtra: the package ``zeroconf`` is not installed.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        name: str = "",
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        try:
            import zeroconf  # noqa: F401
        except ImportError:
            raise MissingExtra("--zeroconf", "wyoming") from None
        self._look_seconds = look_seconds
        self._bound = [ipaddress.ip_address(s.getsockname()[0]) for s in sockets]
        self._port = int(sockets[0].getsockname()[1])
        self._host = socket.gethostname().partition(".")[0] or "localhost"
        self._name = name or f"{PROGRAM}-{self._host}"

    async def run(self) -> None:
        """Announce it until cancelled; where that cannot be done, log it and go without."""
        from zeroconf import Error

        try:
            await self._run()
        except (OSError, Error) as error:
            _log.warning(
                "the service cannot be announced in the network: %s",
                str(error) or type(error).__name__,
            )

    async def _run(self) -> None:
        from zeroconf import InterfaceChoice
        from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

        def info() -> AsyncServiceInfo:
            return AsyncServiceInfo(
                TYPE,
                f"{self._name}.{TYPE}",
                addresses=[address.packed for address in told],
                port=self._port,
                server=f"{self._host}-{PROGRAM}.local.",
            )

        told = reachable(self._bound)
        interfaces: list[str] | InterfaceChoice = InterfaceChoice.All
        if all(address.is_loopback for address in told):
            interfaces = [str(a) for a in told if a.version == 4] or interfaces
        zeroconf = AsyncZeroconf(interfaces=interfaces)
        try:
            service = info()
            await (await zeroconf.async_register_service(service, allow_name_change=True))
            _log.info("announced as %s at %s", service.name, ", ".join(map(str, told)))
            self._name = service.name.removesuffix(f".{TYPE}")
            while True:
                await asyncio.sleep(self._look_seconds)
                now = reachable(self._bound)
                if now != told:
                    told = now
                    await (await zeroconf.async_update_service(info()))
                    _log.info("now announced at %s", ", ".join(map(str, told)))
        finally:
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()


_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


def reachable(bound: Iterable[_Ip]) -> list[_Ip]:
    """Where others find what is bound to these; never 0.0.0.0 or ::."""
    found: set[_Ip] = set()
    for address in bound:
        found |= {address} if not address.is_unspecified else _own(address.version)
    outside = {address for address in found if not address.is_loopback}
    return sorted(outside or found, key=lambda address: (address.version, address.packed))


def _own(version: int) -> set[_Ip]:
    """The addresses of this machine; a socket bound to :: takes both kinds."""
    import ifaddr

    found: set[_Ip] = set()
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            address = ipaddress.ip_address(text)
            if address.version <= version and not address.is_link_local:
                found.add(address)
    return found
