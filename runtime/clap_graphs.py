"""CLAP's two halves as ONNX graphs, for one clip and one label at a time. Needs torch.

A clip that is not longer than what the model hears has four equal views, so the graph for
sound takes one. A model that fuses has a second input: whether the clip counts as longer,
which is what transformers' zero-shot pipeline says of it.
"""

from __future__ import annotations

import copy
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

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
