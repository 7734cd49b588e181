"""Files that survive."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from pydantic import BaseModel

from wakeword.errors import LibraryCorrupt, LibraryError, SoundDamaged
from wakeword.library import storage
from wakeword.library.records import LibraryRecord
from wakeword.library.storage import (
    STALE_SECONDS,
    explained,
    locked,
    read_record,
    sweep,
    write_atomically,
    write_bytes,
    write_record,
)


class Shelf(BaseModel):
    """A record."""

    books: int


def test_content_arrives_whole(tmp_path):
    """Folders on the way are made; nothing else is left in them."""
    write_bytes(tmp_path / "a" / "b" / "file", b"content")
    assert [p.name for p in (tmp_path / "a" / "b").iterdir()] == ["file"]
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"content"


def test_files_are_as_open_to_others_as_the_user_wants(tmp_path):
    """The process's umask decides, as for any file."""
    write_bytes(tmp_path / "ours", b"")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_changes_nothing(tmp_path, error):
    """The old content stays, the temporary file goes."""
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fail(file):
        file.write(b"ne")
        raise error

    with pytest.raises((LibraryError, KeyboardInterrupt)):
        write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_refusals_of_the_system_are_explained(tmp_path):
    """What could not be done, why, and what to do."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LibraryError, match=r"cannot write .*: .*; free some space or check"):
        write_bytes(tmp_path / "file" / "below", b"x")
    with (
        pytest.raises(LibraryError, match="cannot read it: No such file"),
        explained(Path("it"), "read"),
    ):
        (tmp_path / "none").read_bytes()


def test_one_writer_at_a_time(tmp_path):
    """Two threads never are inside together."""
    inside, most = [], []

    def write() -> None:
        for _ in range(5):
            with locked(tmp_path):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 20
    assert max(most) == 1


def test_a_lock_that_is_not_given_up_is_an_error(tmp_path, monkeypatch):
    """Nobody waits for ever."""
    monkeypatch.setattr(storage, "LOCK_SECONDS", 0.1)
    told = []

    def second() -> None:
        try:
            with locked(tmp_path):
                pass
        except LibraryError as error:
            told.append(str(error))

    with locked(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert told == [f"{tmp_path} is being written by another process; try again when it is done"]


def test_records_come_back(tmp_path):
    """As readable JSON."""
    write_record(tmp_path / "shelf.json", Shelf(books=3))
    assert (tmp_path / "shelf.json").read_text() == '{\n  "books": 3\n}\n'
    assert read_record(tmp_path / "shelf.json", Shelf) == Shelf(books=3)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file: Invalid JSON"),
        (b"{", "the file: Invalid JSON"),
        (b"\xff\xfe\x00", "the file: Invalid JSON"),
        (b"null", "the file: "),
        (b"[1]", "the file: "),
        (b"{}", "books: Field required"),
        (b'{"books": "many"}', "books: Input should be a valid integer"),
    ],
)
def test_a_damaged_record_says_where(tmp_path, content, told):
    """One line with the file and the place in it."""
    path = tmp_path / "shelf.json"
    path.write_bytes(content)
    with pytest.raises(SoundDamaged) as caught:
        read_record(path, Shelf)
    message = str(caught.value)
    assert message.startswith(f"{path} is damaged ({told}")
    assert caught.value.what == path
    assert "\n" not in message


def test_a_missing_record_is_told(tmp_path):
    """With the system's reason."""
    with pytest.raises(LibraryCorrupt, match="cannot be read: No such file"):
        read_record(tmp_path / "none.json", Shelf)


def test_only_old_temporary_files_are_swept(tmp_path):
    """What a living writer is at work on stays."""
    old, new, other = (tmp_path / "a" / n for n in (".writing-old", ".writing-new", "file"))
    old.parent.mkdir()
    for path in (old, new, other):
        path.write_bytes(b"")
    past = time.time() - STALE_SECONDS - 10
    os.utime(old, (past, past))
    os.utime(other, (past, past))
    sweep(tmp_path)
    assert sorted(p.name for p in old.parent.iterdir()) == [".writing-new", "file"]


def test_a_record_of_a_newer_version_is_not_called_damaged(tmp_path):
    """The advice is to update, not to throw away."""
    path = tmp_path / "library.json"
    path.write_text('{"schema_version": 2, "encoder": "x", "encoder_id": "y"}')
    with pytest.raises(LibraryCorrupt, match="newer Wakesound; update"):
        read_record(path, LibraryRecord)
