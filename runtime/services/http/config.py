"""Settings of the HTTP service: where it listens, who may ask, and how much."""

from __future__ import annotations

import ipaddress
import os
import re
import shlex
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path

from enroll.adding import MOST_TAKES
from runtime.sinks.exec import TOKEN_VARIABLE
from wakeword.errors import ConfigError

HOST, PORT = "127.0.0.1", 7860
"""Where it is served unless something else is said."""
SHORTEST_TOKEN = 16
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")


@dataclass(frozen=True)
class Limits:
    """What one client, and all of them together, may ask for."""

    upload_bytes: int = 25_000_000
    """Body of a request."""
    uploads_bytes: int = 250_000_000
    """Bodies of all requests that are being answered, together."""
    classify_seconds: float = 600.0
    """Length of a recording to classify."""
    take_seconds: float = 60.0
    """Length of a recording that holds takes."""
    samples: int = 40_000_000
    """Of one recording once it is decoded, all channels together."""
    idle_seconds: float = 30.0
    """How long a client may pause while it sends a request."""
    head_seconds: float = 10.0
    """How long the head of a request may take, from the connection or its first byte on."""
    keep_alive_seconds: float = 15.0
    """How long a connection stays without a request."""
    body_bytes_per_second: float = 1000.0
    """A body that has come slower than that for longer than ``idle_seconds`` is given up."""
    wrong_token_seconds: float = 1.0
    """How long the answer to a wrong token takes."""
    silent_seconds: float = 10.0
    """Who sent nothing for so long may have to make room for others."""
    connections: int = 1000
    """Open at once, of all kinds together; fewer where the limit of open files is low."""
    requests: int = 300
    """That are answered or wait at once."""
    event_streams: int = 300
    """Open streams of events."""
    audio_streams: int = 40
    """Open WebSockets that send audio."""
    drafts: int = 8
    """Sounds that are being enrolled at once."""
    draft_takes: int = MOST_TAKES
    """Takes of each of them, and files that may be sent at once to add takes to a sound."""
    draft_idle_seconds: float = 3600.0
    """A draft that nobody has touched for so long is forgotten."""
    mute_seconds: float = 3600.0
    """Longest silence that can be asked for."""
    ping_seconds: float = 20.0
    """How often the client of a WebSocket is sent a ping, which keeps proxies patient."""

    def fitting(self, connections: int) -> Limits:
        """The same where only so many connections can be taken.

        Streams of events get half of them and streams of audio a quarter, so that some are left
        for all else.
        """
        return replace(
            self,
            connections=min(self.connections, connections),
            event_streams=min(self.event_streams, connections // 2),
            audio_streams=min(self.audio_streams, connections // 4),
        )


@dataclass(frozen=True)
class ServerConfig:
    """Where and for whom.

    Raises:
        ConfigError: other machines could ask, or programs be run, without a token; or a setting
            makes no sense.
    """

    host: str = HOST
    """The address to listen at."""
    port: int = PORT
    """0 takes any that is free."""
    token: str = field(default="", repr=False)
    """What clients must know; empty for none."""
    cors: tuple[str, ...] = ()
    """Origins of web pages elsewhere that may ask, as ``https://example.org``."""
    listen: tuple[str, ...] = ()
    """Sources to hear: see ``runtime.sources.open_source``."""
    realtime: bool = True
    """Play recordings among them by the clock."""
    commands: bool = False
    """Whether clients may set hooks that run programs: they can then run anything here."""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.token:
            _check_token(self.token)
        elif not is_loopback(self.host):
            raise ConfigError(
                f"{self.host} can be reached by other machines; give them a token with "
                f"--token-file FILE or {TOKEN_VARIABLE}, or stay at --host {HOST}"
            )
        if self.commands and not self.token:
            raise ConfigError(
                "--allow-commands lets clients run programs here; give them a token with "
                f"--token-file FILE or {TOKEN_VARIABLE}"
            )
        for origin in self.cors:
            if not _ORIGIN.fullmatch(origin):
                raise ConfigError(
                    f"--cors takes the origin of a page, as https://example.org, not {origin!r}"
                )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_token(path: Path | None) -> str:
    """The token: the first line of the file, or the environment's, or none.

    Raises:
        ConfigError: the file cannot be read or is empty, or others can read it too.
    """
    if path is None:
        return os.environ.get(TOKEN_VARIABLE, "").strip()
    try:
        token = path.expanduser().read_text().split("\n", 1)[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError(f"the token cannot be read from {path}: {reason}") from None
    if os.name != "nt" and path.expanduser().stat().st_mode & stat.S_IRWXO:
        raise ConfigError(
            f"every user of this machine can read the token in {path}; "
            f"'chmod 600 {shlex.quote(str(path))}' mends it"
        )
    if not token:
        raise ConfigError(f"there is no token in {path}; put one into its first line")
    return token


def _check_token(token: str) -> None:
    if len(token) < SHORTEST_TOKEN or not re.fullmatch(r"[A-Za-z0-9._~\-]+", token):
        raise ConfigError(
            f"a token has at least {SHORTEST_TOKEN} characters out of letters, digits and - . _ ~; "
            "'python -c \"import secrets; print(secrets.token_urlsafe())\"' makes one"
        )
