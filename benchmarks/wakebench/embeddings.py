"""The encoder alone: does an event lie near its own takes, whatever the gate does?

The windows are those in which the engine would hear the event whole, cut from the composed
stream at the known place; the score is the cosine to the nearest take.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakebench.misses import snr_name
from wakebench.pool import Pool
from wakebench.runner import Run
from wakebench.stream import Layout, cached_audio
from wakebench.synth import RATE
from wakeword.audio import FloatArray
from wakeword.config import SegmenterConfig
from wakeword.encoders import create_encoder
from wakeword.protocols import Encoder
from wakeword.resampler import resample
from wakeword.takes import Take, embed_take, quiet_rows
from wakeword.views import embed_views, focused, is_short

ENROLLED = 3
"""Takes per sound."""
CONTEXT_SECONDS = 0.5
"""Audio around an event that its windows may reach into."""
STEP_SECONDS = 2.0
"""From one window of a negative stream to the next."""
FALSE_SHARE = 0.01
"""Misses are stated at the threshold that this share of the negative windows passes."""

Scores = NDArray[np.float64]


def embed_takes(spec: str, takes: Mapping[str, Sequence[Take]]) -> dict[str, FloatArray]:
    """Vectors of each sound's takes in the view that it is looked for in, ``(n, view_dim)``."""
    encoder, config = _encoder(spec), SegmenterConfig()
    vectors = {}
    for name, found in takes.items():
        rows = np.concatenate([quiet_rows(embed_take(take, encoder, config)) for take in found])
        short = is_short([take.sound_seconds for take in found], encoder, config)
        vectors[name] = focused(rows, encoder.dim, short)
    return vectors


def embed_events(spec: str, stream: str, layout: Layout, cache: Path) -> list[FloatArray]:
    """Vectors of each event of a stream, ``(windows, view_dim)``."""
    samples = cached_audio(stream, cache / "streams")
    encoder, context, found = _encoder(spec), round(CONTEXT_SECONDS * RATE), []
    for event in layout.events:
        first = max(0, event.start - context)
        piece = samples[first : event.end + context]
        take = Take(piece, RATE, event.start - first, event.end - first)
        found.append(quiet_rows(embed_take(take, encoder, SegmenterConfig())))
    return found


def embed_negatives(spec: str, stream: str, cache: Path) -> FloatArray:
    """Vectors of windows all over a stream, ``(windows, view_dim)``."""
    encoder = _encoder(spec)
    samples = resample(cached_audio(stream, cache / "streams"), RATE, encoder.rate)
    window, step = (round(s * encoder.rate) for s in (encoder.window_seconds, STEP_SECONDS))
    starts = range(0, max(1, len(samples) - window), step)
    return np.concatenate([embed_views(encoder, [samples[i : i + window]]) for i in starts])


def embedding_table(spec: str, run: Run, cache: Path, pool: Pool) -> dict[str, Any]:
    """An encoder on the first deal's streams and on windows of all negative ones."""
    count = min(ENROLLED, max(run.protocol.enrolled))
    shelves = [lib for lib in run.libraries if lib.deal == 0 and not lib.made]
    shelves = shelves or [lib for lib in run.libraries if lib.deal == 0]
    places = [(lib.name, snr) for lib in shelves for snr in run.protocol.snrs_db]
    streams = [run.events[place] for place in places]
    takes = pool.each("encoder alone", embed_takes, ((spec, s.enroll(count)) for s in shelves))
    events = pool.each(
        "encoder alone", embed_events, ((spec, s.key, s.layout, cache) for s in streams)
    )
    quiet = pool.each(
        "encoder alone", embed_negatives, ((spec, s.key, cache) for _, s in run.negatives)
    )
    heard = [
        (name, snr_db, stream.layout, vectors)
        for (name, snr_db), stream, vectors in zip(places, streams, events, strict=True)
    ]
    vectors_by_library = {lib.name: found for lib, found in zip(shelves, takes, strict=True)}
    return {
        "encoder": spec,
        "takes": count,
        "snrs": embedding_figures(vectors_by_library, heard, np.concatenate(quiet)),
    }


def embedding_figures(
    libraries: Mapping[str, Mapping[str, FloatArray]],
    events: Sequence[tuple[str, float, Layout, Sequence[FloatArray]]],
    negatives: FloatArray,
) -> dict[str, Any]:
    """Figures by SNR.

    Args:
        libraries: vectors of the takes by library and sound.
        events: library, SNR, layout and the vectors of each event, for every stream.
        negatives: ``(windows, view_dim)``.
    """
    nearest: dict[float, list[bool]] = defaultdict(list)
    above: dict[float, list[float]] = defaultdict(list)
    for library, snr_db, layout, vectors in events:
        takes = libraries[library]
        names = list(takes)
        quiet = np.stack([(negatives @ takes[name].T).max(axis=1) for name in names], axis=1)
        for event, windows in zip(layout.events, vectors, strict=True):
            scores = [float((windows @ takes[name].T).max()) for name in names]
            own = names.index(event.sound)
            nearest[snr_db].append(int(np.argmax(scores)) == own)
            above[snr_db].append(float(np.mean(quiet[:, own] < scores[own])))
    return {
        snr_name(snr_db): {
            "events": len(nearest[snr_db]),
            "nearest_is_own": round(float(np.mean(nearest[snr_db])), 4),
            "area_under_roc": round(float(np.mean(above[snr_db])), 4),
            "missed_at_1_percent": round(
                float(np.mean(np.array(above[snr_db]) <= 1.0 - FALSE_SHARE)), 4
            ),
        }
        for snr_db in sorted(nearest, reverse=True)
    }


@lru_cache(maxsize=2)
def _encoder(spec: str) -> Encoder:
    return create_encoder(spec)
