"""Where a service is offered: ``tcp://HOST:PORT``, ``unix:///PATH`` or ``stdio://``."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from wakeword.errors import ConfigError

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
