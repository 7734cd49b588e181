"""Small network of our own, no torch.

A convolutional network over log-mel levels, run by ONNX Runtime on one thread. Part of its
space is shared with the names of AudioSet's classes, so everyday labels work without
examples; free text is for a full CLAP.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.audio.logmel import LogMel
from wakeword.embedding.embedder import checked, filled
from wakeword.embedding.weights import asset
from wakeword.encoders._mini_labels import LabelTable, table
from wakeword.encoders._onnx import open_session
from wakeword.errors import ConfigError, EncoderError, ModelDamaged
from wakeword.protocols import Encoder

log = logging.getLogger(__name__)

VERSION = 3
"""Raise it with each generation of the network, and when windows are prepared in another way."""
MANIFEST = "mini.json"
RATE = 16000
WINDOW_SECONDS = 1.0
FEWEST_FRAMES = 28
"""Shorter windows are prolonged to this: 0.3 s, the pre-roll and one hop."""


class MiniEncoder(Encoder):
    """The small encoder; see :class:`wakeword.protocols.Encoder`.

    Args:
        folder: where its files are: ``mini.json`` and what that names.
        threads: of ONNX Runtime.

    Raises:
        EncoderError: a file is missing, damaged or not what the manifest says.
    """

    spec = "mini"
    rate = RATE
    window_seconds = WINDOW_SECONDS
    short_seconds = 0.5

    def __init__(self, folder: Path, threads: int = 1) -> None:
        about, files = _verified(folder)
        self.dim = int(about["dim"])
        self.id = f"mini-{VERSION}-{about['files']['mini.onnx'][:8]}"
        self.logit_scale = float(about["logit_scale"])
        self._logmel = LogMel(RATE, int(about["bands"]))
        self.frame_samples, self.frame_hop = self._logmel.frame, self._logmel.hop
        self._session = _session(folder / "mini.onnx", threads)
        self._labels: LabelTable = table(json.loads(files["labels.json"]))
        self.vocabulary = (*self._labels.classes, *self._labels.aliases)
        vectors = np.frombuffer(files["labels.f32"], "<f4")
        if vectors.size != len(self._labels.classes) * int(about["text_dim"]):
            raise ModelDamaged(folder / "labels.f32", "does not match labels.json", "mini")
        self._label_vectors = vectors.reshape(len(self._labels.classes), -1)

    def __repr__(self) -> str:
        return f"MiniEncoder({self.id!r})"

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embeddings ``(len(windows), dim) float32``; see :class:`wakeword.protocols.Encoder`.

        Raises:
            AudioFormatError: a window is empty, too long, not mono float32 or not finite.
            EncoderError: the network fails.
        """
        found = checked(windows, round(WINDOW_SECONDS * RATE))
        return self._embed([window_levels(self._logmel, window) for window in found])

    def frames(self, samples: FloatArray) -> FloatArray:
        """Log-mel levels; see :class:`wakeword.protocols.Encoder`."""
        return self._logmel(samples)

    def embed_frames(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embeddings ``(len(windows), dim) float32`` of windows whose levels are known.

        Raises:
            EncoderError: the network fails.
        """
        return self._embed([prolonged(levels) for levels in windows])

    def embed_text(self, labels: Sequence[str]) -> FloatArray:
        """``(len(labels), dim) float32``, each row of length 1 (L2).

        Raises:
            ConfigError: a label is empty.
            EncoderError: a label has no place among those that are known.
        """
        vectors = np.zeros((len(labels), self.dim), np.float32)
        for row, label in enumerate(labels):
            mean = self._label_vectors[self._labels.rows(label)].mean(axis=0)
            # Labels share the last part of the space; the rest tells sources apart.
            vectors[row, self.dim - len(mean) :] = mean / np.linalg.norm(mean)
        return vectors

    def _embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Vectors of log-mel levels, each ``(frames, bands)``."""
        # One by one: in a batch the last bit of a vector would depend on its neighbours, and
        # on one thread a batch is no faster.
        vectors = np.zeros((len(windows), self.dim), np.float32)
        for row, levels in enumerate(windows):
            vectors[row] = self._run(levels[None])[0]
        return vectors

    def _run(self, levels: FloatArray) -> FloatArray:
        try:
            (vectors,) = self._session.run(None, {"levels": levels})
        except Exception as error:  # the runtime's errors share no public base
            raise EncoderError(f"mini failed: {error}") from error
        return np.asarray(vectors, np.float32)


def window_levels(logmel: LogMel, samples: FloatArray) -> FloatArray:
    """Log-mel levels of a window, ``(frames, bands) float32`` in dBFS.

    A window shorter than one frame is filled up with silence; one of too few frames is
    prolonged by its last frame.
    """
    return prolonged(logmel(filled(samples, logmel.frame)))


def prolonged(levels: FloatArray) -> FloatArray:
    """The levels, made ``FEWEST_FRAMES`` long where they are shorter."""
    missing = max(0, FEWEST_FRAMES - len(levels))
    return np.pad(levels, ((0, missing), (0, 0)), mode="edge") if missing else levels


def _verified(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest and the content of its files, once every checksum is right."""
    path = folder / MANIFEST
    try:
        about = json.loads(path.read_bytes())
        sums: Mapping[str, str] = about["files"]
        files = {name: (folder / name).read_bytes() for name in sums}
        float(about["logit_scale"])
        for name in ("dim", "text_dim", "bands"):
            int(about[name])
        lacking = {"mini.onnx", "labels.json", "labels.f32"} - set(sums)
    except FileNotFoundError as error:
        raise ModelDamaged(error.filename, "is missing", "mini") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelDamaged(path, "cannot be read", "mini") from error
    if lacking:
        raise ModelDamaged(path, f"does not name {', '.join(sorted(lacking))}", "mini")
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != sums[name]:
            raise ModelDamaged(folder / name, "is damaged (wrong checksum)", "mini")
    return about, files


def _session(model: Path, threads: int) -> Any:
    try:
        return open_session(model, threads)
    except Exception as error:  # the runtime's errors share no public base
        raise EncoderError(f"mini's network cannot be loaded: {error}") from error


def create(variant: str, device: str) -> MiniEncoder:
    """The encoder that is shipped, or one in a folder of its own.

    Args:
        variant: empty, or a folder that ``python -m training export`` wrote.
        device: it runs on the CPU whatever is asked for, for nothing is faster.

    Raises:
        EncoderError: its files are missing or damaged.
        ConfigError: the variant is not a folder.
    """
    if not variant:
        return MiniEncoder(asset("models", "mini"))
    folder = Path(variant).expanduser()
    if not folder.is_dir():
        raise ConfigError(f"mini's variant is a folder with its files; there is no {variant!r}")
    encoder = MiniEncoder(folder)
    encoder.spec = f"mini:{folder.resolve()}"
    return encoder
