"""Who may ask: a token for other machines, the right names and pages for this one.

A web page anywhere can make its visitor's browser send requests to this machine, under a name
of its own that leads here (DNS rebinding) or from its own origin. So without a token only
loopback names are answered, and nothing is changed for a page that came from elsewhere.
A request that carries the token proves more than either.
"""

from __future__ import annotations

import asyncio
import hmac
from urllib.parse import SplitResult, parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from runtime.services.http.config import ServerConfig, is_loopback
from runtime.services.http.problems import Refusal

SUBPROTOCOL = "wakesound.bearer"
"""A WebSocket of a browser names this and then the token as its subprotocols."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OPEN_PATHS = ("/health", "/health/ready")
"""Answered without a token, and then without details."""
POLICY_VIOLATION = 1008
"""The code that closes a WebSocket."""


class Guard:
    """Lets through what is allowed; ``scope["state"]["trusted"]`` says whether all is told.

    Args:
        app: what is guarded.
        config: token, origins and address.
    """

    def __init__(self, app: ASGIApp, config: ServerConfig) -> None:
        self._app = app
        self._token = config.token
        self._pause = config.limits.wrong_token_seconds
        self._cors = frozenset(config.cors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._check_token(scope, headers) if self._token else None
        scope.setdefault("state", {})["trusted"] = refusal is None
        if refusal is not None and _open(scope):
            refusal = None
        elif refusal is not None and _given(scope, headers):
            await asyncio.sleep(self._pause)  # who guesses has to wait
        elif not self._token:
            refusal = self._check_host(headers) or self._check_origin(scope, headers)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refuse(refusal, scope, receive, send)

    def _check_token(self, scope: Scope, headers: Headers) -> Refusal | None:
        given = _given(scope, headers)
        if any(hmac.compare_digest(token.encode(), self._token.encode()) for token in given):
            return None
        detail = (
            "this token is wrong"
            if given
            else "a token is needed: send the header 'Authorization: Bearer TOKEN'"
        )
        return Refusal(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})

    def _check_host(self, headers: Headers) -> Refusal | None:
        host = _split(f"//{headers.get('host', '')}").hostname if _sane(headers) else None
        if host and (is_loopback(host) or host == "localhost"):
            return None
        return Refusal(
            403,
            "wrong_host",
            "without a token only localhost and 127.0.0.1 are answered; start the server with "
            "--token-file to use it by another name",
        )

    def _check_origin(self, scope: Scope, headers: Headers) -> Refusal | None:
        origin = headers.get("origin")
        if origin is None or (scope["type"] == "http" and scope["method"] in SAFE_METHODS):
            return None
        if origin in self._cors or _split(origin).netloc == headers.get("host"):
            return None
        return Refusal(
            403,
            "foreign_page",
            "this page may not change anything here; start the server with --cors and the "
            "page's origin to allow it",
        )


async def refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a refusal, also where a WebSocket was asked for."""
    answer: Response = refusal.answer()
    if scope["type"] == "http":
        await answer(scope, receive, send)
    elif "websocket.http.response" in scope.get("extensions", {}):
        await receive()
        await send(
            {
                "type": "websocket.http.response.start",
                "status": answer.status_code,
                "headers": answer.raw_headers,
            }
        )
        await send({"type": "websocket.http.response.body", "body": answer.body})
    else:
        await receive()
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})


def _open(scope: Scope) -> bool:
    """Whether this may be asked without a token: the state, and a page that asks for one."""
    if scope["type"] != "http" or scope["method"] not in SAFE_METHODS:
        return False
    path = scope["path"]
    return path in OPEN_PATHS or path == "/" or path.startswith("/ui/")


def _sane(headers: Headers) -> bool:
    """Whether there is one host of usual characters."""
    hosts = headers.getlist("host")
    return len(hosts) == 1 and all(c.isalnum() or c in ".-:[]_" for c in hosts[0])


def _split(address: str) -> SplitResult:
    """An address, taken apart; nothing of one that is none."""
    try:
        return urlsplit(address)
    except ValueError:  # a bracket too few
        return urlsplit("")


def _given(scope: Scope, headers: Headers) -> list[str]:
    """The tokens that the request brings.

    A browser sends no headers of its own with an EventSource, an audio element or a
    WebSocket: for what only reads, and for WebSockets, the address may hold the token.
    """
    kind, _, token = headers.get("authorization", "").partition(" ")
    found = [token.strip()] if kind.lower() == "bearer" else []
    if scope["type"] == "websocket" or scope["method"] in SAFE_METHODS:
        query = scope.get("query_string", b"").decode("latin-1")
        found += parse_qs(query).get("token", [])
    if scope["type"] == "websocket":
        named = scope.get("subprotocols", [])
        if SUBPROTOCOL in named:
            found += [name for name in named if name != SUBPROTOCOL]
    return found
