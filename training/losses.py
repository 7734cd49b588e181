"""What the network is asked for: likeness of sources, the teacher's view, and names."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def likeness_loss(
    a: Tensor, b: Tensor, group: Tensor, temperature: float, memory: Memory | None = None
) -> Tensor:
    """Contrast between sources, both ways.

    Windows of one group are takes of one source: positives. All others are negatives, those
    of the same class too, which is what makes this whistle differ from another.

    Args:
        a: ``(n, dim)`` unit vectors of the first hearing.
        b: the same windows, heard otherwise.
        group: ``(n,)``.
        temperature: smaller looks at the nearest negatives only.
        memory: vectors of earlier batches, further negatives.
    """
    return contrast(torch.cat([a, b]), torch.cat([group, group]), temperature, memory)


def contrast(
    both: Tensor, groups: Tensor, temperature: float, memory: Memory | None = None
) -> Tensor:
    """Contrast between sources, of any number of hearings at once.

    Args:
        both: ``(n, dim)`` unit vectors.
        groups: ``(n,)``; each holds two or more of them.
        temperature: smaller looks at the nearest negatives only.
        memory: vectors of earlier batches, further negatives.
    """
    scores = both @ both.T / temperature
    itself = torch.eye(len(both), dtype=torch.bool)
    positive = (groups[:, None] == groups[None]) & ~itself
    scores = scores.masked_fill(itself, -1e4)
    if memory is not None and len(memory.group):
        old = both @ memory.vectors.T / temperature
        old = old.masked_fill(groups[:, None] == memory.group[None], -1e4)
        scores = torch.cat([scores, old], dim=1)
        positive = functional.pad(positive, (0, old.shape[1]))
    chance = torch.log_softmax(scores, dim=1)
    return -((chance * positive).sum(1) / positive.sum(1)).mean()


class Memory:
    """Vectors of the last batches. A rare false alarm is a negative that no batch holds."""

    def __init__(self, size: int) -> None:
        self.vectors, self.group = torch.zeros(0, 0), torch.zeros(0, dtype=torch.int64)
        self._size = size

    def keep(self, vectors: Tensor, group: Tensor) -> None:
        """Remember ``(n, dim)`` vectors and their groups, and forget the oldest."""
        old = self.vectors if len(self.group) else vectors[:0]
        self.vectors = torch.cat([old.detach(), vectors.detach()])[-self._size :]
        self.group = torch.cat([self.group, group])[-self._size :]


def teacher_loss(
    found: Tensor, wanted: Tensor, weight: Tensor, clip: Tensor, temperature: float
) -> Tensor:
    """Cosine to the teacher's features, and each student nearest to its own teacher.

    Args:
        found: ``(n, targets)`` from the student.
        wanted: ``(n, targets)`` unit vectors from the teacher.
        weight: ``(n,)``: 0 where the teacher is not asked.
        clip: ``(n,)``: windows of one clip are not held against each other.
        temperature: of the contrast.
    """
    found = functional.normalize(found, dim=1)
    cosine = 1.0 - (found * wanted).sum(1)
    scores = found @ wanted.T / temperature
    itself = torch.eye(len(found), dtype=torch.bool)
    scores = scores.masked_fill((clip[:, None] == clip[None]) & ~itself, -1e4)
    contrast = -torch.log_softmax(scores, dim=1).diagonal()
    return ((2.0 * cosine + 0.5 * contrast) * weight).sum() / weight.sum().clamp(min=1.0)


def label_loss(meaning: Tensor, labels: Tensor, wanted: Tensor, prior: Tensor) -> Tensor:
    """Cross-entropy of the labels' likeness to the sound against the wanted shares.

    Args:
        meaning: ``(n, text_dim)`` unit vectors.
        labels: ``(classes, text_dim)`` unit vectors.
        wanted: ``(n, classes)`` shares that sum to 1, or to 0 where nothing is known.
        prior: ``(classes,)`` how common each class is: the common ones need no help.
    """
    logits = 20.0 * meaning @ labels.T + 0.5 * prior.clamp(min=1e-5).log()
    return -(wanted * torch.log_softmax(logits, dim=1)).sum() / (wanted.sum().clamp(min=1.0))
