"""Fetching a model from the model hub, only ever on command."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runtime import download
from runtime.download import Progress
from wakeword import checkpoints, models
from wakeword.errors import EncoderError, MissingExtra

_STORAGE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)


def pull(name: str = "", progress: Progress | None = None) -> Path:
    """Fetch a model into the hub's cache; a broken download goes on, every file is checked.

    Args:
        name: as for ``wakeword.models.hub_id``.
        progress: is told ``(bytes here, bytes in all)`` of the weights; nothing is printed.

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
        # The client takes over what is there, fetches the small files and files them all.
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

    The client itself starts a file anew after an interruption, and does not check it.
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
            download.fetch(place, blob, file.lfs.size, file.lfs.sha256, part_of_all)
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
    """Turn whatever the hub's client raises into one line that says what to do."""
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
    return (str(error).strip() or type(error).__name__).splitlines()[0]
