"""Listening for hours of stream at speed: memory, files, threads and events do not drift."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from runtime.history.store import History
from runtime.listening.listener import WakeListener
from wakebench.proof.part import Figures, memory_mb, open_files
from wakeword.audio.frames import AudioFrame
from wakeword.protocols import Source
from wakeword.testing import RATE, ToneEncoder, make_library, noise, tone

SOUNDS = {f"tone {hz}": tone(float(hz), 0.4) for hz in (600, 1200, 1900, 2700, 3600)}
MINUTE = 60 * RATE
WARM_SHARE = 0.3
"""Of the time at first is not looked at: caches fill, histories come to their bounds."""


class Endless(Source):
    """A source that plays a minute again and again, as fast as it is heard, until it is closed.

    Args:
        name: what events say they came from.
        samples: ``(n,) float32``.
    """

    def __init__(self, name: str, samples: np.ndarray) -> None:
        self.name, self.rate, self.live = name, RATE, False
        self._samples = samples
        self._closed = threading.Event()
        self.position = 0

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield frames of a tenth of a second."""
        size = RATE // 10
        while not self._closed.is_set():
            at = self.position % len(self._samples)
            yield AudioFrame(self._samples[at : at + size], self.position, RATE)
            self.position += size

    def close(self) -> None:
        """End."""
        self._closed.set()


def soak(rng: np.random.Generator, folder: Path, *, seconds: float) -> Figures:
    """Five sounds, two sources, a history and hooks, for so many seconds of this machine's time."""
    library = make_library(folder / "library", SOUNDS, threshold=0.8)
    heard = [0]

    def note() -> None:
        heard[0] += 1

    sources = [Endless(f"room {n}", _minute(rng)) for n in range(2)]
    listener = WakeListener(
        library, sources, encoder=ToneEncoder(), history=History(folder / "history")
    )
    listener.on("*", note)
    listener.on("*", f"json:{folder / 'events.jsonl'}")
    listener.start()
    began = time.monotonic()
    points: list[tuple[float, float, int, int, int]] = []
    try:
        while time.monotonic() - began < seconds:
            time.sleep(min(1.0, seconds / 20))
            hours = sum(source.position for source in sources) / RATE / 3600
            now = (hours, memory_mb(), open_files(), threading.active_count(), heard[0])
            points.append(now)
    finally:
        listener.stop()
    steady = points[int(WARM_SHARE * len(points)) :]
    slope = _slope([p[0] for p in steady], [p[1] for p in steady])
    rates = [(b[4] - a[4]) / max(b[0] - a[0], 1e-9) for a, b in ((steady[0], steady[-1]),)]
    files = max(p[2] for p in steady) - min(p[2] for p in steady)
    threads = max(p[3] for p in steady) - min(p[3] for p in steady)
    assert heard[0] > 0, "nothing was heard"
    assert files <= 4, f"{files} files more"
    assert threads <= 6, f"{threads} threads more"
    return {
        "stream hours": round(points[-1][0], 1),
        "events": heard[0],
        "events an hour": round(rates[0]),
        "MB a stream day": round(24 * slope, 2),
        "most MB": round(max(p[1] for p in points)),
        "most files": max(p[2] for p in points),
        "most threads": max(p[3] for p in points),
    }


def _minute(rng: np.random.Generator) -> np.ndarray:
    """Noise with each of the sounds a few times."""
    samples = noise(60.0, seed=int(rng.integers(1 << 30)))
    for number, at in enumerate(range(2, 58, 6)):
        sound = list(SOUNDS.values())[number % len(SOUNDS)]
        start = at * RATE + int(rng.integers(RATE))
        samples[start : start + len(sound)] += sound
    return samples


def _slope(x: list[float], y: list[float]) -> float:
    """Of the straight line through the points, by least squares."""
    return float(np.polyfit(x, y, 1)[0]) if len(set(x)) > 1 else 0.0
