"""What the speech guard costs and brings: ``python -m wakebench.guard --data DIR``.

Each group of real recordings that holds enough sounds is enrolled by three of them, once with
the guard's label fitted and once with a limit on what the voice detector calls speech. The
others, clean and in pink noise, say what is lost; recordings of talk say what is refused.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import click
import numpy as np

from enroll.files import takes_of_file
from enroll.negatives import hear_runs, recorded_frames
from enroll.vetoes import fit_vetoes
from wakeword.audio.frames import FloatArray
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.audio.speech import SpeechDetector
from wakeword.embedding.variants import embed_take, in_noise, take_windows
from wakeword.encoders import create_encoder
from wakeword.errors import WakesoundError
from wakeword.library.recordings import Take
from wakeword.protocols import Encoder
from wakeword.scoring.bank import load_bank
from wakeword.scoring.veto import SPEECH, label_vectors

TAKES, MOST_TESTED, MOST_RUNS = 3, 5, 150
ROOM = 0.1
"""What is left above the takes' own share of speech."""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m wakebench.guard", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--encoder", default="mini")
    arguments = parser.parse_args()
    encoder = create_encoder(arguments.encoder)
    with (arguments.data / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "dev"]
    talk = [row for row in rows if row["kind"] == "speech"][::7]
    talking = (
        run
        for row in talk
        for run in hear_runs(recorded_frames(arguments.data / row["path"]), encoder)
    )
    runs = list(islice(talking, MOST_RUNS))
    lost: dict[str, list[bool]] = defaultdict(list)
    let_through: list[bool] = []
    groups = list(_groups(rows, arguments.data))
    for takes in groups:
        (veto,) = fit_vetoes(
            [SPEECH],
            [embed_take(take, encoder, SegmenterConfig()) for take in takes[:TAKES]],
            encoder,
            load_bank(encoder.id),
        )
        word = label_vectors([SPEECH], encoder)[0]
        let_through += [_two_in_a_row(run[:, : encoder.dim] @ word <= veto.limit) for run in runs]
        share = max(max(_shares(take, encoder)) for take in takes[:TAKES]) + ROOM
        for name, snr_db in (("clean", None), ("10 dB", 10.0)):
            for take in takes[TAKES : TAKES + MOST_TESTED]:
                heard = take if snr_db is None else in_noise(take, snr_db)
                vectors = np.concatenate([encoder.embed([w]) for w in _windows(heard, encoder)])
                lost[f"label, {name}"].append(not _two_in_a_row(vectors @ word <= veto.limit))
                shares = np.array(_shares(heard, encoder))
                lost[f"detector, {name}"].append(not _two_in_a_row(shares <= share))
    click.echo(f"{len(groups)} sounds, {len(runs)} runs of talk; encoder {encoder.id}")
    click.echo(f"talk that is refused whole: {1 - np.mean(let_through):.1%}")
    for name, values in lost.items():
        click.echo(f"occurrences lost, {name}: {np.mean(values):.1%} of {len(values)}")


def _groups(rows: Sequence[dict[str, str]], data: Path) -> Iterator[list[Take]]:
    """The sounds of each group that holds enough of them."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        if row["kind"] == "event" and row["group"]:
            groups[row["label"], row["group"]].append(row["path"])
    for paths in groups.values():
        takes: list[Take] = []
        for path in paths[:6]:
            try:
                takes += takes_of_file(data / path)
            except WakesoundError:
                continue
        good = [take for take in takes if 0.1 < take.sound_seconds < 3.0 and take.snr_db > 10.0]
        if len(good) >= TAKES + 2:
            yield good


def _windows(take: Take, encoder: Encoder) -> list[FloatArray]:
    return take_windows(take, encoder.rate, encoder.window_seconds, SegmenterConfig())


def _shares(take: Take, encoder: Encoder) -> list[float]:
    voice = SpeechDetector(encoder.rate)
    return [voice.share(window) for window in _windows(take, encoder)]


def _two_in_a_row(good: np.ndarray) -> bool:
    return bool(np.any(good[1:] & good[:-1]))


if __name__ == "__main__":
    main()
