"""What failed, killed and half-done writers leave behind, and that it goes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from enroll.archive import export_sounds, import_sounds
from wakeword.errors import LibraryError, SoundExists
from wakeword.library.leftovers import hold, leftovers, sweep
from wakeword.library.library import SoundLibrary
from wakeword.library.private import create
from wakeword.library.recordings import Example, Take
from wakeword.library.storage import locked, write_bytes
from wakeword.testing import ToneEncoder, make_library, tone

OLD = 100.0


def _aged(path: Path) -> Path:
    past = time.time() - OLD
    os.utime(path, (past, past))
    return path


def _take(hz: float) -> Take:
    return Take(tone(hz, 0.5), 16_000, 1000, 7000)


def _save(library: SoundLibrary, name: str, example: Example, *, replace: bool = False) -> None:
    takes = [_take(700.0 + n) for n in range(3)]
    library.save(
        name,
        takes,
        encoder=ToneEncoder(),
        encoder_spec="tone",
        threshold=0.5,
        budget_per_hour=0.5,
        rejected=[example],
        replace=replace,
    )


class Failing(Example):
    """What cannot be written, once the takes are."""

    def encoded(self):
        raise LibraryError("the disk is full")


def test_a_failed_enrollment_leaves_nothing(tmp_path: Path) -> None:
    """Of a new sound its folder goes, of one that was to be replaced the new recordings."""
    library = make_library(tmp_path / "library", {"low": tone(440, 0.4)})
    before = sorted(library.folder.rglob("*.flac"))
    with pytest.raises(LibraryError, match="full"):
        _save(library, "high", Failing(tone(900, 0.4), 16_000, 0.2))
    with pytest.raises(LibraryError, match="full"):
        _save(library, "low", Failing(tone(900, 0.4), 16_000, 0.2), replace=True)
    assert [path.name for path in (library.folder / "sounds").iterdir()] == ["low"]
    assert sorted(library.folder.rglob("*.flac")) == before
    assert not list(leftovers(library.folder))


_KILLED = """
import itertools, os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.unit.wakeword.library.test_leftovers import _save
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Example
from wakeword.testing import tone

sync, calls = os.fsync, itertools.count(1)

def die_before_the_record(descriptor):
    os._exit(9) if next(calls) > 8 else sync(descriptor)

os.fsync = die_before_the_record  # three takes and an example, file and folder each
example = Example(tone(900, 0.4), 16_000, 0.2)
_save(SoundLibrary(Path({folder!r})), {name!r}, example, replace=True)
"""


@pytest.mark.parametrize("name", ["high", "low"])
def test_a_killed_enrollment_is_swept(tmp_path: Path, name: str) -> None:
    """By the next writer; until then it is known what it is."""
    library = make_library(tmp_path / "library", {"low": tone(440, 0.4)})
    before = sorted(library.folder.rglob("*.flac"))
    code = _KILLED.format(folder=str(library.folder), root=str(Path.cwd()), name=name)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert len(list(library.folder.rglob("*.flac"))) == len(before) + 4
    assert [left.kind for left in leftovers(library.folder)] == [
        "sound" if name == "high" else "takes"
    ]
    library.remove("low")
    assert not list(library.folder.rglob("*.flac"))
    assert not list((library.folder / "sounds").iterdir())


def test_recordings_whose_record_is_lost_stay(tmp_path: Path) -> None:
    """They may be all there is: they are told, kept, and no new sound of that name takes them."""
    library = make_library(tmp_path / "library", {"low": tone(440, 0.4)})
    record = library.folder / "sounds" / "low" / "sound.json"
    content = record.read_bytes()
    record.unlink()
    assert [left.kind for left in leftovers(library.folder)] == ["record"]
    make_library(library.folder, {"low": tone(900, 0.4)})
    record.write_bytes(content)
    assert len(library.sounds()) == 2
    assert not library.problems()
    assert library.take("low", library.sounds()[0].takes[0].file)


def test_what_is_being_written_stays(tmp_path: Path) -> None:
    """However old it is; once its writer is gone, it goes. Beside exports too."""
    path = tmp_path / ".writing-1"
    with create(path, like=tmp_path / "file") as file:
        hold(file)
        _aged(path)
        write_bytes(tmp_path / "export.zip", b"content")
        assert path.exists()
    write_bytes(tmp_path / "export.zip", b"content")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["export.zip"]


def test_half_done_removals_and_files_from_the_future_are_swept(tmp_path: Path) -> None:
    """Whatever the clock said when they were left."""
    library = make_library(tmp_path / "library", {"low": tone(440, 0.4)})
    (library.folder / "sounds" / ".removed-high").mkdir()
    path = library.folder / ".writing-2"
    path.touch()
    ahead = time.time() + 1e7
    os.utime(path, (ahead, ahead))
    assert len(list(leftovers(library.folder))) == 2
    with locked(library.folder):
        sweep(library.folder)
    assert not list(leftovers(library.folder))
    assert [sound.name for sound in library.sounds()] == ["low"]


def test_a_killed_import_goes_on(tmp_path: Path) -> None:
    """What it has stored is no obstacle; a file that is there as a whole is refused as ever."""
    sounds = {"low": tone(440, 0.4), "high": tone(2000, 0.4)}
    export_sounds(make_library(tmp_path / "from", sounds), [], tmp_path / "sounds.zip")
    export_sounds(SoundLibrary(tmp_path / "from"), ["low"], tmp_path / "half.zip")
    library = SoundLibrary(tmp_path / "to")
    import_sounds(library, tmp_path / "half.zip", ToneEncoder(), "tone")
    stored = import_sounds(library, tmp_path / "sounds.zip", ToneEncoder(), "tone")
    assert [sound.name for sound in stored] == ["high"]
    assert len(library.sounds()) == 2
    with pytest.raises(SoundExists):
        import_sounds(library, tmp_path / "sounds.zip", ToneEncoder(), "tone")
