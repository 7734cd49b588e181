"""The last layer's other part: names, fitted once more to what the trained network sees."""

from __future__ import annotations

import logging

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.batches import Batches
from training.config import TrainConfig
from training.corpus import Store
from training.labels import class_names
from training.loop import Student
from training.losses import label_loss
from training.network import MiniNet
from training.streaming_net import StreamingNet
from training.targets import Targets

log = logging.getLogger(__name__)

OTHERS = 4000
"""Windows without a label of their own, for which the teacher speaks."""
MOST_OF_LABEL = 450
"""Windows of one label; more of the same teach nothing new."""
STEPS = 250
BATCH = 2048
BLOCK = 256


def refit_names(student: Student, store: Store, targets: Targets, config: TrainConfig) -> None:
    """Fit the meaning part of the last layer and the labels, the rest being frozen.

    Labelled sounds of all sources count, those of the screening's too: nothing that tells
    sources apart is touched.

    Args:
        student: changed in place.
        store: the windows.
        targets: their classes.
        config: of the training.
    """
    rows = rows_to_name(store, config.seed)
    source = Batches(store, rows, BLOCK, config.shares, config.seed + 5)
    seen, wanted = [], []
    net = student.net.eval()
    for first in range(0, len(rows), BLOCK):
        batch = source.hear(rows[first : first + BLOCK])
        with torch.inference_mode():
            for hearing in (batch.first, batch.second):
                seen += [net.norm(net.pooled(levels)) for levels in hearing]
        classes_of = torch.from_numpy(targets.classes[batch.rows].astype(np.float32))
        wanted += 2 * [batch.asked[:, None] * classes_of]
    fit_names(net, student.labels, torch.cat(seen).clone(), torch.cat(wanted), config.seed)


def rows_to_name(store: Store, seed: int) -> NDArray[np.int64]:
    """Windows for the names, in chance order: labelled ones, and some for the teacher."""
    rng = np.random.default_rng(seed)
    kinds, items = store.kinds(), store.items
    known = np.array([bool(k) for k in _known(store)])[items["label"]]
    named = np.flatnonzero(known & (kinds != "speech"))
    labels = [named[items["label"][named] == label] for label in np.unique(items["label"][named])]
    rest = np.flatnonzero(~known & (kinds != "speech"))
    speech = np.flatnonzero(kinds == "speech")
    parts = [
        *(rng.permutation(label)[:MOST_OF_LABEL] for label in labels),
        rng.permutation(rest)[:OTHERS],
        rng.permutation(speech)[: OTHERS // 2],
    ]
    return rng.permutation(np.concatenate(parts))


def fit_names(
    net: MiniNet | StreamingNet, labels: Tensor, features: Tensor, classes: Tensor, seed: int
) -> None:
    """Fit the meaning part of a network's last layer and the labels' vectors.

    Args:
        net: changed in place.
        labels: ``(classes, text_dim)``, changed in place.
        features: ``(n, pooled)`` as the last layer gets them.
        classes: ``(n, classes)``: see :func:`training.losses.label_loss`.
        seed: of the order.
    """
    rng = np.random.default_rng(seed)
    prior = classes.mean(0)
    head = torch.nn.Linear(features.shape[1], net.text_dim)
    with torch.no_grad():
        head.weight.copy_(net.project.weight[net.dim :])
        head.bias.copy_(net.project.bias[net.dim :])
    optimizer = torch.optim.AdamW([*head.parameters(), labels], 2e-3, weight_decay=0.1)
    for step in range(STEPS):
        some = torch.from_numpy(rng.integers(len(features), size=BATCH))
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1 - step / STEPS)
        dropped = functional.dropout(features[some], 0.2)
        meaning = functional.normalize(head(dropped), dim=1)
        loss = label_loss(meaning, functional.normalize(labels, dim=1), classes[some], prior)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            log.info("names: step %d, loss %.3f", step, float(loss.detach()))
    with torch.no_grad():
        net.project.weight[net.dim :] = head.weight
        net.project.bias[net.dim :] = head.bias


def _known(store: Store) -> list[tuple[str, ...]]:
    return [class_names(label, kind) for label, kind in store.labels]
