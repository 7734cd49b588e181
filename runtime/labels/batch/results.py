"""What one recording sounds like, as plain values that JSON can hold.

Results as files of one row a recording, or one a slice: CSV, JSON lines or Parquet.

How well a batch of recordings was recognised, where it is known what they are.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import Account, printable
from wakeword.errors import ConfigError, MissingExtra
from wakeword.labels import Classifier, Heard, Question
from wakeword.labels.accuracy import Confusion, TrueLabel, confusion
from wakeword.labels.classifier import NONE, WindowScores, weights_of
from wakeword.labels.timeline import DIGITS
from wakeword.library.storage import write_atomically

Row = dict[str, Any]
"""A recording: ``path``, ``seconds``, ``heard_seconds``, ``stated_seconds``, ``complete``,
``slices``, ``top``, ``none``, ``error``, ``warnings`` and, by label, ``scores``, ``similarity`` and
``peaks``. A bad one has its reason as ``error`` and no more."""
_HEARD = ("seconds", "heard_seconds", "stated_seconds", "complete", "slices", "top", "none")


def bad_row(path: str, reason: str) -> Row:
    """The row of a recording that cannot be heard."""
    empty = dict.fromkeys((*_HEARD, "scores", "similarity", "peaks"))
    return {"path": path, **empty, "warnings": [], "error": " ".join(reason.split())}


def slice_values(part: WindowScores) -> list[Any]:
    """A slice as short as it can be: start, end, none, then scores and likenesses by label."""
    return [
        round(part.start, 3),
        round(part.end, 3),
        None if part.background is None else round(part.none, DIGITS),
        [round(score, DIGITS) for score in part.scores.values()],
        [round(value, DIGITS) for value in part.similarity.values()],
    ]


def slice_row(path: str, values: list[Any], labels: tuple[str, ...]) -> Row:
    """What :func:`slice_values` made short, by name."""
    start, end, none, scores, similarity = values
    best = max(range(len(labels)), key=lambda at: scores[at])
    return {
        "path": path,
        "start": start,
        "end": end,
        "top": labels[best] if scores[best] > (none or 0.0) else NONE,
        "none": none,
        "scores": dict(zip(labels, scores, strict=True)),
        "similarity": dict(zip(labels, similarity, strict=True)),
    }


class Tally:
    """Adds up what the slices of one recording sound like; their audio is not kept.

    The result is what :meth:`wakeword.labels.Classifier.classify` says of the whole.
    """

    def __init__(self, classifier: Classifier, question: Question, *, keep_slices: bool) -> None:
        self._classifier = classifier
        self._question = question
        self._sum = np.zeros(classifier.encoder.dim)
        self._weight = 0.0
        self._loudest = -np.inf
        self._end = 0
        self.count = 0
        """How many slices were added."""
        self._peaks: dict[str, WindowScores] = {}
        self.slices: list[list[Any]] | None = [] if keep_slices else None
        """Each as :func:`slice_values`."""

    def add(
        self, vectors: FloatArray, spans: list[tuple[int, int]], levels_db: list[float]
    ) -> None:
        """Take some slices, in time order.

        Args:
            vectors: ``(n, dim) float32``, each row of length 1 (L2).
            spans: where each begins and ends, as sample indices at the encoder's rate.
            levels_db: how loud each is, in dBFS.
        """
        heard = Heard(vectors, tuple(spans), tuple(levels_db))
        for part in self._classifier.judge(heard, self._question).windows:
            for label, score in part.scores.items():
                if label not in self._peaks or score > self._peaks[label].scores[label]:
                    self._peaks[label] = part
            if self.slices is not None:
                self.slices.append(slice_values(part))
        weights = weights_of(np.asarray(levels_db))
        self._sum += weights @ vectors.astype(np.float64)
        self._weight += float(weights.sum())
        self._loudest = max(self._loudest, *levels_db)
        self._end = spans[-1][1]
        self.count += len(spans)

    def row(self, path: str, account: Account) -> Row:
        """The recording's row, once all of it was added."""
        rate = self._classifier.encoder.rate
        whole = self._classifier.judge_mean(
            self._sum / self._weight, self._loudest, self._end / rate, self._question
        )
        return {
            "path": path,
            "seconds": round(account.heard_seconds, 3),
            **account.as_json(),
            "slices": self.count,
            "top": whole.top or NONE,
            "none": None if whole.background is None else round(whole.none, DIGITS),
            "scores": {label: round(score, DIGITS) for label, score in whole.scores.items()},
            "similarity": {label: round(v, DIGITS) for label, v in whole.similarity.items()},
            "peaks": {
                label: {
                    "score": round(part.scores[label], DIGITS),
                    "start": round(part.start, 3),
                    "end": round(part.end, 3),
                }
                for label, part in self._peaks.items()
            },
            "warnings": list(account.warnings),
            "error": None,
        }


KINDS = (".csv", ".jsonl", ".parquet")
PLAIN = (
    *("path", "seconds", "heard_seconds", "stated_seconds", "complete", "slices"),
    *("start", "end", "top", "none", "error", "warnings"),
)
"""Columns that do not belong to a label, in their order; a table has some of them."""
TEXTS = ("path", "top", "error", "warnings")
PEAKS = ("score", "start", "end")
ROW_GROUP = 4096
"""Rows that are held at a time while Parquet is written."""


def check_kind(path: Path) -> None:
    """Say whether a table can be written, before hours are spent.

    Raises:
        ConfigError: the name ends in something else than :data:`KINDS`, or it is a folder.
        MissingExtra: Parquet needs pyarrow.
    """
    if path.suffix.lower() not in KINDS:
        raise ConfigError(f"{path}: results are written as {', '.join(KINDS)}")
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; name a file")
    if path.suffix.lower() == ".parquet":
        _pyarrow()


def write_table(path: Path, rows: Iterable[Row], labels: tuple[str, ...], *, of: str) -> None:
    """Write rows in the form that the file's name ends in; the file is there whole or not at all.

    Args:
        path: the file.
        rows: of recordings or slices, see :mod:`runtime.labels.batch.results`.
        labels: in the order of their columns.
        of: ``"recordings"`` or ``"slices"``.

    Raises:
        LibraryError: the disk is full or cannot be written.
    """
    columns = _columns(labels, of)
    write = {".csv": _write_csv, ".jsonl": _write_jsonl, ".parquet": _write_parquet}
    form = write[path.suffix.lower()]
    shown = (row | {"path": printable(row["path"])} for row in rows)
    write_atomically(path, lambda file: form(file, shown, columns))


def _columns(labels: tuple[str, ...], of: str) -> list[str]:
    if of == "recordings":
        lacking = {"start", "end"}
    else:
        lacking = {*_HEARD, "error", "warnings"} - {"top", "none"}
    kinds = ["score", "similarity"]
    if of == "recordings":
        kinds += ["peak", "peak_start", "peak_end"]
    by_label = [f"{kind}: {label}" for kind in kinds for label in labels]
    return [name for name in PLAIN if name not in lacking] + by_label


def _flat(row: Row) -> dict[str, Any]:
    """A row without anything nested: ``score: dog barking`` and so on."""
    flat = {key: row[key] for key in PLAIN if key in row}
    if "warnings" in flat:
        flat["warnings"] = "; ".join(flat["warnings"]) or None
    for kind, key in (("score", "scores"), ("similarity", "similarity")):
        flat |= {f"{kind}: {label}": value for label, value in (row[key] or {}).items()}
    for label, peak in (row.get("peaks") or {}).items():
        for kind, key in zip(("peak", "peak_start", "peak_end"), PEAKS, strict=True):
            flat[f"{kind}: {label}"] = peak[key]
    return flat


def _write_csv(file: IO[bytes], rows: Iterable[Row], columns: list[str]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_flat, rows))
    text.detach()  # flushes, and leaves the file to who opened it


def _write_jsonl(file: IO[bytes], rows: Iterable[Row], columns: list[str]) -> None:
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def _write_parquet(file: IO[bytes], rows: Iterable[Row], columns: list[str]) -> None:
    pyarrow, parquet = _pyarrow()
    kinds = {"slices": pyarrow.int64(), "complete": pyarrow.bool_()}
    kinds |= dict.fromkeys(TEXTS, pyarrow.string())
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.float64())) for name in columns])
    with parquet.ParquetWriter(file, schema) as writer:
        for some in _groups(rows):
            table = pyarrow.Table.from_pylist([_flat(row) for row in some], schema)
            writer.write_table(table)


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while some := list(itertools.islice(left, ROW_GROUP)):
        yield some


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtra("writing Parquet", "parquet") from error
    return pyarrow, pyarrow.parquet


def check_truth(truth: Sequence[TrueLabel], labels: Sequence[str]) -> None:
    """Say that a true label was not asked for, before hours are spent.

    Raises:
        ConfigError: a clip's label is not among the labels.
    """
    for clip in truth:
        if clip.label != NONE and clip.label not in labels:
            raise ConfigError(
                f"{clip.path} is {clip.label!r} by the truth file, which is not among the labels;"
                " add it to --labels, or call it 'none' there"
            )


def accuracy(
    truth: Sequence[TrueLabel], folder: Path, tops: Mapping[str, str], labels: Sequence[str]
) -> tuple[Confusion, int]:
    """What was found for what was there, and how many clips of the truth were not heard.

    Args:
        truth: what is to be heard in which file.
        folder: where the recordings are.
        tops: the best label of each, by its path in the folder.
        labels: that were asked for.

    Raises:
        ConfigError: none of the clips was heard.
    """
    whole = {_whole(folder / path): top for path, top in tops.items()}
    pairs = [(c.label, whole[_whole(c.path)]) for c in truth if _whole(c.path) in whole]
    if not pairs:
        raise ConfigError(
            f"none of the {len(truth)} clips of the truth file is a good recording in {folder};"
            " paths there begin at the file's own folder"
        )
    result = confusion([t for t, _ in pairs], [found for _, found in pairs], labels)
    return result, len(truth) - len(pairs)


def _whole(path: Path) -> Path:
    return path.resolve()
