"""ESC-10 with a frozen encoder: a linear classifier, and labels without any example.

Fitted on folds 1-4, measured on fold 5, which nothing was ever trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from wakebench.manifest import Manifest, Row
from wakeword.audio import FloatArray
from wakeword.protocols import Encoder, TextEncoder

SOURCE = "ESC-10"
HOP_SECONDS = 0.25
QUIETEST_DB = -40.0
"""Windows this far below a clip's loudest one are silence and not heard."""
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


def probe(manifest: Manifest, encoder: Encoder) -> Probe:
    """Measure an encoder on ESC-10."""
    fit = [row for row in manifest.for_fitting() if row.source.endswith(SOURCE)]
    test = [row for row in manifest.for_measuring("dev") if row.source.endswith(SOURCE)]
    names = sorted(LABELS)
    x, y = _clips(manifest, fit, encoder, names)
    u, v = _clips(manifest, test, encoder, names)
    found = _linear(_means(x), y, _means(u), len(names))
    by_name = None
    if isinstance(encoder, TextEncoder):
        text = encoder.embed_text([LABELS[name] for name in names])
        likeness = np.stack([(vectors @ text.T).mean(axis=0) for vectors in u])
        by_name = 100 * float(np.mean(likeness.argmax(axis=1) == v))
    return Probe(100 * float(np.mean(found == v)), by_name, len(v))


def _clips(
    manifest: Manifest, rows: list[Row], encoder: Encoder, names: list[str]
) -> tuple[list[FloatArray], NDArray[np.int64]]:
    vectors = []
    for row in rows:
        samples = manifest.audio(row, encoder.rate)
        size, hop = round(encoder.window_seconds * encoder.rate), round(HOP_SECONDS * encoder.rate)
        starts = range(0, max(1, len(samples) - size + 1), hop)
        windows = [samples[at : at + size] for at in starts]
        power = np.array([np.mean(np.square(w)) for w in windows])
        loud = power >= power.max() * 10 ** (QUIETEST_DB / 10)
        vectors.append(encoder.embed([w for w, keep in zip(windows, loud, strict=True) if keep]))
    return vectors, np.array([names.index(row.label) for row in rows])


def _means(clips: list[FloatArray]) -> FloatArray:
    return np.stack([vectors.mean(axis=0) for vectors in clips]).astype(np.float32)


def _linear(x: FloatArray, y: NDArray[np.int64], u: FloatArray, classes: int) -> NDArray[np.int64]:
    """Logistic regression on standardised features."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    features, wanted = torch.from_numpy((x - mean) / spread), torch.from_numpy(y)
    torch.manual_seed(0)
    model = torch.nn.Linear(x.shape[1], classes)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=200)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(model(features), wanted)
        value = value + 1e-2 * model.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    with torch.inference_mode():
        found = model(torch.from_numpy((u - mean) / spread)).argmax(dim=1)
    return np.asarray(found.numpy(), np.int64)
