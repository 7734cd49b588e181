"""YAMNet as a teacher: its published weights, read without TensorFlow and run by torch.

``python -m training teach --teacher training.yamnet:load`` with ``YAMNET`` set to a folder that
holds YAMNet as a SavedModel with its class map (``variables/``, ``assets/``), as some packages
carry it. YAMNet is by Manoj Plakal and Dan Ellis (Google), Apache-2.0. Nothing of it is part of
this project; it serves while training only.
"""

from __future__ import annotations

import csv
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.targets import class_list
from training.teachers import Teacher
from wakeword.audio.frames import FloatArray
from wakeword.audio.logmel import hz_to_mel
from wakeword.errors import ConfigError

FRAMES = 96
"""Of 25 ms every 10 ms, in a patch of 0.96 s."""
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
"""Of the separable convolutions after the first layer."""
LOUD, MOST_GAIN = 0.5, 30.0
"""Windows are brought to this peak, by no more than this factor."""
ABSENT = -12.0
"""Logit of a class that YAMNet does not know."""


def load() -> Teacher:
    """The teacher, from the folder that the environment names.

    Raises:
        ConfigError: ``YAMNET`` is not set, or is no such folder.
    """
    folder = Path(os.environ.get("YAMNET", ""))
    index = folder / "variables" / "variables.index"
    if not index.is_file():
        raise ConfigError("set YAMNET to the folder of a YAMNet SavedModel")
    return YamNet(folder)


class YamNet:
    """Maps ``(n, 16000)`` samples to ``(n, 1024)`` pooled features and ``(n, 527)`` logits."""

    def __init__(self, folder: Path) -> None:
        found = read_variables(folder / "variables")
        self._layers = [_folded(found, 0, "kernel")]
        for block in range(len(STRIDES)):
            self._layers.append(_folded(found, 4 * block + 2, "depthwise_kernel"))
            self._layers.append(_folded(found, 4 * block + 4, "kernel"))
        last = 4 * len(STRIDES) + 2
        self._weight = torch.from_numpy(found[last, "kernel"])
        self._bias = torch.from_numpy(found[last, "bias"])
        self._mel = torch.from_numpy(mel_filters())
        self._columns = columns(folder / "assets" / "yamnet_class_map.csv")

    def __call__(self, samples: FloatArray) -> tuple[FloatArray, FloatArray]:
        with torch.inference_mode():
            peak = np.abs(samples).max(axis=1, keepdims=True)
            even = samples * (LOUD / np.maximum(peak, LOUD / MOST_GAIN))
            features = self._features(self._levels(torch.from_numpy(even)))
            found = (features @ self._weight + self._bias).numpy()
        logits = np.full((len(samples), len(class_list())), ABSENT, np.float32)
        known = self._columns >= 0
        logits[:, self._columns[known]] = found[:, known]
        return features.numpy(), logits

    def _levels(self, samples: Tensor) -> Tensor:
        frames = samples[:, : 400 + 160 * (FRAMES - 1)].unfold(1, 400, 160)
        spectrum = torch.fft.rfft(frames * torch.hann_window(400), 512).abs()
        return torch.log(spectrum @ self._mel + 0.001)

    def _features(self, levels: Tensor) -> Tensor:
        x = levels[:, None].contiguous(memory_format=torch.channels_last)
        strides = (2, *(s for stride in STRIDES for s in (stride, 1)))
        for (weight, bias), stride in zip(self._layers, strides, strict=True):
            groups = x.shape[1] if weight.shape[1] == 1 and x.shape[1] > 1 else 1
            x = functional.relu(
                functional.conv2d(
                    _same(x, weight.shape[2], stride), weight, bias, stride, 0, 1, groups
                )
            )
        return x.mean((2, 3))


def _same(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Padding that gives ``ceil(size / stride)`` steps, more of it after than before."""
    pads = []
    for size in (x.shape[3], x.shape[2]):
        lack = max(0, (-(-size // stride) - 1) * stride + kernel - size)
        pads += [lack // 2, lack - lack // 2]
    return functional.pad(x, pads)


def _folded(
    found: dict[tuple[int, str], NDArray[np.float32]], layer: int, kind: str
) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution with the norm after it folded in."""
    weight = found[layer, kind].transpose((2, 3, 0, 1) if kind[0] == "d" else (3, 2, 0, 1))
    scale = 1.0 / np.sqrt(found[layer + 1, "moving_variance"] + 1e-4)
    bias = found[layer + 1, "beta"] - found[layer + 1, "moving_mean"] * scale
    folded = np.ascontiguousarray(weight * scale[:, None, None, None])
    return torch.from_numpy(folded), torch.from_numpy(np.ascontiguousarray(bias))


def mel_filters() -> FloatArray:
    """Triangles over mel, ``(257, 64) float32``, from 125 to 7500 Hz."""
    low, high = hz_to_mel(np.array([125.0, 7500.0]))
    edges = np.linspace(low, high, 66)
    mel = hz_to_mel(np.linspace(0, 8000, 257))[:, None]
    rising = (mel - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - mel) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0.0, np.minimum(rising, falling))
    filters[0] = 0.0
    return np.asarray(filters, np.float32)


def columns(class_map: Path) -> NDArray[np.int64]:
    """Where each of YAMNet's classes stands among AudioSet's; -1 where it does not."""
    names = {name: place for place, name in enumerate(class_list())}
    with class_map.open(encoding="utf-8", newline="") as file:
        return np.array([names.get(row["display_name"], -1) for row in csv.DictReader(file)])


def read_variables(folder: Path) -> dict[tuple[int, str], NDArray[np.float32]]:
    """Arrays of a SavedModel by number of the layer and name."""
    data = (folder / "variables.data-00000-of-00001").read_bytes()
    found = {}
    pattern = re.compile(r".*layer_with_weights-(\d+)/(\w+)/\.ATTRIBUTES/VARIABLE_VALUE")
    for key, value in _entries((folder / "variables.index").read_bytes()):
        match = pattern.fullmatch(key)
        if match is None:
            continue
        entry = _fields(value)
        dims = _fields(_bytes(entry[2][0])).get(2, []) if 2 in entry else []
        shape = [int(_fields(_bytes(dim))[1][0]) for dim in dims]
        start, size = (int(entry.get(number, [0])[0]) for number in (4, 5))
        array = np.frombuffer(data[start : start + size], "<f4").reshape(shape)
        found[int(match[1]), match[2]] = array.copy()
    return found


def _entries(table: bytes) -> Iterator[tuple[str, bytes]]:
    """Keys and values of a sorted table without compression."""
    at = len(table) - 48
    for _ in range(2):
        _, at = _varint(table, at)
    start, at = _varint(table, at)
    size, _ = _varint(table, at)
    for _, place in _block(table, start, size):
        start, at = _varint(place, 0)
        size, _ = _varint(place, at)
        for key, value in _block(table, start, size):
            yield key.decode("utf-8", "replace"), value


def _block(table: bytes, start: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    block = table[start : start + size]
    (restarts,) = struct.unpack("<I", block[-4:])
    at, key = 0, b""
    while at < size - 4 - 4 * restarts:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + length]
        at += own + length


def _fields(message: bytes) -> dict[int, list[int | bytes]]:
    """Fields of a protocol buffer message by number."""
    found: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value: int | bytes
        if tag & 7 == 0:
            value, at = _varint(message, at)
        elif tag & 7 == 2:
            length, at = _varint(message, at)
            value, at = message[at : at + length], at + length
        else:
            length = 4 if tag & 7 == 5 else 8
            value, at = message[at : at + length], at + length
        found.setdefault(tag >> 3, []).append(value)
    return found


def _bytes(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b""


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
