"""What baselines and adapters share: takes on disk, a grid of windows, traces from scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakebench.identity import code_key
from wakebench.synth import RATE
from wakebench.trace import Trace
from wakeword.audio.frames import FloatArray
from wakeword.library.recordings import Take
from wakeword.scoring.decision import TriggerConfig

HOP = RATE // 10
QUIET_DB = -60.0
"""Windows whose loudest 10 ms are below this are not looked at."""

Takes = dict[str, list[FloatArray]]


def keep(takes: Mapping[str, Sequence[Take]], folder: Path) -> None:
    """Store the sounds themselves, without what is around them."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = [
        (name, take.samples[take.start : take.end])
        for name, recordings in takes.items()
        for take in recordings
    ]
    np.savez(
        folder / "takes.npz",
        names=np.array([name for name, _ in pieces]),
        lengths=np.array([len(samples) for _, samples in pieces]),
        samples=np.concatenate([samples for _, samples in pieces]),
    )


def kept(folder: Path) -> Takes:
    """What :func:`keep` stored."""
    takes: Takes = {}
    with np.load(folder / "takes.npz", allow_pickle=False) as arrays:
        pieces = np.split(arrays["samples"], np.cumsum(arrays["lengths"])[:-1])
        for name, samples in zip(arrays["names"], pieces, strict=True):
            takes.setdefault(str(name), []).append(samples)
    return takes


def ends(samples: FloatArray) -> NDArray[np.int64]:
    """Ends of all windows on the grid; the last one ends with the stream."""
    return np.append(np.arange(HOP, len(samples), HOP), len(samples))


def loud(samples: FloatArray, stops: NDArray[np.int64], window: int) -> NDArray[np.bool_]:
    """For each window whether any 10 ms of it are loud enough."""
    step = RATE // 100
    padded = np.pad(samples, (0, -len(samples) % step)).reshape(-1, step)
    active = np.mean(np.square(padded), axis=1) > 10.0 ** (QUIET_DB / 10.0)
    total = np.concatenate([[0], np.cumsum(active)])
    last = np.minimum(-(-stops // step), len(active))
    return np.asarray(total[last] > total[np.maximum(stops - window, 0) // step])


def trace(
    names: Sequence[str],
    scores: NDArray[np.floating],
    samples: FloatArray,
    audible: NDArray[np.bool_],
    threshold: float,
    trigger: TriggerConfig,
) -> Trace:
    """The best sound of every audible window, from ``(windows, sounds)`` scores."""
    stops = ends(samples)
    best = np.argmax(scores, axis=1)
    rows = np.flatnonzero(audible & np.isfinite(scores.max(axis=1)))
    return Trace(
        names=tuple(names),
        ends=stops[rows],
        sounds=best[rows].astype(np.int64),
        scores=scores[rows, best[rows]].astype(np.float64),
        thresholds=np.full(len(rows), threshold),
        hop=HOP,
        length=len(samples),
        rate=RATE,
        trigger=trigger,
    )


def code() -> str:
    """Key of the code that all baselines depend on."""
    return code_key("baselines", "grid", "recording", "trace")
