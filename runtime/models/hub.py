"""Downloads of models from the model hub, only ever on command.

The hub's client lists a model, fetches its small files and files everything. Large files are
transferred here: the client keeps nothing of a download that broke off, writes in pieces of 10 MB
that a broken connection loses, and verifies no checksum.
"""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock, Timeout

from runtime.foreign import printable
from wakeword.embedding import weights as checkpoints
from wakeword.embedding import weights as models
from wakeword.errors import EncoderError, MissingExtra

Progress = Callable[[int, int], object]
"""Called with ``(bytes that have arrived, bytes in all)``."""

_CHUNK = 1 << 20
_TIMEOUT_SECONDS = 20.0


def fetch(url: str, target: Path, size: int, sha256: str, progress: Progress) -> None:
    """Download ``url`` to ``target``, which appears only when it is complete and verified.

    The part that has arrived is kept beside it as ``<name>.part``, so a later call, also of
    another process, continues there. A lost connection is resumed as long as each attempt
    brings new data.

    Args:
        url: http(s).
        target: the file; its folder is made.
        size: its length in bytes; no more is stored.
        sha256: its checksum, in hex.
        progress: called as the file grows.

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
    """Bring ``part`` to its full length, in as many attempts as bring new data."""
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
                    f"no connection to {url} ({_first_line(error)}):"
                    f" {here / 1e6:.0f} of {size / 1e6:.0f} MB are here, the next attempt goes on"
                    " from there"
                ) from error


def _receive(part: Path, url: str, size: int, progress: Progress) -> None:
    """Append the data of one connection."""
    here = _length(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
    with httpx.stream(
        "GET", url, headers=headers, timeout=_TIMEOUT_SECONDS, follow_redirects=True
    ) as answer:
        answer.raise_for_status()
        if answer.status_code != httpx.codes.PARTIAL_CONTENT:
            here = 0  # it sends the whole file
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


_STORAGE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)


def pull(name: str = "", progress: Progress | None = None) -> Path:
    """Fetch a model into the hub's cache; broken downloads go on, large files are verified.

    Args:
        name: as for ``wakeword.embedding.weights.hub_id``.
        progress: called with ``(bytes that have arrived, bytes in all)`` of the weights.

    Returns:
        The folder of the model.

    Raises:
        EncoderError: no such model, no connection, no room, or a file arrived damaged.
        MissingExtra: the hub's client is not installed.
    """
    model = models.hub_id(name)
    hub = _client()
    with _told_plainly(hub, model), _quiet(hub):
        listing = hub.HfApi().model_info(model, timeout=10, files_metadata=True)
        files = _needed(model, listing.siblings or [])
        _fetch_large(hub, model, listing.sha, files, progress or (lambda here, size: None))
        # The client finds the large files, fetches the small ones and files them all.
        folder = Path(
            hub.snapshot_download(model, allow_patterns=[file.rfilename for file in files])
        )
        checkpoints.weights(folder)
    return folder


def _client() -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.constants
        import huggingface_hub.errors
        import huggingface_hub.utils
    except ImportError as error:
        raise MissingExtra("fetching models", "clap") from error
    return huggingface_hub


def _needed(model: str, files: list[Any]) -> list[Any]:
    """The files to fetch: one format of the weights, the configuration, the tokenizer."""
    names = [file.rfilename for file in files if "/" not in file.rfilename]
    chosen = {name for name in names if name.endswith((".json", ".txt", ".spm"))}
    for pattern in (r"model(-\d+-of-\d+)?\.safetensors", r"pytorch_model(-\d+-of-\d+)?\.bin"):
        found = {name for name in names if re.fullmatch(pattern, name)}
        if found:
            return [file for file in files if file.rfilename in chosen | found]
    raise EncoderError(f"{model} on the model hub holds no weights that can be used here")


def _fetch_large(hub: Any, model: str, commit: str, files: list[Any], progress: Progress) -> None:
    """Put the large files where the hub's client keeps them, under their checksums.

    The client starts a file again after an interruption, and does not verify it.
    """
    blobs = Path(hub.constants.HF_HUB_CACHE, f"models--{model.replace('/', '--')}", "blobs")
    large = [file for file in files if file.lfs is not None]
    total, before = sum(file.lfs.size for file in large), 0
    for file in large:
        blob = blobs / file.lfs.sha256
        if not blob.exists():
            url = hub.hf_hub_url(model, file.rfilename, revision=commit)
            place = hub.get_hf_file_metadata(url).location  # past the redirect and the log-in
            part_of_all = _shifted(progress, before, total)
            fetch(place, blob, file.lfs.size, file.lfs.sha256, part_of_all)
        before += file.lfs.size
        progress(before, total)


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    """Report on one file as part of all of them."""
    return lambda here, size: progress(before + here, total)


@contextmanager
def _quiet(hub: Any) -> Iterator[None]:
    """Without the client's own progress bars."""
    shown = not hub.utils.are_progress_bars_disabled()
    if shown:
        hub.utils.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            hub.utils.enable_progress_bars()


@contextmanager
def _told_plainly(hub: Any, model: str) -> Iterator[None]:
    """Turn every error of the hub's client into one line with the next step."""
    try:
        yield
    except EncoderError:
        raise
    except hub.errors.RepositoryNotFoundError as error:
        raise EncoderError(f"the model hub has no model {model} open to all") from error
    except hub.errors.HfHubHTTPError as error:
        raise EncoderError(f"the model hub refused {model}: {_first_line(error)}") from error
    except hub.errors.HFValidationError as error:
        raise EncoderError(f"{model!r} is no name of a model: {_first_line(error)}") from error
    except (hub.errors.HTTPError, OSError) as error:  # the first is its HTTP library's own
        if getattr(error, "errno", None) in _STORAGE:
            raise EncoderError(f"{model} cannot be stored: {_first_line(error)}") from error
        raise EncoderError(
            f"no connection to the model hub at {hub.constants.ENDPOINT} ({_first_line(error)});"
            " pull again when there is a network, or copy the model's folder from another"
            " machine and use --encoder clap:FOLDER"
        ) from error


def _first_line(error: Exception) -> str:
    return printable((str(error).strip() or type(error).__name__).splitlines()[0])
