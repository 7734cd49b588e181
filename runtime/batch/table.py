"""Results as files of one row a recording, or one a slice: CSV, JSON lines or Parquet."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from runtime.batch.row import Row
from wakeword.errors import ConfigError, MissingExtra
from wakeword.storage import write_atomically

KINDS = (".csv", ".jsonl", ".parquet")
PLAIN = ("path", "seconds", "slices", "start", "end", "top", "none", "error")
"""Columns that do not belong to a label, in their order; a table has some of them."""
TEXTS = ("path", "top", "error")
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
        rows: of recordings or slices, see :mod:`runtime.batch.row`.
        labels: in the order of their columns.
        of: ``"recordings"`` or ``"slices"``.

    Raises:
        LibraryError: the disk is full or cannot be written.
    """
    columns = _columns(labels, of)
    write = {".csv": _write_csv, ".jsonl": _write_jsonl, ".parquet": _write_parquet}
    form = write[path.suffix.lower()]
    shown = (row | {"path": _printable(row["path"])} for row in rows)
    write_atomically(path, lambda file: form(file, shown, columns))


def _columns(labels: tuple[str, ...], of: str) -> list[str]:
    lacking = {"start", "end"} if of == "recordings" else {"seconds", "slices", "error"}
    kinds = ["score", "similarity"]
    if of == "recordings":
        kinds += ["peak", "peak_start", "peak_end"]
    by_label = [f"{kind}: {label}" for kind in kinds for label in labels]
    return [name for name in PLAIN if name not in lacking] + by_label


def _flat(row: Row) -> dict[str, Any]:
    """A row without anything nested: ``score: dog barking`` and so on."""
    flat = {key: row[key] for key in PLAIN if key in row}
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
    kinds = {"slices": pyarrow.int64()} | dict.fromkeys(TEXTS, pyarrow.string())
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.float64())) for name in columns])
    with parquet.ParquetWriter(file, schema) as writer:
        for some in _groups(rows):
            table = pyarrow.Table.from_pylist([_flat(row) for row in some], schema)
            writer.write_table(table)


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while some := list(itertools.islice(left, ROW_GROUP)):
        yield some


def _printable(path: str) -> str:
    """A path whose bytes are not UTF-8, as something that can be written."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtra("writing Parquet", "parquet") from error
    return pyarrow, pyarrow.parquet
