"""From a checkpoint of the streaming network to the files of its encoder."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.export import LABEL_SCALE, label_table
from training.streaming_loop import StreamingStudent
from training.streaming_net import BANDS, BLOCK, StreamingNet, views
from wakeword.audio.frames import FloatArray


class Trunk(nn.Module):  # type: ignore[misc]
    """The trunk with explicit memory, as it is exported."""

    def __init__(self, net: StreamingNet) -> None:
        super().__init__()
        self.net = net

    def forward(
        self, blocks: Tensor, peak: Tensor, floor: Tensor, past: list[Tensor]
    ) -> tuple[Tensor, ...]:
        """``(1, n, BLOCK, BANDS)``, ``(1, n)``, ``(1, n, BANDS)`` dBFS and what was remembered."""
        pictures = views(blocks.flatten(1, 2), peak, floor)
        seen, after = self.net.trunk(pictures, blocks.amax((2, 3)), past)
        return (*seen, *after)


def export_streaming(student: StreamingStudent, folder: Path, trained: dict[str, object]) -> None:
    """Write ``trunk.onnx``, ``pool.npz``, the labels and ``mini.json``.

    Args:
        student: the trained network.
        folder: where the files go.
        trained: figures of the training, for the record.
    """
    folder.mkdir(parents=True, exist_ok=True)
    net = student.net.eval()
    write_trunk(net, folder / "trunk.onnx")
    weight, bias = folded(net)
    np.savez(
        folder / "pool.npz",
        weight=weight,
        bias=bias,
        shares=np.array(net.shares, np.int64),
        text_weight=np.float32(net.text_weight),
    )
    labels = functional.normalize(student.labels.detach(), dim=1).numpy().astype("<f4")
    (folder / "labels.f32").write_bytes(labels.tobytes())
    words = json.dumps(label_table(), ensure_ascii=False, indent=1) + "\n"
    (folder / "labels.json").write_text(words, encoding="utf-8")
    names = ("trunk.onnx", "pool.npz", "labels.f32", "labels.json")
    about = {
        "bands": BANDS,
        "dim": net.dim + net.text_dim,
        "text_dim": net.text_dim,
        "logit_scale": round(LABEL_SCALE * (1 + net.text_weight**2) ** 0.5 / net.text_weight, 3),
        "parameters": sum(p.numel() for p in net.parameters()),
        "trained": trained,
        "files": {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in names},
    }
    (folder / "mini.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def folded(net: StreamingNet) -> tuple[FloatArray, FloatArray]:
    """The norm and the projection in one: ``(pooled_dim, dim)`` and ``(dim,) float32``."""
    with torch.no_grad():
        scale = net.norm.weight / (net.norm.running_var + net.norm.eps).sqrt()
        shift = net.norm.bias - net.norm.running_mean * scale
        weight = net.project.weight * scale
        bias = net.project.bias + net.project.weight @ shift
    return np.ascontiguousarray(weight.numpy().T), bias.numpy().copy()


def write_trunk(net: StreamingNet, path: Path) -> None:
    """The trunk for any number of blocks, weights inside the file."""
    past = net.start()
    example = (
        torch.randn(1, 6, BLOCK, BANDS) * 20 - 60,
        torch.full((1, 6), -20.0),
        torch.full((1, 6, BANDS), -80.0),
        past,
    )
    blocks = torch.export.Dim("blocks", min=1, max=1 << 20)
    shapes: tuple[object, ...] = ({1: blocks}, {1: blocks}, {1: blocks}, [{} for _ in past])
    inputs = ["blocks", "peak", "floor", *(f"past{i}" for i in range(len(past)))]
    outputs = ["mass", "sums", "tops", *(f"after{i}" for i in range(len(past)))]
    with warnings.catch_warnings():
        # The exporter warns of its own future.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            Trunk(net).eval(),
            example,
            dynamo=True,
            opset_version=18,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=shapes,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("the trunk was not exported")
    program.save(str(path), external_data=False)
