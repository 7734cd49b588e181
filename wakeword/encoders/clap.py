"""CLAP through transformers: sounds and text in one space, at the price of torch.

The weights come from a folder or from the model hub's cache; nothing is downloaded here.
CLAP hears ten seconds at a time and repeats a shorter clip until they are full, so a window
of two seconds is heard five times over. Each window goes through the model alone, in float32
and on one thread: the same audio gives the same embedding whatever else is in the batch, and
on a CPU a larger batch or more threads bring nothing but load.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from wakeword import checkpoints, models
from wakeword.audio import FloatArray
from wakeword.errors import ConfigError, EncoderError, MissingExtra
from wakeword.windows import checked

WINDOW_SECONDS = 2.0
"""Long enough for a door bell, short enough that the background does not drown a click."""

_PREPARATION = "1"
"""Raise it when windows are prepared in another way: that makes other vectors."""

_LABELS_KEPT = 1024

_RECOMPUTED = ("position_ids", "token_type_ids", "relative_position_index", "num_batches_tracked")
"""Buffers that a checkpoint may lack: they follow from the configuration."""


class ClapEncoder:
    """A CLAP model; see ``wakeword.protocols.TextEncoder``.

    Args:
        folder: the checkpoint.
        spec: what ``create_encoder`` can load it by again.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
        threads: of torch, while it works for this encoder.

    Raises:
        EncoderError: the checkpoint or the device cannot be used.
        MissingExtra: torch or transformers is not installed.
    """

    def __init__(self, folder: Path, spec: str, device: str = "cpu", threads: int = 1) -> None:
        self._torch, transformers = _packages()
        self._device = _usable(self._torch, device)
        self._threads = threads
        if checkpoints.model_type(folder) != "clap":
            found = checkpoints.model_type(folder)
            raise EncoderError(f"{folder} holds a model of type {found!r}, not CLAP")
        self.spec = spec
        self.id = f"clap:{checkpoints.digest(folder, salt=_PREPARATION)}"
        with _quiet(transformers), self._few_threads():
            self._model, self._processor = _load(transformers, folder, self._device)
        extractor = self._processor.feature_extractor
        # A window is never longer than what the model hears. The four views that a fusing model
        # is shown are then one and the same, and only the first is looked at; made this way it
        # is the only one, and neither random crops nor a random "is longer" can occur.
        if extractor.truncation == "fusion":
            extractor.mel_filters_slaney = extractor.mel_filters
            extractor.truncation = "rand_trunc"
        self._is_longer = self._torch.zeros(1, 1, dtype=self._torch.bool, device=self._device)
        self.rate = int(extractor.sampling_rate)
        self.dim = int(self._model.config.projection_dim)
        self.window_seconds = min(WINDOW_SECONDS, float(extractor.max_length_s))
        self._label = lru_cache(_LABELS_KEPT)(self._embed_label)

    def __repr__(self) -> str:
        return f"ClapEncoder({self.spec!r}, device={str(self._device)!r})"

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """``(len(windows), dim) float32``; see ``wakeword.protocols.Encoder.embed``.

        Raises:
            AudioFormatError: a window is empty, too long, not mono float32 or not finite.
            EncoderError: the model fails, or gives something other than numbers.
        """
        longest = round(self.window_seconds * self.rate)
        return self._stack([self._embed_window(window) for window in checked(windows, longest)])

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

    def _embed_window(self, window: FloatArray) -> FloatArray:
        features = self._processor.feature_extractor(
            window, sampling_rate=self.rate, return_tensors="pt"
        )["input_features"]
        with self._running():
            return self._unit(
                self._model.get_audio_features(
                    features.to(self._device, self._torch.float32), is_longer=self._is_longer
                )
            )

    def _embed_label(self, label: str) -> FloatArray:
        tokens = self._processor.tokenizer(label, return_tensors="pt")
        text = self._model.config.text_config
        room = text.max_position_embeddings - (text.pad_token_id or 0) - 1
        if tokens["input_ids"].shape[1] > room:
            raise ConfigError(f"the label {label[:40]!r}... is longer than the model can read")
        with self._running():
            return self._unit(
                self._model.get_text_features(
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


def create(variant: str, device: str) -> ClapEncoder:
    """The encoder of a checkpoint.

    Args:
        variant: a folder, a name of the model hub (``owner/model``), or short ``fused``,
            ``unfused``, ``general``, ``music_and_speech``; empty for ``fused``.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.

    Raises:
        EncoderError: it is not here, damaged, not CLAP, or the device cannot be used.
        MissingExtra: torch or transformers is not installed.
    """
    path = Path(variant).expanduser()
    if variant and (path.is_dir() or path.is_absolute() or variant.startswith((".", "~"))):
        return ClapEncoder(path, f"clap:{path.resolve()}", device)
    name = models.hub_id(variant)
    _packages()
    folder = models.cached(name)
    if folder is None:
        raise EncoderError(
            f"{name} is neither a folder nor among the models on this machine: fetch it with"
            f" 'wakesound models pull {name}', or use --encoder logmel, which needs none"
        )
    return ClapEncoder(folder, f"clap:{name}", device)


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
        raise EncoderError(f"torch finds no device {name!r} on this machine: use --device cpu")
    return device


def _load(transformers: Any, folder: Path, device: Any) -> tuple[Any, Any]:
    """The model in float32 on its device, and what prepares its inputs."""
    try:
        model, report = transformers.ClapModel.from_pretrained(
            folder, local_files_only=True, output_loading_info=True
        )
        processor = transformers.ClapProcessor.from_pretrained(folder, local_files_only=True)
        model = model.to(device).float().eval()
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
