"""From a checkpoint to the files that are shipped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from torch.nn import functional

from training.loop import Student
from training.network import BANDS, MiniNet
from training.targets import class_list
from wakeword.embedding.weights import asset

LABEL_SCALE = 20.0
"""What the likeness of labels was scaled by in training."""


def export(student: Student, folder: Path, trained: dict[str, object]) -> None:
    """Write ``mini.onnx``, the labels and ``mini.json`` with their checksums.

    Args:
        student: the trained network.
        folder: where the files go.
        trained: figures of the training, for the record.
    """
    folder.mkdir(parents=True, exist_ok=True)
    net = student.net.eval()
    write_onnx(net, folder / "mini.onnx")
    labels = functional.normalize(student.labels.detach(), dim=1).numpy().astype("<f4")
    (folder / "labels.f32").write_bytes(labels.tobytes())
    table = json.dumps(label_table(), ensure_ascii=False, indent=1) + "\n"
    (folder / "labels.json").write_text(table, encoding="utf-8")
    names = ("mini.onnx", "labels.f32", "labels.json")
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


def write_onnx(net: MiniNet, path: Path) -> None:
    """The network with any number of windows of any length, weights inside the file."""
    example = torch.randn(2, 98, BANDS) * 20 - 60
    dims = {"levels": {0: torch.export.Dim("windows"), 1: torch.export.Dim("frames", min=16)}}
    program = torch.onnx.export(
        net,
        (example,),
        dynamo=True,
        opset_version=18,
        input_names=["levels"],
        output_names=["vectors"],
        dynamic_shapes=dims,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("the network was not exported")
    program.save(str(path), external_data=False)


def label_table() -> dict[str, object]:
    """Classes, aliases and the words that don't matter, as ``labels.json`` holds them."""
    source = json.loads(asset("glossary.json").read_text(encoding="utf-8"))
    aliases = {
        name: entry["classes"]
        for entry in source["entries"]
        for name in (*entry["en"], *entry["zh"])
    }
    return {
        "classes": class_list(),
        "aliases": aliases,
        "frames": source["frames"],
        "adjectives": source["adjectives"],
    }
