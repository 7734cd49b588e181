"""What is done of a job, in a folder beside the result: it survives a kill at any moment.

A line of JSON for each parcel, written at once and synced. What a kill left of a line is cut
off, and its parcel is heard again; so no recording is lost and none counts twice.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from runtime.labels.batch.job import Parcel, Recording
from runtime.labels.batch.results import Row
from wakeword.errors import ConfigError
from wakeword.library.storage import explained, write_bytes

VERSION = 2
"""Of the journal's form."""
FILE = "journal.jsonl"
AGAIN = "use the same as before to go on, --restart to begin anew, or another --out"

_NAMES = {
    "folder": "the folder",
    "encoder": "the encoder",
    "device": "--device",
    "labels": "the labels",
    "understood": "the reading of the labels",
    "templates": "the templates",
    "background": "what competes with the labels (--closed)",
    "slice_seconds": "--window",
    "slices": "--slices",
    "channel": "--channel",
}
"""What the results depend on, in the words of the command line."""


class Journal:
    """The rows of recordings that were heard. Made by :func:`opened`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, tuple[int, Recording]] = {}
        """Offset of a recording's line, and what the recording was."""
        self._scan()

    def __contains__(self, recording: Recording) -> bool:
        """Whether it was heard as it is now."""
        place = self._places.get(recording.path)
        return place is not None and place[1] == recording

    def add(self, parcel: Parcel, rows: Sequence[Row]) -> None:
        """Keep a parcel's rows; when this returns, they are on the disk.

        Raises:
            LibraryError: the disk is full or cannot be written.
        """
        heard = [[r.path, r.size, r.changed] for r in parcel]
        line = json.dumps({"heard": heard, "rows": list(rows)}, separators=(",", ":"))
        with explained(self._path, "write"), self._path.open("ab") as file:
            offset = file.tell()
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._places.update((recording.path, (offset, recording)) for recording in parcel)

    def rows(self, recordings: Iterable[Recording]) -> Iterator[Row]:
        """The rows of recordings, in the order asked; only one parcel is held at a time."""
        held, rows = -1, {}
        with self._path.open("rb") as file:
            for recording in recordings:
                offset, _ = self._places[recording.path]
                if offset != held:
                    file.seek(offset)
                    rows = {row["path"]: row for row in json.loads(file.readline())["rows"]}
                    held = offset
                yield rows[recording.path]

    def _scan(self) -> None:
        """Find every line that is whole, and cut off what a kill left behind them."""
        with explained(self._path, "read"), self._path.open("r+b") as file:
            end = len(file.readline())
            for line in file:
                if not line.endswith(b"\n"):
                    break
                for recording in _heard(line):
                    self._places[recording.path] = end, recording
                end += len(line)
            file.truncate(end)


@contextmanager
def opened(out: Path, about: dict[str, Any], *, restart: bool = False) -> Iterator[Journal]:
    """The journal of a result, begun where there is none; for one process at a time.

    It is deleted by :func:`finish`, when the result is written.

    Args:
        out: the result.
        about: what the results depend on.
        restart: whether to forget what is done.

    Raises:
        ConfigError: it was begun for something else, is damaged, or another process has it.
        LibraryError: it cannot be written.
    """
    folder = place(out)
    with explained(folder, "write to"):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise ConfigError(
                f"{out} is being worked on by another process; wait for it, or name another --out"
            ) from None
    try:
        path = folder / FILE
        if restart or not _holds_rows(path):
            write_bytes(path, json.dumps({"version": VERSION, **about}).encode() + b"\n")
        else:
            _check(path, out, about)
        yield Journal(path)
    finally:
        lock.release()


def finish(out: Path) -> None:
    """Delete the journal of a result that is written."""
    shutil.rmtree(place(out), ignore_errors=True)


def place(out: Path) -> Path:
    """The folder of the journal."""
    return out.with_name(out.name + ".partial")


def _holds_rows(path: Path) -> bool:
    """Whether anything was done; where nothing was, nothing is lost by beginning anew."""
    if not path.exists():
        return False
    with explained(path, "read"), path.open("rb") as file:
        file.readline()
        return file.read(1) != b""


def _check(path: Path, out: Path, about: dict[str, Any]) -> None:
    try:
        with path.open("rb") as file:
            begun = json.loads(file.readline())
        version = begun["version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is damaged; use --restart to begin anew") from error
    if version != VERSION:
        raise ConfigError(f"{path} was written by another version of Wakesound; {AGAIN}")
    changed = [key for key, value in about.items() if begun.get(key) != value]
    if changed:
        key = changed[0]
        raise ConfigError(
            f"{out} was begun with something else: {_NAMES[key]} ({_shown(begun.get(key))} before,"
            f" {_shown(about[key])} now); {AGAIN}"
        )


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _heard(line: bytes) -> list[Recording]:
    """The recordings of a line; none when it is damaged."""
    try:
        found = json.loads(line)
        if len(found["rows"]) != len(found["heard"]):
            return []
        return [Recording(*recording) for recording in found["heard"]]
    except (ValueError, KeyError, TypeError):
        return []
