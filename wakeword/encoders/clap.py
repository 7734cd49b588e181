"""CLAP through transformers: sounds and text in one space, at the price of torch.

The weights come from a folder or from the model hub's cache; nothing is downloaded here.
CLAP hears ten seconds at a time and repeats a shorter clip until they are full, so a window
of two seconds is heard five times over. Each window goes through the model alone and on one
thread: the same audio gives the same embedding whatever else is in the batch, and on a CPU a
larger batch or more threads bring nothing but load. Numbers are float32 on a CPU and float16
on a GPU. A folder with a CLAP exported to ONNX needs no torch; one in float32 inside
the checkpoint's own folder takes its place on the CPU, since it is as exact and faster.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.embedding import weights as checkpoints
from wakeword.embedding import weights as models
from wakeword.embedding.embedder import checked
from wakeword.encoders import _clap_onnx
from wakeword.encoders._clap_logmel import ClapLogMel
from wakeword.encoders._clap_onnx import ClapOnnxEncoder
from wakeword.errors import (
    ConfigError,
    DeviceUnavailable,
    EncoderError,
    MissingExtra,
    ModelNotFound,
)
from wakeword.protocols import Encoder

_log = logging.getLogger(__name__)

WINDOW_SECONDS = 2.0
"""Long enough for a door bell, short enough that the background does not drown a click."""

_PREPARATION = "1"
"""Raise it when windows are prepared in another way: that makes other vectors."""

_LABELS_KEPT = 1024

_RECOMPUTED = ("position_ids", "token_type_ids", "relative_position_index", "num_batches_tracked")
"""Buffers that a checkpoint may lack: they follow from the configuration."""


class ClapEncoder(Encoder):
    """A CLAP model; see ``wakeword.protocols.Encoder``.

    Args:
        folder: the checkpoint.
        spec: what ``create_encoder`` can load it by again.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
        threads: of torch, while it works for this encoder.
        half: whether the model works in float16; None for on a GPU only. Its vectors are others
            by about 1e-3, so its id is another.

    Raises:
        EncoderError: the checkpoint or the device cannot be used.
        MissingExtra: torch or transformers is not installed.
    """

    def __init__(
        self,
        folder: Path,
        spec: str,
        device: str = "cpu",
        threads: int = 1,
        half: bool | None = None,
    ) -> None:
        self._torch, transformers = _packages()
        self._device = _usable(self._torch, device)
        self._threads = threads
        half = self._device.type != "cpu" if half is None else half
        self._dtype = self._torch.float16 if half else self._torch.float32
        if checkpoints.model_type(folder) != "clap":
            found = checkpoints.model_type(folder)
            raise EncoderError(f"{folder} holds a model of type {found!r}, not CLAP")
        self.folder = folder
        self.spec = spec
        self.id = _identity(folder, half)
        with _quiet(transformers), self._few_threads():
            self.model, processor = _load(transformers, folder, self._device, self._dtype)
        self.tokenizer = processor.tokenizer
        self.logit_scale = float(self.model.logit_scale_a.detach().exp())
        try:
            self.logmel = ClapLogMel.of(processor.feature_extractor)
        except (ValueError, TypeError) as error:
            raise EncoderError(f"{folder} has a front end that makes no sense: {error}") from error
        if self.logmel.fused:
            patches = self.model.audio_model.audio_encoder.patch_embed
            patches.register_forward_pre_hook(_four_views)
        self.rate = self.logmel.rate
        self.dim = int(self.model.config.projection_dim)
        self.longest_seconds = self.logmel.seconds
        self.window_seconds = min(WINDOW_SECONDS, self.logmel.seconds)
        self._label = lru_cache(_LABELS_KEPT)(self._embed_label)

    def __repr__(self) -> str:
        return f"ClapEncoder({self.spec!r}, device={str(self._device)!r})"

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """``(len(windows), dim) float32``; see ``wakeword.protocols.Encoder.embed``.

        Raises:
            AudioFormatError: a window is empty, too long, not mono float32 or not finite.
            EncoderError: the model fails, or gives something other than numbers.
        """
        return self._stack([self._embed_window(window) for window in self._checked(windows)])

    def embed_as_pipeline(self, windows: Sequence[FloatArray]) -> FloatArray:
        """The same, as transformers' zero-shot pipeline gives it for one clip at a time.

        That marks one clip of each batch as longer than ten seconds, so that a fusing model
        fuses four equal views of it.

        Raises:
            AudioFormatError, EncoderError: as :meth:`embed`.
        """
        return self._stack(
            [self._embed_window(row, longer=self.logmel.fused) for row in self._checked(windows)]
        )

    def _checked(self, windows: Sequence[FloatArray]) -> list[FloatArray]:
        return checked(windows, self.logmel.samples)

    @property
    def most_tokens(self) -> int:
        """How long a label may be, in tokens."""
        text = self.model.config.text_config
        return int(text.max_position_embeddings - (text.pad_token_id or 0) - 1)

    def embed_text(self, labels: Sequence[str]) -> FloatArray:
        """``(len(labels), dim) float32``: the text as it is, each row of length 1 (L2).

        Raises:
            ConfigError: a label is empty or longer than the model reads.
            EncoderError: the model fails, or gives something other than numbers.
        """
        for label in labels:
            if not isinstance(label, str) or not label.strip():
                raise ConfigError("a label cannot be empty")
        return self._stack([self._label(label) for label in labels])

    def _embed_window(self, window: FloatArray, longer: bool = False) -> FloatArray:
        levels = self._torch.from_numpy(self.logmel(window)[None, None])
        features = levels.to(self._device, self._dtype)
        is_longer = self._torch.full((1, 1), longer, device=self._device)
        with self._running():
            return self._unit(self.model.get_audio_features(features, is_longer=is_longer))

    def _embed_label(self, label: str) -> FloatArray:
        tokens = self.tokenizer(label, return_tensors="pt")
        if tokens["input_ids"].shape[1] > self.most_tokens:
            raise ConfigError(f"the label {label[:40]!r}... is longer than the model can read")
        with self._running():
            return self._unit(
                self.model.get_text_features(
                    input_ids=tokens["input_ids"].to(self._device),
                    attention_mask=tokens["attention_mask"].to(self._device),
                )
            )

    def _unit(self, output: Any) -> FloatArray:
        """The model's output for one item as ``(dim,) float32`` of length 1."""
        rows = getattr(output, "pooler_output", output)  # a tensor before transformers 5
        vector: FloatArray = rows[0].float().cpu().numpy()
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or length == 0:
            raise EncoderError(f"{self.spec} gives no embedding: its weights must be damaged")
        return vector / np.float32(length)

    def _stack(self, rows: list[FloatArray]) -> FloatArray:
        return np.stack(rows) if rows else np.zeros((0, self.dim), np.float32)

    @contextmanager
    def _running(self) -> Iterator[None]:
        try:
            with self._few_threads(), self._torch.inference_mode():
                yield
        except (RuntimeError, ValueError) as error:  # no memory, device gone, sizes do not fit
            raise EncoderError(f"{self.spec} failed: {_first_line(error)}") from error

    @contextmanager
    def _few_threads(self) -> Iterator[None]:
        """Torch's thread count is the whole process's: borrow it, then give it back."""
        before = self._torch.get_num_threads()
        self._torch.set_num_threads(self._threads)
        try:
            yield
        finally:
            self._torch.set_num_threads(before)


def create(variant: str, device: str) -> ClapEncoder | ClapOnnxEncoder:
    """The encoder of a checkpoint, or of a folder with an exported CLAP.

    Args:
        variant: a folder, a name of the model hub (``owner/model``), or short ``fused``,
            ``unfused``, ``tiny``, ``general``, ``music_and_speech``; empty for what the
            environment's ``CLAP_MODEL`` names, else ``fused``.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.

    Raises:
        EncoderError: it is not here, damaged, not CLAP, or the device cannot be used.
        MissingExtra: torch or transformers is not installed.
    """
    variant = variant or os.environ.get(models.MODEL_VARIABLE, "")
    path = Path(variant).expanduser()
    if variant and (path.is_dir() or path.is_absolute() or variant.startswith((".", "~"))):
        spec = f"clap:{path.resolve()}"
        if not (path / _clap_onnx.MANIFEST).is_file():
            return _exactly(path, spec, device)
        if device != "cpu":
            raise DeviceUnavailable(device, f"{path} runs on the CPU only, not on {device}")
        return ClapOnnxEncoder(path, spec)
    name = models.hub_id(variant)
    folder = models.cached(name)
    if folder is None:
        _packages()  # what is missing first is told first
        raise ModelNotFound(name)
    return _exactly(folder, f"clap:{name}", device)


def _exactly(folder: Path, spec: str, device: str) -> ClapEncoder | ClapOnnxEncoder:
    """A checkpoint, by the fastest way that gives its own vectors."""
    exported = folder / _clap_onnx.EXACT_FOLDER
    if device == "cpu" and (exported / _clap_onnx.MANIFEST).is_file():
        if _clap_onnx.stands_for(exported, _identity(folder)):
            return ClapOnnxEncoder(exported, spec, checkpoint=folder)
        _log.warning("%s belongs to other weights and is not used; write it anew", exported)
    return ClapEncoder(folder, spec, device)


def _identity(folder: Path, half: bool = False) -> str:
    return f"clap{'-half' * half}:{checkpoints.digest(folder, salt=_PREPARATION)}"


def _packages() -> tuple[Any, Any]:
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtra("the clap encoder", "clap") from error
    return torch, transformers


def _usable(torch: Any, name: str) -> Any:
    """The torch device of that name, once it is known to be there."""
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise EncoderError(f"unknown device {name!r}: use cpu, cuda or mps") from error
    count = {
        "cpu": 1,
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }
    if device.type not in count:
        raise EncoderError(f"unknown device {name!r}: use cpu, cuda or mps")
    if (device.index or 0) >= count[device.type]:
        raise DeviceUnavailable(name, f"torch finds no device {name!r} on this machine")
    return device


def _four_views(patches: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Show the first layer of a fusing model one view of a window as four.

    A window is never longer than what the model hears, so its views are one and the same, and
    what comes before this layer is done once.
    """
    return (inputs[0].expand(-1, 4, -1, -1), *inputs[1:])


def _load(transformers: Any, folder: Path, device: Any, dtype: Any) -> tuple[Any, Any]:
    """The model on its device, and what prepares its inputs."""
    try:
        model, report = transformers.ClapModel.from_pretrained(
            folder, local_files_only=True, output_loading_info=True
        )
        processor = transformers.ClapProcessor.from_pretrained(folder, local_files_only=True)
        model = model.to(device, dtype).eval()
    except Exception as error:  # each loader has errors of its own
        raise EncoderError(
            f"{folder} cannot be loaded as a CLAP checkpoint: {_first_line(error)}"
        ) from error
    lacking = sorted(k for k in report["missing_keys"] if not k.endswith(_RECOMPUTED))
    if lacking:  # transformers would fill them with random numbers
        raise EncoderError(f"{folder} lacks {len(lacking)} weights of CLAP, e.g. {lacking[0]}")
    return model, processor


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Keep the loader's progress bars and advice off the terminal."""
    log = transformers.utils.logging
    verbosity, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.set_verbosity(verbosity)
        if bars:
            log.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
