"""ESC-10 with a frozen encoder: a linear classifier, and labels without any example.

Fitted on folds 1-4, measured on fold 5, which nothing was ever trained on. A clip is the mean of
its windows, of both lengths for an encoder that hears two
(:mod:`wakeword.embedding.embedder`). This and the penalty on the weights were chosen by
cross-validation on folds 1-4: ``crossed``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from wakebench.manifest import Manifest, Row
from wakeword.audio.frames import FloatArray
from wakeword.protocols import Encoder

SOURCE = "ESC-10"
HOP_SECONDS = 0.25
QUIETEST_DB = -40.0
"""Windows this far below a clip's loudest one are silence and not heard."""
PENALTY = 1e-2
"""On the squares of the classifier's weights."""
LABELS = {
    "dog": "dog barking",
    "rooster": "rooster",
    "rain": "rain",
    "sea_waves": "sea waves",
    "crackling_fire": "crackling fire",
    "crying_baby": "crying baby",
    "sneezing": "sneezing",
    "clock_tick": "clock tick",
    "helicopter": "helicopter",
    "chainsaw": "chainsaw",
}
"""What each class is called when nothing but its name is given."""


@dataclass(frozen=True)
class Probe:
    """Shares of fold 5 that were named rightly, in percent."""

    linear: float
    by_name: float | None
    """None for an encoder without a text side."""
    clips: int
    crossed: tuple[float, ...]
    """The linear classifier on each of folds 1-4, fitted on the other three. Only fold 4 was
    kept out of the encoder's training."""


def probe(manifest: Manifest, encoder: Encoder) -> Probe:
    """Measure an encoder on ESC-10."""
    fit = [row for row in manifest.for_fitting() if row.source.endswith(SOURCE)]
    test = [row for row in manifest.for_measuring("dev") if row.source.endswith(SOURCE)]
    names = sorted(LABELS)
    x, y = _clips(manifest, fit, encoder), _classes(fit, names)
    u, v = _clips(manifest, test, encoder), _classes(test, names)
    by_name = None
    if encoder.reads_text:
        text = encoder.embed_text([LABELS[name] for name in names])
        by_name = _right((u[:, : encoder.dim] @ text.T).argmax(axis=1), v)
    folds = np.array([_fold(row) for row in fit])
    crossed = []
    for fold in np.unique(folds):
        kept, rest = folds == fold, folds != fold
        crossed.append(_right(_linear(x[rest], y[rest], x[kept], len(names)), y[kept]))
    return Probe(_right(_linear(x, y, u, len(names)), v), by_name, len(v), tuple(crossed))


def _right(found: NDArray[np.int64], wanted: NDArray[np.int64]) -> float:
    return round(100 * float(np.mean(found == wanted)), 2)


def _classes(rows: list[Row], names: list[str]) -> NDArray[np.int64]:
    return np.array([names.index(row.label) for row in rows])


def _fold(row: Row) -> int:
    """ESC-10's fold: the first figure of a clip's own name."""
    return int(Path(row.path).name.split("__")[-1][0])


def _clips(manifest: Manifest, rows: list[Row], encoder: Encoder) -> FloatArray:
    """A row a clip, ``(n, views * dim) float32``; the first ``dim`` are of whole windows."""
    seconds = [encoder.window_seconds, *filter(None, [encoder.short_seconds])]
    clips = (manifest.audio(row, encoder.rate) for row in rows)
    return np.stack([np.concatenate([_mean(clip, encoder, s) for s in seconds]) for clip in clips])


def _mean(samples: FloatArray, encoder: Encoder, seconds: float) -> FloatArray:
    """What windows of so many seconds have in common, ``(dim,) float32``; silent ones aside."""
    size, hop = round(seconds * encoder.rate), round(HOP_SECONDS * encoder.rate)
    starts = range(0, max(1, len(samples) - size + 1), hop)
    windows = [samples[at : at + size] for at in starts]
    power = np.array([np.mean(np.square(w)) for w in windows])
    loud = power >= power.max() * 10 ** (QUIETEST_DB / 10)
    vectors = encoder.embed([w for w, keep in zip(windows, loud, strict=True) if keep])
    return np.asarray(vectors.mean(axis=0), np.float32)


def _linear(x: FloatArray, y: NDArray[np.int64], u: FloatArray, classes: int) -> NDArray[np.int64]:
    """Logistic regression on standardised features."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    features, wanted = torch.from_numpy((x - mean) / spread), torch.from_numpy(y)
    torch.manual_seed(0)
    model = torch.nn.Linear(x.shape[1], classes)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(model(features), wanted)
        value = value + PENALTY * model.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    with torch.inference_mode():
        found = model(torch.from_numpy((u - mean) / spread)).argmax(dim=1)
    return np.asarray(found.numpy(), np.int64)
