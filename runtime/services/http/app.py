"""The application: endpoints, limits and errors around one service."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.services.http.auth import Guard
from runtime.services.http.problems import install_handlers
from runtime.services.http.routes import (
    archive,
    classify,
    draft_takes,
    drafts,
    drawing,
    events,
    health,
    history,
    hooks,
    labels,
    listening,
    monitor,
    patterns,
    root,
    sounds,
    stream,
    takes,
)
from runtime.services.http.service import Service
from runtime.services.http.uploads import RequestLimits
from wakeword import __version__

_ROUTERS = (
    classify,
    labels,
    drawing,
    sounds,
    takes,
    patterns,
    archive,
    hooks,
    drafts,
    draft_takes,
    events,
    listening,
    history,
    stream,
    monitor,
    health,
    root,
)
_DESCRIPTION = """Wake a device with your own sound.

Errors are JSON: `{"error": CODE, "detail": WHAT IS WRONG AND WHAT TO DO NEXT}`.

`/ws` and `/monitor` are WebSockets: raw audio in, events and alerts out. They are not described
here, see the documentation.
"""


def create_app(service: Service, *, failed: Callable[[], object] = lambda: None) -> FastAPI:
    """The ASGI application. The service is loaded when it starts and closed when it ends.

    Args:
        service: what it serves.
        failed: called when the service cannot be loaded; ``service.failure`` says why.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.feed.bind()
        loading = asyncio.create_task(_load(service, failed))
        try:
            yield
        finally:
            service.feed.close()
            await loading
            await asyncio.to_thread(service.close)

    app = FastAPI(
        title="Wakesound",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    if service.config.token:
        app.openapi = _with_token(app.openapi)  # type: ignore[method-assign]
    for module in _ROUTERS:
        app.include_router(module.router)
    root.mount(app)
    install_handlers(app)
    config = service.config
    app.add_middleware(RequestLimits, limits=config.limits)
    app.add_middleware(Guard, config=config)
    if config.cors:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(config.cors),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        )
    app.add_middleware(_Counting, service=service)
    return app


def _with_token(describe: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """The OpenAPI document of a server that asks for the token."""

    def described() -> dict[str, Any]:
        document = describe()
        schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["token"] = {"type": "http", "scheme": "bearer"}
        document["security"] = [{"token": []}]
        return document

    return described


async def _load(service: Service, failed: Callable[[], object]) -> None:
    try:
        await asyncio.to_thread(service.load)
    except Exception:  # noqa: BLE001 - kept in service.failure; who serves raises it
        failed()


class _Counting:
    """Counts requests by the route that answered them.

    Args:
        app: what answers.
        service: whose metrics are told.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._metrics = service.metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            known = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.requests.labels(known, route, str(status)).inc()
            if route != "/events":
                self._metrics.request_seconds.labels(route).observe(time.perf_counter() - began)


_METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PUT")
