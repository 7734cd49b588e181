"""Fetching one large file: goes on where it stopped, is checked before it counts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
from filelock import FileLock, Timeout

from wakeword.errors import EncoderError

Progress = Callable[[int, int], object]
"""Is told ``(bytes that are here, bytes in all)`` now and then."""

_CHUNK = 1 << 20
_TIMEOUT_SECONDS = 20.0


def fetch(url: str, target: Path, size: int, sha256: str, progress: Progress) -> None:
    """Download ``url`` to ``target``, which appears only when it is whole and right.

    What has arrived is kept beside it as ``<name>.part``, so a later call, also of another
    process, continues there. A lost connection is taken up again as long as that brings
    anything new.

    Args:
        url: where it is; http(s).
        target: where it goes; the folder is made.
        size: its length in bytes.
        sha256: its checksum, in hex.
        progress: is told how far it is.

    Raises:
        EncoderError: no connection, no room, damaged, or being fetched by another process.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{part}.lock", timeout=0):
            _fill(part, url, size, progress)
            if _sha256(part) != sha256:
                part.unlink()
                raise EncoderError(f"{url} arrived damaged and was removed; fetch it again")
            part.replace(target)
    except Timeout as error:
        raise EncoderError(f"{url} is being fetched by another process; wait for it") from error
    except OSError as error:
        raise EncoderError(f"{target} cannot be stored: {error.strerror or error}") from error


def _fill(part: Path, url: str, size: int, progress: Progress) -> None:
    """Bring ``part`` to its full length, in as many attempts as bring something."""
    here = _length(part)
    while here < size:
        before = here
        try:
            _receive(part, url, size, progress)
            here = _length(part)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            here = _length(part)
            if here <= before or isinstance(error, httpx.HTTPStatusError):
                raise EncoderError(
                    f"no connection to {url} ({str(error).partition(chr(10))[0]}):"
                    f" {here / 1e6:.0f} of {size / 1e6:.0f} MB are here, the next attempt goes on"
                    " from there"
                ) from error


def _receive(part: Path, url: str, size: int, progress: Progress) -> None:
    """Append what one connection gives, as far as it goes."""
    here = _length(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
    with httpx.stream(
        "GET", url, headers=headers, timeout=_TIMEOUT_SECONDS, follow_redirects=True
    ) as answer:
        answer.raise_for_status()
        if answer.status_code != httpx.codes.PARTIAL_CONTENT:
            here = 0  # it sends everything, asked for or not
        with part.open("ab" if here else "wb") as out:
            for chunk in answer.iter_raw():
                here += out.write(chunk[: size - here])
                progress(here, size)
    if here < size:
        raise httpx.RemoteProtocolError("the connection was closed early")


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    state = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            state.update(chunk)
    return state.hexdigest()
