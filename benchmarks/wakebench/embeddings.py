"""Encoders alone: does an event lie near its own takes, whatever the gate does?

The windows are those in which the engine would hear the event whole, cut from the composed
stream at the known place; the score is the cosine to the nearest take. A few minutes for several
encoders at once:

    python -m wakebench.embeddings --data DIR --encoder mini --encoder logmel \\
        --peer cosine:MODULE:FUNCTION
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import cycle
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from wakebench import material
from wakebench.cli import default_cache
from wakebench.foreign import any_encoder
from wakebench.manifest import Manifest
from wakebench.misses import snr_name
from wakebench.part_sheets import encoders_sheet
from wakebench.pool import Pool, workers
from wakebench.protocol import QUICK, Protocol
from wakebench.runner import Run, Runner
from wakebench.stream import Layout, cached_audio
from wakebench.synth import RATE
from wakeword.audio.frames import FloatArray
from wakeword.audio.resampling import resample
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.embedding.embedder import embed_views, focused, is_short
from wakeword.embedding.variants import embed_once
from wakeword.encoders import DEFAULT
from wakeword.errors import WakesoundError
from wakeword.library.recordings import Take
from wakeword.protocols import Encoder

ENROLLED = 3
"""Takes per sound."""
CONTEXT_SECONDS = 0.5
"""Audio around an event that its windows may reach into."""
STEP_SECONDS = 2.0
"""From one window of a negative stream to the next."""
LENGTHS_SECONDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Windows of negative streams are as long as the engine's, one length after the other: an
encoder that fills short windows up would else know the negatives by their being full."""
FALSE_SHARES = (0.01, 0.001)
"""Misses are stated at the thresholds that these shares of the negative windows pass."""

Scores = NDArray[np.float64]


def encoders_of(systems: Sequence[str]) -> list[str]:
    """Encoders of the systems of a run: the engine's, and those that are compared with it.

    Args:
        systems: as for :func:`wakebench.system.make_system`.
    """
    found: dict[str, None] = {}
    for system in systems:
        kind, _, rest = system.partition(":")
        name, _, variant = rest.partition(":")
        if kind == "engine" or system == "baseline:logmel":
            found[rest] = None
        elif (kind, name) == ("baseline", "cosine") and variant:
            found[variant] = None
    return list(found)


def embed_takes(spec: str, takes: Mapping[str, Sequence[Take]]) -> dict[str, FloatArray]:
    """Vectors of each sound's takes in the view that it is looked for in, ``(n, view_dim)``."""
    encoder, config = _encoder(spec), SegmenterConfig()
    vectors = {}
    for name, found in takes.items():
        rows = np.concatenate([embed_once(take, encoder, config) for take in found])
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
        found.append(embed_once(take, encoder, SegmenterConfig()))
    return found


def embed_negatives(spec: str, stream: str, cache: Path) -> FloatArray:
    """Vectors of windows all over a stream, ``(windows, view_dim)``."""
    encoder = _encoder(spec)
    samples = resample(cached_audio(stream, cache / "streams"), RATE, encoder.rate)
    window, step = (round(s * encoder.rate) for s in (encoder.window_seconds, STEP_SECONDS))
    starts = range(0, max(1, len(samples) - window), step)
    lengths = cycle(round(min(s, encoder.window_seconds) * encoder.rate) for s in LENGTHS_SECONDS)
    spans = zip(starts, lengths, strict=False)
    return embed_views(encoder, [samples[first : first + length] for first, length in spans])


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
            "missed": {
                f"{share:g}": round(float(np.mean(np.array(above[snr_db]) <= 1.0 - share)), 4)
                for share in FALSE_SHARES
            },
        }
        for snr_db in sorted(nearest, reverse=True)
    }


@lru_cache(maxsize=4)
def _encoder(spec: str) -> Encoder:
    return any_encoder(spec)


@click.command()
@click.option("--data", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--split", type=click.Choice(["train", "dev"]), default="dev", show_default=True)
@click.option("--encoder", "encoders", multiple=True, help="As in 'wakesound enroll --encoder'.")
@click.option("--peer", "peers", multiple=True, help="cosine:MODULE:FUNCTION, another network.")
@click.option("--quick", is_flag=True, help="Fewer sounds, levels and hours.")
@click.option("--seed", default=0, show_default=True)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--cache", type=click.Path(path_type=Path), help="As of 'wakesound bench'.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the figures as JSON.")
def main(
    data: Path,
    split: str,
    encoders: tuple[str, ...],
    peers: tuple[str, ...],
    quick: bool,
    seed: int,
    jobs: int,
    cache: Path | None,
    out: Path | None,
) -> None:
    """Compare encoders without gate, verifier and calibration, on recorded sounds."""
    specs = [*encoders, *(peer.removeprefix("baseline:").removeprefix("cosine:") for peer in peers)]
    protocol = replace(QUICK if quick else Protocol(), seed=seed, split=split, deals=1)
    cache = cache or default_cache()
    try:
        found = material.from_manifest(Manifest.read(data), protocol, made=False)
        with workers(jobs) as pool:
            run = Runner(found, protocol, [], cache, pool).run()
            tables = [embedding_table(spec, run, cache, pool) for spec in specs or [DEFAULT]]
    except WakesoundError as error:
        raise click.ClickException(str(error)) from error
    sheet = encoders_sheet(tables)
    rows = [sheet.columns, ["---"] * len(sheet.columns), *sheet.rows]
    click.echo(f"{sheet.note}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows))
    if out:
        out.write_text(json.dumps(tables, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
