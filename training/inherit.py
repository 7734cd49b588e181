"""The weights of ``mini`` 3 as the beginning of a streaming network.

The two have the same pictures and the same kinds of layers; the later one is narrower at the
end, takes more steps in time there and looks back only. Stem and second level are taken over
as they are, the two others with those channels that the earlier network made most of.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from training.streaming_net import BANDS, StreamingNet
from wakeword.errors import ConfigError

Arrays = dict[str, NDArray[np.float32]]
NAMES = (
    "stem.0",
    "second.0.0",
    "second.1.conv.0",
    "third.0.0",
    "third.1.conv.0",
    "fourth.0.0",
    "fourth.1.conv.0",
)


def inherit(net: StreamingNet, model: Path) -> None:
    """Begin with what ``mini.onnx`` of generation 3 holds.

    Raises:
        ConfigError: it is of another network.
    """
    try:
        graph = onnx.load(str(model)).graph
        old = {t.name: np.array(numpy_helper.to_array(t), np.float32) for t in graph.initializer}
        widths = [len(old[f"{name}.weight"]) for name in (NAMES[0], NAMES[1], NAMES[3], NAMES[5])]
    except (OSError, KeyError) as error:
        raise ConfigError(f"{model} is no mini 3: {error}") from error
    if tuple(widths[:2]) != net.widths[:2] or any(
        w < v for w, v in zip(widths[2:], net.widths[2:], strict=True)
    ):
        raise ConfigError(f"a network of widths {net.widths} cannot begin with one of {widths}")
    pools = _pools(widths)
    third = _best(old, "third", pools, widths[2], net.widths[2])
    fourth = _best(old, "fourth", pools, widths[3], net.widths[3])
    kept = {0: np.arange(4), 1: np.arange(widths[0]), 2: np.arange(widths[1]), 3: third, 4: fourth}
    levels = ((0, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4))
    columns = _columns(pools, widths, third, fourth)
    with torch.no_grad():
        for name, layer, (before, after) in zip(NAMES, net.layers, levels, strict=True):
            weight = old[f"{name}.weight"][kept[after]][:, kept[before]]
            layer.conv.weight.copy_(torch.from_numpy(weight))
            layer.conv.bias.copy_(torch.from_numpy(old[f"{name}.weight_bias"][kept[after]]))
        scores = (
            (net.score_shapes, "val_96", "shapes", np.arange(2 * BANDS)),
            (net.score_third, "val_168", "third", _rows(third, BANDS // 8)),
            (net.score_fourth, "val_198", "fourth", _rows(fourth, BANDS // 16)),
        )
        for score, weights, name, rows in scores:
            weight = torch.from_numpy(old[weights][rows, 0])
            score.weight.copy_(weight.expand_as(score.weight))
            score.bias.copy_(
                torch.from_numpy(old[f"weigh_{name}.score.bias"]).expand_as(score.bias)
            )
        for part, buffer in (
            ("weight", net.norm.weight),
            ("bias", net.norm.bias),
            ("running_mean", net.norm.running_mean),
            ("running_var", net.norm.running_var),
        ):
            buffer.copy_(torch.from_numpy(old[f"norm.{part}"][columns]))
        net.project.weight.copy_(torch.from_numpy(old["project.weight"][:, columns]))
        net.project.bias.copy_(torch.from_numpy(old["project.bias"]))


def _pools(widths: list[int]) -> dict[str, NDArray[np.int64]]:
    """Where each part of the earlier network's pool stands."""
    b, c, d = widths[1:]
    sizes = {
        "shapes": 2 * BANDS,
        "shape_tops": 2 * BANDS,
        "second": b,
        "second_tops": b,
        "third": BANDS // 8 * c,
        "fourth": BANDS // 16 * d,
        "fourth_tops": d,
    }
    ends = np.cumsum(list(sizes.values()))
    return {name: np.arange(end - sizes[name], end) for name, end in zip(sizes, ends, strict=True)}


def _rows(channels: NDArray[np.int64], bands: int) -> NDArray[np.int64]:
    return (channels[:, None] * bands + np.arange(bands)).ravel()


def _best(
    old: Arrays, level: str, pools: dict[str, NDArray[np.int64]], width: int, count: int
) -> NDArray[np.int64]:
    """Channels whose features the last layer and the next convolutions make most of."""
    part = pools[level]
    used = np.linalg.norm(old["project.weight"][:, part] * old["norm.weight"][part], axis=0)
    spread = np.sqrt(old["norm.running_var"][part]).reshape(width, -1).mean(1)
    names = {"third": ("third.1.conv.0", "fourth.0.0"), "fourth": ("fourth.1.conv.0",)}[level]
    onward = sum(np.sqrt(np.square(old[f"{n}.weight"]).sum(axis=(0, 2, 3))) for n in names) * spread
    direct = np.linalg.norm(used.reshape(width, -1), axis=1)
    worth = direct / direct.mean() + onward / np.mean(onward)
    return np.sort(np.argsort(worth)[::-1][:count])


def _columns(
    pools: dict[str, NDArray[np.int64]],
    widths: list[int],
    third: NDArray[np.int64],
    fourth: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Of the earlier pool, what the later one holds, in its order: means, then maxima."""
    return np.concatenate(
        [
            pools["shapes"],
            pools["second"],
            pools["third"][_rows(third, BANDS // 8)],
            pools["fourth"][_rows(fourth, BANDS // 16)],
            pools["shape_tops"],
            pools["second_tops"],
            pools["fourth_tops"][fourth],
        ]
    )
