"""``/``: the web page, and its files at ``/ui/``."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

UI = Path(__file__).parents[3] / "ui"
"""The page's folder: ``index.html`` is served at ``/``, everything at ``/ui/``."""
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The page asks nobody but this server, and a proxy that shows it must be of its own origin."""
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""By the name's end; what the machine thinks of them may be wrong."""

router = APIRouter()


@router.get("/", include_in_schema=False)
async def root() -> Response:
    """The page."""
    return FileResponse(UI / "index.html", media_type=TYPES[".html"], headers=HEADERS)


class PageFiles(StaticFiles):
    """The page's files: a browser asks each time whether they have changed."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """One of them, with its type and what the page may do."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers.update(HEADERS)
        kind = TYPES.get(Path(full_path).suffix)
        if kind is not None and answer.status_code == 200:
            answer.headers["Content-Type"] = f"{kind}; charset=utf-8"
        return answer


def mount(app: FastAPI) -> None:
    """Serve the page's files."""
    app.mount("/ui", PageFiles(directory=UI), name="ui")
