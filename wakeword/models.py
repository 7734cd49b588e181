"""Weights of the model hub: which are known, and which are in the hub's cache on this machine.

Nothing here or in an encoder touches the network; ``runtime.hub.pull`` does, when it is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wakeword import checkpoints
from wakeword.errors import EncoderError

_HUB_ID = re.compile(r"[^\W_][\w.-]*/[^\W_][\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Weights:
    """A checkpoint that is known to work."""

    name: str
    """What ``--encoder`` and ``models pull`` call it."""
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
