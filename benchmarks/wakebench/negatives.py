"""Build the negative bank that Wakesound ships: embeddings of what is nobody's sound.

    python -m wakebench.negatives --data DIR --encoder logmel --out assets/negatives

Only clips of the ``train`` split whose licence lets fitted data be shipped go in. They are
played through the engine's own gate and segmenter, one after the other with a moment of near
silence between them, and every run that the gate lets through is kept, so that the bank stands
for exactly as many seconds as were played. To stay small, windows that hardly differ from an
earlier one of their run are dropped, and where that is not enough, each so many-th run is kept
and the bank stands for that part of the time.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from enroll.negatives import hear_runs
from wakebench.manifest import Manifest, Row, fit_rows
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.embedding.embedder import view_dim
from wakeword.encoders import DEFAULT, create_encoder
from wakeword.library.storage import write_atomically, write_bytes
from wakeword.protocols import Encoder
from wakeword.scoring.bank import NegativeBank, file_name, write_bank
from wakeword.scoring.decision import TriggerConfig

LARGEST_MB = 3.0
BYTES = 0.42
"""What a number takes, compressed."""
PAUSE_SECONDS = 0.5
PAUSE_DB = -80.0
LIKENESS = (0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.92, 0.9, 0.88, 0.85, 0.8)
"""Windows of a run are alike from the first of these on that makes the bank small enough."""


def build(
    manifest: Manifest, rows: Sequence[Row], encoder: Encoder, largest_mb: float = LARGEST_MB
) -> NegativeBank:
    """Hear all rows and keep what the gate lets through.

    Args:
        manifest: where the clips are.
        rows: clips of the ``train`` split.
        encoder: makes the embeddings.
        largest_mb: size that the bank may have.

    Raises:
        ConfigError: a row is not of the ``train`` split.
    """
    patience = TriggerConfig().patience
    lengths: list[float] = []
    frames = _stream(manifest, fit_rows(rows), encoder.rate, lengths)
    # A run is through before the next recording is looked at.
    heard = ((run, rows[len(lengths) - 1]) for run in hear_runs(frames, encoder))
    named = [(run, _name(row)) for run, row in heard if len(run) >= patience]
    runs = [run for run, _ in named]
    most = int(largest_mb * 1e6 / (BYTES * view_dim(encoder)))
    thin = runs
    for likeness in LIKENESS:
        thin = [thinned(run, likeness) for run in runs]
        if sum(map(len, thin)) <= most:
            break
    every = -(-sum(map(len, thin)) // most)
    thin, names = thin[::every], [name for _, name in named][::every]
    numbers = np.repeat(np.arange(len(thin), dtype=np.int32), [len(run) for run in thin])
    seconds = sum(lengths) / every
    return NegativeBank(np.concatenate(thin), numbers, seconds, encoder.dim, names=tuple(names))


def _name(row: Row) -> str:
    """What is heard in a recording, in words."""
    return "speech" if row.kind == "speech" else row.label.replace("_", " ")


def thinned(run: FloatArray, likeness: float) -> FloatArray:
    """The rows of a run ``(n, dim)`` that are less like any row kept before than this cosine."""
    kept, views = [0], float(np.square(run[0]).sum())
    for row in range(1, len(run)):
        if (run[kept] @ run[row]).max() < likeness * views:
            kept.append(row)
    return run[kept]


def sources(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Which sources the rows come from, under which licences, clips and minutes of each."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.source, row.licence].append(row)
    return [
        {
            "source": source,
            "licence": licence,
            "clips": len(group),
            "minutes": round(sum(row.seconds for row in group) / 60.0, 1),
        }
        for (source, licence), group in sorted(groups.items())
    ]


def _stream(
    manifest: Manifest, rows: Sequence[Row], rate: int, lengths: list[float]
) -> Iterator[AudioFrame]:
    """All clips one after the other; ``lengths`` gets the seconds of each."""
    noise = np.random.default_rng(0).normal(size=round(PAUSE_SECONDS * rate))
    pause = (noise * 10.0 ** (PAUSE_DB / 20.0)).astype(np.float32)
    start = 0
    for number, row in enumerate(rows, 1):
        yield AudioFrame(pause, start, rate)
        start += len(pause)
        audio = manifest.audio(row, rate)
        lengths.append(len(audio) / rate)
        yield AudioFrame(audio, start, rate)
        start += len(audio)
        if number % 200 == 0 or number == len(rows):
            sys.stderr.write(f"\r{number} of {len(rows)} clips")
    sys.stderr.write("\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Build the negative bank of an encoder.")
    parser.add_argument("--data", type=Path, required=True, help="folder with a manifest.csv")
    parser.add_argument("--encoder", default=DEFAULT)
    parser.add_argument("--out", type=Path, required=True, help="folder for the bank")
    parser.add_argument("--mb", type=float, default=LARGEST_MB, help="size that it may have")
    options = parser.parse_args(arguments)
    manifest = Manifest.read(options.data)
    rows = manifest.for_fitting(shippable=True)
    encoder = create_encoder(options.encoder)
    bank = build(manifest, rows, encoder, options.mb)
    path = options.out / file_name(encoder.id)
    write_atomically(path, lambda file: write_bank(file, bank, encoder.id))
    about = {
        "encoder": encoder.id,
        "hours": round(bank.hours, 2),
        "runs": int(bank.runs[-1]) + 1,
        "vectors": len(bank.vectors),
        "sources": sources(rows),
    }
    write_bytes(path.with_suffix(".json"), (json.dumps(about, indent=2) + "\n").encode())
    sys.stderr.write(f"{path}: {path.stat().st_size / 1e6:.1f} MB, {bank.hours:.1f} hours\n")


if __name__ == "__main__":
    main()
