"""The gates alone: do they open in time, and how long are they open for nothing?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakebench.classes import SILENCE
from wakebench.clips import MadeClip
from wakebench.compose import CLEAN, NegativePlan
from wakebench.pool import Pool
from wakebench.runner import Run
from wakebench.stream import Layout, cached_audio, obtain
from wakebench.synth import RATE
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.gates import create_gate
from wakeword.gates.vad import VadGate
from wakeword.protocols import Gate

NAMES = ("vad 0", "vad 1", "vad 2", "vad 3", "band", "union")
"""WebRTC's detector alone in each mode, the band gate alone, and the union gate."""
SILENCE_SECONDS = 120.0

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Opened:
    """What the gates did with one stream; ``(gates, ...)`` in the order of ``NAMES``."""

    in_time: tuple[tuple[bool, ...], ...]
    """For each event whether the segment that holds it begins at or before it."""
    at_all: tuple[tuple[bool, ...], ...]
    """For each event whether a segment was open at any moment of it."""
    open_share: tuple[float, ...]
    """Share of the stream's time with an open segment."""


def make_gate(name: str) -> Gate:
    """One of ``NAMES`` at 16 kHz."""
    kind, _, mode = name.partition(" ")
    return VadGate(RATE, int(mode)) if kind == "vad" else create_gate(kind, RATE)


def open_blocks(gate: Gate, samples: FloatArray, config: SegmenterConfig) -> Bools:
    """``(blocks,)`` whether a segment is open in each hop, hangover included."""
    hop = round(config.hop_seconds * RATE)
    active = [gate(AudioFrame(samples[i : i + hop], i, RATE)) for i in range(0, len(samples), hop)]
    opened = np.array(active, bool)
    hangover = round(config.hangover_seconds / config.hop_seconds)
    for later in range(1, hangover + 1):
        opened[later:] |= np.array(active[:-later], bool)
    return opened


def watch(stream: str, layout: Layout, cache: Path) -> Opened:
    """Let every gate hear a stream of the cache."""
    samples = cached_audio(stream, cache / "streams")
    config = SegmenterConfig()
    hop, early = round(config.hop_seconds * RATE), round(config.pre_roll_seconds * RATE)
    in_time, at_all, shares = [], [], []
    for name in NAMES:
        blocks = open_blocks(make_gate(name), samples, config)
        starts = np.flatnonzero(blocks) * hop
        timely, ever = [], []
        for event in layout.events:
            inside = starts[(starts + hop > event.start) & (starts < event.end)]
            near = starts[(starts + hop > event.start) & (starts - early <= event.start)]
            timely.append(bool(len(near)))
            ever.append(bool(len(inside) or len(near)))
        in_time.append(tuple(timely))
        at_all.append(tuple(ever))
        shares.append(float(blocks.mean()))
    return Opened(tuple(in_time), tuple(at_all), tuple(shares))


def gate_table(run: Run, cache: Path, pool: Pool) -> dict[str, Any]:
    """Every gate on the first deal's streams and on the negative streams."""
    silence = MadeClip("quiet", SILENCE, SILENCE_SECONDS, run.protocol.seed)
    quiet = obtain(NegativePlan((silence,), run.protocol.seed), cache / "streams")
    negatives = [*run.negatives, (SILENCE, quiet)]
    shelves = {lib.name: lib for lib in run.libraries if lib.deal == 0}
    events = [
        (shelves[name], snr_db, stream)
        for (name, snr_db), stream in run.events.items()
        if name in shelves
    ]
    streams = [stream for *_, stream in events] + [stream for _, stream in negatives]
    found = pool.each("gates alone", watch, ((s.key, s.layout, cache) for s in streams))
    families = {
        entry.sound.name: entry.sound.family + (" (synthetic)" if lib.made else "")
        for lib in shelves.values()
        for entry in lib.entries
    }
    return gate_figures(
        [(snr, s.layout, o) for (_, snr, s), o in zip(events, found, strict=False)],
        [(c, s.layout, o) for (c, s), o in zip(negatives, found[len(events) :], strict=True)],
        families,
    )


def gate_figures(
    events: Sequence[tuple[float, Layout, Opened]],
    negatives: Sequence[tuple[str, Layout, Opened]],
    families: dict[str, str],
) -> dict[str, Any]:
    """Shares by family of sound (clean, and with background) and by kind of background."""
    timely: dict[str, list[list[bool]]] = defaultdict(list)
    ever: dict[str, list[list[bool]]] = defaultdict(list)
    for snr_db, layout, opened in events:
        under = "clean" if snr_db == CLEAN else "in noise"
        for i, event in enumerate(layout.events):
            for group in (families[event.sound], "all"):
                timely[f"{group}, {under}"].append([row[i] for row in opened.in_time])
                ever[f"{group}, {under}"].append([row[i] for row in opened.at_all])
    seconds: dict[str, float] = defaultdict(float)
    opens: dict[str, NDArray[np.float64]] = defaultdict(lambda: np.zeros(len(NAMES)))
    for category, layout, opened in negatives:
        seconds[category] += layout.seconds
        opens[category] += layout.seconds * np.array(opened.open_share)
    return {
        "gates": list(NAMES),
        "events": {group: len(rows) for group, rows in sorted(timely.items())},
        "in_time": {group: _means(rows) for group, rows in sorted(timely.items())},
        "at_all": {group: _means(rows) for group, rows in sorted(ever.items())},
        "open_share": {
            category: [round(float(share), 4) for share in opens[category] / seconds[category]]
            for category in sorted(seconds)
        },
    }


def _means(rows: list[list[bool]]) -> list[float]:
    return [round(float(value), 4) for value in np.mean(np.array(rows, float), axis=0)]
