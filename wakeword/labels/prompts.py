"""The sentences that stand for labels, and those that stand for everything else.

Embeddings of text, kept on disk: a label is only ever read once by an encoder.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.errors import ConfigError, LibraryError
from wakeword.labels.glossary import glossary
from wakeword.library.storage import write_bytes
from wakeword.protocols import Encoder

TEMPLATE = "This is a sound of {}."
"""What CLAP was shown in training, and what transformers' pipeline says too."""
BARE = "{}"
"""The label alone, for encoders that know names, not sentences."""

BACKGROUND = (
    "silence",
    "speech",
    "music",
    "white noise",
    "wind",
    "hum",
    "traffic noise",
    "crowd noise",
    "rustling",
    "breathing",
)
"""What a home sounds like when nothing happens: the built-in competitors of every label."""


def default_templates(encoder: Encoder) -> tuple[str, ...]:
    """The template that suits the encoder: the label alone where it has a vocabulary."""
    return (BARE,) if vocabulary(encoder) is not None else (TEMPLATE,)


def vocabulary(encoder: Encoder) -> frozenset[str] | None:
    """The names that the encoder knows; None when it reads any text."""
    return None if encoder.vocabulary is None else frozenset(encoder.vocabulary)


def everyday(encoder: Encoder) -> tuple[str, ...]:
    """The background and all the glossary's sounds that the encoder knows.

    For watching a stream: what is heard there may be anything, and a label should be likelier
    than all of it.
    """
    known = vocabulary(encoder)
    names = [name for name in glossary().everyday if known is None or name in known]
    return tuple(dict.fromkeys([*BACKGROUND, *names]))


def checked_templates(templates: Sequence[str]) -> tuple[str, ...]:
    """The same templates, each with one place for the label.

    Raises:
        ConfigError: there is none, or one has no place or several.
    """
    if not templates:
        raise ConfigError("there must be at least one template, e.g. 'This is a sound of {}.'")
    for template in templates:
        if template.count("{}") != 1 or "{" in template.replace("{}", ""):
            raise ConfigError(
                f"the template {template!r} needs exactly one {{}}, where the label goes"
            )
    return tuple(templates)


def filled(template: str, text: str) -> str:
    """The template with the label in its place."""
    return template.replace("{}", text)


_log = logging.getLogger(__name__)

_CHECKSUM = 8
"""Bytes before the numbers of a file."""


class TextCache:
    """A folder with a file for each text and encoder.

    Files are written whole or not at all, so processes may share it and a kill harms nothing.
    What is damaged or cannot be written is computed again: the cache is never needed.

    Args:
        folder: made when the first text is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, encoder_id: str, text: str) -> Path:
        """Where the embedding of a text is, or would be."""
        place = re.sub(r"[^\w.-]", "-", encoder_id)
        name = blake2b(f"{encoder_id}\0{text}".encode(), digest_size=16).hexdigest()
        return self.folder / place / f"{name}.f32"

    def vectors(
        self,
        encoder_id: str,
        texts: Sequence[str],
        dim: int,
        embed: Callable[[Sequence[str]], FloatArray],
    ) -> FloatArray:
        """``(len(texts), dim) float32``: what is kept, and what ``embed`` gives for the rest."""
        found = [self._read(self.path(encoder_id, text), dim) for text in texts]
        missing = [row for row, vector in enumerate(found) if vector is None]
        if missing:
            fresh = embed([texts[row] for row in missing])
            for row, vector in zip(missing, fresh, strict=True):
                found[row] = vector
                self._write(self.path(encoder_id, texts[row]), vector)
        rows = [vector for vector in found if vector is not None]
        return np.stack(rows) if rows else np.zeros((0, dim), np.float32)

    def _read(self, path: Path, dim: int) -> FloatArray | None:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.info("%s cannot be read: %s", path, error)
            return None
        checksum, numbers = content[:_CHECKSUM], content[_CHECKSUM:]
        if checksum != _checksum(numbers) or len(numbers) != 4 * dim:
            _log.info("%s is damaged and is made anew", path)
            return None
        return np.frombuffer(numbers, "<f4").astype(np.float32)

    def _write(self, path: Path, vector: FloatArray) -> None:
        numbers = np.asarray(vector, "<f4").tobytes()
        try:
            write_bytes(path, _checksum(numbers) + numbers)
        except LibraryError as error:
            _log.info("the embedding of a label is not kept: %s", error)


def _checksum(numbers: bytes) -> bytes:
    return blake2b(numbers, digest_size=_CHECKSUM).digest()
