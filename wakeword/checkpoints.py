"""A model's folder on disk: whether it is one, and which weights it holds."""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path

from wakeword.errors import EncoderError

_CHUNK = 1 << 20


def weights(folder: Path) -> list[Path]:
    """The files with the weights: safetensors if there are any, else PyTorch's own format.

    Raises:
        EncoderError: the folder holds none.
    """
    for stem, suffix in (("model", "safetensors"), ("pytorch_model", "bin")):
        whole = folder / f"{stem}.{suffix}"
        found = [whole] if whole.is_file() else sorted(folder.glob(f"{stem}-*-of-*.{suffix}"))
        if found:
            return found
    raise EncoderError(f"{folder} holds no weights (model.safetensors or pytorch_model.bin)")


def model_type(folder: Path) -> str:
    """What the folder's ``config.json`` says the model is, e.g. ``"clap"``.

    Raises:
        EncoderError: there is no such folder, or no readable ``config.json`` in it.
    """
    config = folder / "config.json"
    if not folder.is_dir():
        raise EncoderError(f"there is no folder {folder}")
    if not config.is_file():
        raise EncoderError(f"{folder} is not a model checkpoint: it has no config.json")
    try:
        content = json.loads(config.read_text(encoding="utf-8"))
        return str(content["model_type"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(f"{config} is damaged or not a model's configuration") from error


def digest(folder: Path, *, salt: str = "") -> str:
    """Sixteen hex digits that stand for all that decides about the vectors of a checkpoint.

    These are the weights, the model's configuration and the front end's parameters: every
    byte of them, so the digest is the same wherever the folder lies and changes with any
    weight. It takes about a second per gigabyte.

    Args:
        folder: the checkpoint.
        salt: what else decides, e.g. the version of the code around the model.

    Raises:
        EncoderError: there are no weights, or a file cannot be read.
    """
    state = blake2b(salt.encode(), digest_size=8)
    names = ("config.json", "preprocessor_config.json", "processor_config.json")
    files = [folder / name for name in names if (folder / name).is_file()] + weights(folder)
    try:
        for file in files:
            state.update(f"\0{file.name}\0{file.stat().st_size}\0".encode())
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    state.update(chunk)
    except OSError as error:
        raise EncoderError(f"{folder} cannot be read: {error}") from error
    return state.hexdigest()
