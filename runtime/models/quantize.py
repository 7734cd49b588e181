"""CLAP's two halves as ONNX graphs, for one clip and one label at a time. Needs torch.

A clip that is not longer than what the model hears has four equal views, so the graph for
sound takes one. A model that fuses has a second input: whether the clip counts as longer,
which is what transformers' zero-shot pipeline says of it.

From a CLAP checkpoint to a folder that runs without torch, smaller and faster.

The weights of matrix products become 8-bit integers, with a scale for each output; what flows
between them is brought to 8 bits as it comes (*dynamic* quantization), so no recordings are
needed. All else stays in single precision.
"""

from __future__ import annotations

import copy
import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from wakeword.audio.frames import FloatArray
from wakeword.encoders import create_encoder
from wakeword.encoders._clap_onnx import (
    EXACT,
    EXACT_FOLDER,
    FILES,
    MANIFEST,
    SCHEMA_VERSION,
    ClapOnnxEncoder,
    sha256,
)
from wakeword.encoders.clap import ClapEncoder
from wakeword.errors import ConfigError, EncoderError, MissingExtra
from wakeword.library.storage import explained

_OPSET = 18


class _Patches(nn.Module):  # type: ignore[misc]
    """The first layer of a model that fuses, for a clip of four equal views."""

    def __init__(self, patches: Any) -> None:
        super().__init__()
        self.patches = patches
        self.longer: Any = None

    def forward(self, image: Any, is_longer_idx: Any = None) -> Any:
        one = self.patches
        whole = one.proj(image)
        views = one.mel_conv2d(image).repeat(1, 1, 1, 3)
        views = nn.functional.pad(views, (0, whole.shape[-1] - views.shape[-1]))
        chosen = torch.where(self.longer, one.fusion_model(whole, views), whole)
        return one.norm(chosen.flatten(2).transpose(1, 2) if one.flatten else chosen)


class Sound(nn.Module):  # type: ignore[misc]
    """Levels ``(1, 1, frames, bands)`` in dB to a vector ``(1, dim)``."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.tower = copy.deepcopy(model.audio_model)
        self.projection = model.audio_projection
        encoder = self.tower.audio_encoder
        self.fused = bool(encoder.enable_fusion)
        if self.fused:
            encoder.enable_fusion = False
            encoder.patch_embed = _Patches(encoder.patch_embed)

    def forward(self, levels: Any, longer: Any = None) -> Any:
        if self.fused:
            self.tower.audio_encoder.patch_embed.longer = longer
        return self.projection(self.tower(levels, is_longer=None).pooler_output)


class Text(nn.Module):  # type: ignore[misc]
    """Tokens ``(1, n)`` of one label to a vector ``(1, dim)``."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.tower = model.text_model
        self.projection = model.text_projection

    def forward(self, tokens: Any) -> Any:
        mask = torch.ones_like(tokens)
        return self.projection(self.tower(input_ids=tokens, attention_mask=mask).pooler_output)


def export_sound(model: Any, frames: int, bands: int, path: Path) -> None:
    """Write the graph for sound; inputs ``levels`` and, for a model that fuses, ``longer``."""
    sound = Sound(model).eval()
    examples = [torch.full((1, 1, frames, bands), -40.0)]
    names = ["levels"]
    if sound.fused:
        examples.append(torch.tensor([False]))
        names.append("longer")
    _export(sound, tuple(examples), names, path)


def export_text(model: Any, most_tokens: int, path: Path) -> None:
    """Write the graph for text; input ``tokens``."""
    example = torch.full((1, min(8, most_tokens)), model.config.text_config.bos_token_id)
    count = torch.export.Dim("n", min=2, max=most_tokens)
    _export(Text(model).eval(), (example,), ["tokens"], path, dynamic_shapes=({1: count},))


def _export(module: Any, inputs: tuple[Any, ...], names: list[str], path: Path, **how: Any) -> None:
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            inputs,
            str(path),
            dynamo=True,
            opset_version=_OPSET,
            input_names=names,
            output_names=["vectors"],
            verbose=False,
            external_data=False,
            **how,
        )


PRECISIONS = ("int8", "float32")
GOOD_COSINE = 0.999
"""Embeddings this near to the checkpoint's are as good."""
EXACT_COSINE = 0.99999
"""Embeddings this near are the checkpoint's: float32 must be."""

Told = Callable[[str], None]

_LABELS = ("dog barking", "this is a sound of glass breaking", "a steam train far away")


@dataclass(frozen=True)
class Quantized:
    """What came out."""

    folder: Path
    """Where it is; ``--encoder clap:FOLDER`` takes it."""
    megabytes: int
    """All files together."""
    sound_cosine: float
    """The least cosine of a sound's embedding and the checkpoint's, over a few sounds."""
    text_cosine: float
    """The same over a few labels."""


def quantize(
    spec: str, out: Path | None, *, precision: str = "int8", told: Told | None = None
) -> Quantized:
    """Write a checkpoint as a folder for ONNX Runtime; it is there whole or not at all.

    Args:
        spec: the encoder, e.g. ``"clap:fused"`` or ``"clap:/a/folder"``.
        out: the folder to make; it must not exist or be empty. None, for float32 only, is the
            place in the checkpoint's own folder where it is used by itself from then on.
        precision: ``"int8"``, or ``"float32"`` for the same numbers without torch.
        told: is called with what is being done.

    Raises:
        ConfigError: ``out`` is in use, or ``spec`` is not a CLAP checkpoint.
        EncoderError: the checkpoint cannot be loaded or exported, or float32 is not exact.
        LibraryError: ``out`` cannot be written.
        MissingExtra: a package is not installed.
    """
    told = told or (lambda doing: None)
    if precision not in PRECISIONS:
        raise ConfigError(f"precision {precision!r} is not one of {', '.join(PRECISIONS)}")
    if spec.partition(":")[0].partition("-")[0] != "clap":
        _checkpoint(spec)  # tells what it is instead, before anything else is asked for
    if out is not None:
        _new(out)
    _packages()
    told(f"loading {spec}")
    encoder, checkpoint = _checkpoint(spec)
    if out is None:
        if precision != EXACT:
            raise ConfigError(f"name a folder with --out: {precision} is not the checkpoint itself")
        out = checkpoint / EXACT_FOLDER
        _new(out)
    with explained(out, "write"):
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".quantizing-", dir=out.parent) as name:
            folder = Path(name) / "model"
            folder.mkdir()
            with _failing_plainly(spec):
                _write(encoder, folder, Path(name), precision, told)
            told("comparing with the checkpoint")
            made = ClapOnnxEncoder(folder, spec)
            result = Quantized(
                out,
                round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6),
                _least_cosine(made.embed(_sounds(made.rate)), encoder.embed(_sounds(made.rate))),
                _least_cosine(made.embed_text(_LABELS), encoder.embed_text(_LABELS)),
            )
            if precision == EXACT and min(result.sound_cosine, result.text_cosine) < EXACT_COSINE:
                raise EncoderError(f"{spec} cannot be written exactly; use the checkpoint itself")
            if out.exists():
                out.rmdir()
            folder.rename(out)
    return result


def _new(out: Path) -> None:
    """See to it that a folder can be made."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is there already: name a new folder with --out, or delete it")


def _checkpoint(spec: str) -> tuple[ClapEncoder, Path]:
    """The encoder that torch runs, and the folder of its checkpoint."""
    encoder = create_encoder(spec)
    if isinstance(encoder, ClapOnnxEncoder) and encoder.checkpoint is not None:
        encoder = ClapEncoder(encoder.checkpoint, encoder.spec)
    if not isinstance(encoder, ClapEncoder):
        raise ConfigError(f"{spec} is not a CLAP checkpoint, and only those can be quantized")
    return encoder, encoder.folder


def _packages() -> None:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtra("quantizing models", "quantize") from error


def _write(encoder: ClapEncoder, folder: Path, work: Path, precision: str, told: Told) -> None:
    from runtime.models import quantize as clap_graphs

    logmel = encoder.logmel
    told("exporting the network for sound")
    clap_graphs.export_sound(encoder.model, logmel.frames, logmel.bands, work / "audio.onnx")
    told("exporting the network for text")
    clap_graphs.export_text(encoder.model, encoder.most_tokens, work / "text.onnx")
    for name in ("audio", "text"):
        told(f"writing the network for {'sound' if name == 'audio' else 'text'} as {precision}")
        plain, small = work / f"{name}.onnx", work / f"{name}-{precision}.onnx"
        if precision == "int8":
            _to_int8(plain, small)
        else:
            plain.rename(small)
        _store(small, folder, name)
    encoder.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    about = {
        "schema_version": SCHEMA_VERSION,
        "precision": precision,
        "checkpoint": encoder.id,
        "dim": encoder.dim,
        "logit_scale": encoder.logit_scale,
        "fused": logmel.fused,
        "most_tokens": encoder.most_tokens,
        "front_end": logmel.to_dict(),
        "files": {file: sha256(folder / file) for file in FILES},
    }
    (folder / MANIFEST).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _to_int8(plain: Path, small: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = plain.with_suffix(".prepared.onnx")
    quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
    quantize_dynamic(
        str(prepared),
        str(small),
        # Not Gather, the table of words: few of its rows are ever read, and exactly is better.
        op_types_to_quantize=["MatMul", "Gemm"],
        per_channel=True,
        weight_type=QuantType.QInt8,
    )
    prepared.unlink()


def _store(network: Path, folder: Path, name: str) -> None:
    """Sound's weights into the graph's file; text's beside it, to be read where they lie."""
    import onnx

    if name == "audio":
        shutil.move(network, folder / "audio.onnx")
        return
    onnx.save(
        onnx.load(str(network)),
        str(folder / "text.onnx"),
        save_as_external_data=True,
        location="text.bin",
    )


def _sounds(rate: int) -> list[FloatArray]:
    """A few sounds that differ: noise, a tone, clicks."""
    time = np.arange(2 * rate) / rate
    noise = 0.1 * np.random.default_rng(0).normal(size=len(time))
    tone = 0.3 * np.sin(2 * np.pi * 880 * time)
    return [
        sound.astype(np.float32)
        for sound in (noise, tone, 0.5 * noise + tone, noise * np.exp(-20 * (time % 0.5)))
    ]


def _least_cosine(rows: FloatArray, others: FloatArray) -> float:
    return float((rows.astype(np.float64) * others).sum(axis=1).min())


@contextmanager
def _failing_plainly(spec: str) -> Iterator[None]:
    """Keep the exporter's advice off the terminal; its errors become one line."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except OSError:
        raise
    except Exception as error:  # each library has errors of its own
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise EncoderError(f"{spec} cannot be written for ONNX Runtime: {first}") from error
    finally:
        logging.disable(logging.NOTSET)
