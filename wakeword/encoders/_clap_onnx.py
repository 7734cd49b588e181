"""A CLAP exported to ONNX: ONNX Runtime on the CPU, no torch.

The folder holds two networks. The one for sound stays in memory. The one for text is several
times as large and is opened only while labels are read that have not been read before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.embedding.embedder import checked
from wakeword.encoders._clap_logmel import ClapLogMel
from wakeword.encoders._onnx import open_session
from wakeword.errors import ConfigError, EncoderError, MissingExtra, ModelDamaged
from wakeword.protocols import Encoder

MANIFEST = "clap-onnx.json"
"""Makes a folder one of these."""
EXACT_FOLDER = "onnx-float32"
"""The exact one, inside the folder of its checkpoint: there it is found by itself."""
EXACT = "float32"
"""The precision whose vectors are the checkpoint's."""
SCHEMA_VERSION = 1
FILES = ("audio.onnx", "text.onnx", "text.bin", "tokenizer.json")
"""What the manifest has checksums of; ``text.bin`` are the weights of ``text.onnx``."""

_PREPARATION = "1"
"""Raise it when windows are prepared in another way: that makes other vectors."""
_WINDOW_SECONDS = 2.0
_LABELS_KEPT = 1024
_CHUNK = 1 << 20


class ClapOnnxEncoder(Encoder):
    """A CLAP without torch; see :class:`wakeword.protocols.Encoder`.

    Args:
        folder: an exported CLAP.
        spec: what ``create_encoder`` can load it by again.
        threads: of ONNX Runtime.
        checkpoint: the checkpoint that it stands for, where that was asked for.

    Raises:
        EncoderError: a file is missing, damaged or not what the manifest says.
        MissingExtra: the package that reads text is not installed.
    """

    def __init__(
        self, folder: Path, spec: str, threads: int = 1, checkpoint: Path | None = None
    ) -> None:
        about = _manifest(folder)
        self._sums: Mapping[str, str] = about["files"]
        self._folder, self._threads = folder, threads
        self.spec = spec
        self.checkpoint = checkpoint
        own = f"clap-{about['precision']}:{_digest(about)}"
        # In float32 its vectors are the checkpoint's, so it is the same encoder.
        self.id = str(about["checkpoint"]) if about["precision"] == EXACT else own
        self.dim = int(about["dim"])
        self.logit_scale = float(about["logit_scale"])
        self._fused = bool(about["fused"])
        self._most_tokens = int(about["most_tokens"])
        self._logmel = ClapLogMel.from_dict(about["front_end"])
        self.rate = self._logmel.rate
        self.longest_seconds = self._logmel.seconds
        self.window_seconds = min(_WINDOW_SECONDS, self._logmel.seconds)
        self._labels: dict[str, FloatArray] = {}
        self._tokenizer = _tokenizer(self._verified("tokenizer.json"))
        self._audio = _session(self._verified("audio.onnx"), threads)

    def __repr__(self) -> str:
        return f"ClapOnnxEncoder({self.spec!r})"

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """``(len(windows), dim) float32``; see :class:`wakeword.protocols.Encoder`.

        Raises:
            AudioFormatError: a window is empty, too long, not mono float32 or not finite.
            EncoderError: the network fails, or gives something other than numbers.
        """
        return self._heard(windows, longer=False)

    def embed_as_pipeline(self, windows: Sequence[FloatArray]) -> FloatArray:
        """The same, as transformers' zero-shot pipeline has it: see ``ClapEncoder``.

        Raises:
            AudioFormatError, EncoderError: as :meth:`embed`.
        """
        return self._heard(windows, longer=self._fused)

    def embed_text(self, labels: Sequence[str]) -> FloatArray:
        """``(len(labels), dim) float32``: the text as it is, each row of length 1 (L2).

        Raises:
            ConfigError: a label is empty or longer than the model reads.
            EncoderError: the network is damaged or fails.
        """
        tokens = {label: self._tokens(label) for label in labels}
        known = {label: self._labels[label] for label in tokens if label in self._labels}
        if len(known) < len(tokens):
            text = _session(self._verified("text.onnx", "text.bin"), self._threads, lean=True)
            for label in tokens.keys() - known.keys():
                known[label] = self._unit(text, {"tokens": tokens[label]})
            if len(self._labels) + len(known) > _LABELS_KEPT:
                self._labels = {}
            self._labels.update(known)
        return self._stack([known[label] for label in labels])

    def _heard(self, windows: Sequence[FloatArray], longer: bool) -> FloatArray:
        whole = checked(windows, self._logmel.samples)
        return self._stack([self._embed_window(window, longer) for window in whole])

    def _embed_window(self, window: FloatArray, longer: bool) -> FloatArray:
        inputs = {"levels": self._logmel(window)[None, None]}
        if self._fused:
            inputs["longer"] = np.array([longer])
        return self._unit(self._audio, inputs)

    def _tokens(self, label: str) -> np.ndarray[Any, Any]:
        """``(1, n) int64`` of one label."""
        if not isinstance(label, str) or not label.strip():
            raise ConfigError("a label cannot be empty")
        tokens = self._tokenizer.encode(label).ids
        if len(tokens) > self._most_tokens:
            raise ConfigError(f"the label {label[:40]!r}... is longer than the model can read")
        return np.array([tokens], np.int64)

    def _unit(self, session: Any, inputs: dict[str, Any]) -> FloatArray:
        """The network's output for one item as ``(dim,) float32`` of length 1."""
        try:
            vector = np.asarray(session.run(None, inputs)[0][0], np.float32)
        except Exception as error:  # the runtime's errors share no public base
            raise EncoderError(f"{self.spec} failed: {_first_line(error)}") from error
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or length == 0:
            raise EncoderError(f"{self.spec} gives no embedding: its weights must be damaged")
        return np.asarray(vector / np.float32(length))

    def _stack(self, rows: list[FloatArray]) -> FloatArray:
        return np.stack(rows) if rows else np.zeros((0, self.dim), np.float32)

    def _verified(self, *names: str) -> Path:
        """The path of the first of these files, once all have the right checksums."""
        for name in names:
            path = self._folder / name
            try:
                found = sha256(path)
            except OSError as error:
                raise ModelDamaged(path, f"cannot be read ({error.strerror})", "onnx") from error
            if found != self._sums[name]:
                raise ModelDamaged(path, "is damaged (wrong checksum)", "onnx")
        return self._folder / names[0]


def sha256(path: Path) -> str:
    """The checksum of a file, as hex digits.

    Raises:
        OSError: it cannot be read.
    """
    state = hashlib.sha256()
    with path.open("rb") as stream:
        for chunk in iter(partial(stream.read, _CHUNK), b""):
            state.update(chunk)
    return state.hexdigest()


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        about: dict[str, Any] = json.loads(path.read_bytes())
        version = int(about["schema_version"])
        if version > SCHEMA_VERSION:
            raise EncoderError(f"{path} was written by a newer Wakesound; update this one")
        ClapLogMel.from_dict(about["front_end"])
        for name, kind in (("dim", int), ("most_tokens", int), ("logit_scale", float)):
            kind(about[name])
        named = {"fused", "precision", "checkpoint"}
        complete = set(FILES) <= set(about["files"]) and named <= set(about)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelDamaged(path, "cannot be read", "onnx") from error
    if not complete:
        raise ModelDamaged(path, "is incomplete", "onnx")
    return about


def stands_for(folder: Path, encoder_id: str) -> bool:
    """Whether the folder is the exact form of the checkpoint with this identity.

    Raises:
        EncoderError: its manifest is damaged.
    """
    about = _manifest(folder)
    return bool(about["precision"] == EXACT and about["checkpoint"] == encoder_id)


def _digest(about: Mapping[str, Any]) -> str:
    """Sixteen hex digits that stand for all that decides about the vectors."""
    decides = [_PREPARATION, about["front_end"], about["files"]]
    content = json.dumps(decides, sort_keys=True).encode()
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def _tokenizer(path: Path) -> Any:
    try:
        import tokenizers
    except ImportError as error:
        raise MissingExtra("a quantized CLAP", "clap-onnx") from error
    try:
        return tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # all that the library raises
        raise ModelDamaged(path, "is no tokenizer", "onnx") from error


def _session(model: Path, threads: int, *, lean: bool = False) -> Any:
    """ONNX Runtime on the CPU; ``lean`` leaves weights in their file rather than being fast."""
    try:
        return open_session(model, threads, lean=lean)
    except Exception as error:  # the runtime's errors share no public base
        raise EncoderError(f"{model} cannot be loaded: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
