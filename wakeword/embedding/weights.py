"""Where the files are that come with Wakesound.

A model's folder on disk: whether it is one, and which weights it holds.

Weights of the model hub: which are known, and which are in the hub's cache on this machine.

Nothing here or in an encoder touches the network; ``runtime.models.hub.pull`` does, when
it is asked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from wakeword.embedding import weights as checkpoints
from wakeword.errors import EncoderError

_PACKAGE = Path(__file__).parents[1]


def asset(*parts: str) -> Path:
    """Path of a file that is shipped, e.g. ``asset("negatives", "logmel-1.npz")``.

    It lies in the package when that was installed, in ``assets/`` of a source tree otherwise.
    Whether it exists is for the caller to see.
    """
    installed = _PACKAGE / "_assets"
    return (installed if installed.is_dir() else _PACKAGE.parent / "assets").joinpath(*parts)


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


_HUB_ID = re.compile(r"[^\W_][\w.-]*/[^\W_][\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Weights:
    """A checkpoint that is known to work."""

    name: str
    """Its short name as an encoder."""
    hub_id: str
    """Its name on the model hub."""
    megabytes: int
    """About how much is downloaded."""
    licence: str
    """As its page on the hub states."""
    about: str
    """What it is good for, in a few words."""


@dataclass(frozen=True)
class Installed:
    """A checkpoint in the hub's cache on this machine."""

    hub_id: str
    """Its name on the model hub."""
    folder: Path
    """Where it lies."""
    size_bytes: int
    """What it takes on the disk, older versions included."""


KNOWN = (
    Weights("clap:fused", "laion/clap-htsat-fused", 618, "apache-2.0", "the default CLAP"),
    Weights("clap:unfused", "laion/clap-htsat-unfused", 618, "apache-2.0", "for short clips"),
    Weights(
        "clap:general", "laion/larger_clap_general", 780, "apache-2.0", "larger; also music, speech"
    ),
    Weights(
        "clap:music_and_speech",
        "laion/larger_clap_music_and_speech",
        780,
        "apache-2.0",
        "larger; music and speech",
    ),
)
"""The first is the default."""

MODEL_VARIABLE = "CLAP_MODEL"
"""Environment variable that says which model ``clap`` without a variant is."""

_OTHER_NAMES = {"tiny": "unfused", "htsat-tiny": "unfused"}
"""The smallest published checkpoints are the first two: both have the audio network that is
called HTSAT-tiny, and the unfused one does without the layers for long audio."""


def hub_id(name: str = "") -> str:
    """The hub's name of ``fused``, ``clap:fused``, ``clap-fused``, ``clap`` or ``owner/model``.

    ``tiny`` and names such as ``htsat-fused`` are understood too.

    Raises:
        EncoderError: it is none of these.
    """
    short = name.removeprefix("clap:")
    if "/" not in short:
        short = short.removeprefix("clap-")
        short = _OTHER_NAMES.get(short, short.removeprefix("htsat-"))
    if short in ("", "clap"):
        return KNOWN[0].hub_id
    for known in KNOWN:
        if short in (known.hub_id, known.name.removeprefix("clap:")):
            return known.hub_id
    if _HUB_ID.fullmatch(short):
        return short
    raise EncoderError(
        f"there is no CLAP model {short!r}; known: {', '.join(known.name for known in KNOWN)},"
        " or a folder, or a model of the hub by its whole name (owner/model)"
    )


def cached(name: str) -> Path | None:
    """The folder of a model that is in the hub's cache; None if it is not, or not wholly."""
    hub = _hub()
    if hub is None:
        return None
    found = hub.try_to_load_from_cache(hub_id(name), "config.json")
    if not isinstance(found, str):
        return None
    folder = Path(found).parent
    try:
        checkpoints.weights(folder)
    except EncoderError:
        return None
    return folder


def installed() -> list[Installed]:
    """The CLAP checkpoints in the hub's cache; none when the hub's client is not installed."""
    hub = _hub()
    if hub is None:
        return []
    try:
        repositories = hub.scan_cache_dir().repos
    except hub.errors.CacheNotFound:
        return []
    models = sorted((r for r in repositories if r.repo_type == "model"), key=lambda r: r.repo_id)
    found = []
    for model in models:
        folder = cached(model.repo_id) if _HUB_ID.fullmatch(model.repo_id) else None
        if folder is not None and checkpoints.model_type(folder) == "clap":
            found.append(Installed(model.repo_id, folder, model.size_on_disk))
    return found


def _hub() -> Any:
    """The hub's client, or None."""
    try:
        import huggingface_hub
        import huggingface_hub.constants
        import huggingface_hub.errors
    except ImportError:
        return None
    return huggingface_hub
