"""A library survives kills, full disks, damage and company: an error or a repair, never a loss."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enroll.files import enroll_files
from enroll.reindex import reindex
from wakeword.audio.flac import write_flac
from wakeword.encoders import create_encoder
from wakeword.errors import LibraryCorrupt, LibraryError
from wakeword.library.library import SoundLibrary
from wakeword.testing import RATE, ToneEncoder, noise, placed, tone

ENCODER = ToneEncoder()
REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")


class Enroller:
    """The process in ``enroller.py``."""

    def __init__(self, library: Path, recordings: list[Path]) -> None:
        self._library = library
        path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("enroller.py"), *recordings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        )

    def start(self, library: Path | None = None, **order: Any) -> int:
        """Give an order; the process id of the child that carries it out."""
        order["library"] = str(library or self._library)
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def wait(self) -> tuple[int, str]:
        """The child's exit status and its error."""
        assert self._process.stdout
        status, error = json.loads(self._process.stdout.readline())
        return status, error

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def record(folder: Path, name: str, hz: float, count: int) -> list[Path]:
    """Recordings of a beep in a room."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{name}-{number}.flac" for number in range(count)]
    for number, path in enumerate(paths):
        room = noise(0.8, level_db=-70.0, seed=round(hz) + number)
        write_flac(path, placed(room, (0.35, tone(hz, 0.2))), RATE)
    return paths


@pytest.fixture
def recordings(tmp_path: Path) -> list[Path]:
    """One of a beep and two of another."""
    sounds = tmp_path / "recordings"
    return record(sounds, "first", 1000.0, 1) + record(sounds, "second", 1500.0, 2)


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A library with a sound that nobody touches."""
    library = SoundLibrary(tmp_path / "library")
    paths = record(tmp_path / "recordings", "old", 3000.0, 3)
    enroll_files(library, ENCODER, "old", paths, encoder_spec="tone")
    return library


@pytest.fixture
def enroller(library: SoundLibrary, recordings: list[Path]) -> Iterator[Enroller]:
    """Something that enrolls into it."""
    enroller = Enroller(library.folder, recordings)
    yield enroller
    enroller.close()


def contents(library: SoundLibrary, name: str) -> dict[str, str]:
    """Checksums of all files of a sound."""
    folder = library.folder / "sounds" / name
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".writing-")
    }


def takes_of(library: SoundLibrary, name: str) -> list[str]:
    """The takes of a sound, all of which can be read."""
    sound = library.get(name)
    for take in sound.takes:
        library.take(name, take.file)
    return sorted(take.file for take in sound.takes)


def assert_sound(library: SoundLibrary, old: dict[str, str]) -> None:
    """All can be read, the old sound is untouched, and the engine can listen."""
    assert library.problems() == {}
    assert contents(library, "old") == old
    names = [sound.name for sound in library.sounds()]
    vectors = library.vectors(ENCODER)
    for name in names:
        assert all(file in vectors for file in takes_of(library, name))
    assert library.enrolled(ENCODER).sounds == names


# -- kills ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_killed_before_any_change_to_the_disk(library, enroller, tmp_path):
    """The sound is what it was or what it should be, wherever its replacement is cut off."""
    old = contents(library, "old")
    enroller.start(name="beep", turn=0)
    assert enroller.wait() == (0, "")
    before = takes_of(library, "beep")
    found = []
    for step in range(1, 100):
        copy = SoundLibrary(tmp_path / f"library-{step}")
        shutil.copytree(library.folder, copy.folder)
        enroller.start(copy.folder, name="beep", turn=1, die_at=step)
        status, error = enroller.wait()
        assert error == ""
        assert_sound(copy, old)
        found.append(takes_of(copy, "beep"))
        if status == 0:
            break
    after = found[-1]
    assert not set(before) & set(after)
    kept = found.count(before)
    assert found == [before] * kept + [after] * (len(found) - kept)
    assert kept > 6
    assert len(found) - kept > 1


@pytest.mark.slow
def test_killed_before_any_change_of_a_first_enrollment(tmp_path, enroller):
    """A library that was never finished can be read and enrolled into."""
    for step in range(1, 100):
        library = SoundLibrary(tmp_path / f"library-{step}")
        enroller.start(library.folder, name="beep", die_at=step)
        status, _ = enroller.wait()
        names = [sound.name for sound in library.sounds()]
        assert library.problems() == {}
        assert names in ([], ["beep"])
        assert library.enrolled(ENCODER).sounds == names
        if status == 0:
            break
        if step % 4 == 0:
            enroller.start(library.folder, name="beep", turn=1)
            assert enroller.wait() == (0, "")
            assert len(takes_of(library, "beep")) == 1
    assert 8 < step < 99


@pytest.mark.slow
def test_killed_at_random(library, enroller):
    """Twenty-five times, at a moment that nobody chose."""
    old = contents(library, "old")
    rng = np.random.default_rng(0)
    for number in range(25):
        child = enroller.start(name=f"beep {number % 3}", forever=True)
        time.sleep(float(rng.uniform(0.0, 0.15)))
        os.kill(child, 9)
        assert enroller.wait()[0] == -9
        assert_sound(library, old)
    enroller.start(name="last")
    assert enroller.wait()[0] == 0
    assert "last" in [sound.name for sound in library.sounds()]
    assert_sound(library, old)


# -- full disks ----------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0, 100, 2_000])
def test_a_full_disk_is_one_clear_error(library, enroller, limit):
    """What does not fit is not there, what was there stays."""
    enroller.start(name="beep")
    assert enroller.wait() == (0, "")
    old, beep = contents(library, "old"), contents(library, "beep")
    for name in ("beep", "new"):
        enroller.start(name=name, turn=1, limit=limit)
        status, error = enroller.wait()
        assert status == 0
        assert error.startswith("LibraryError: cannot write ")
        assert "free some space" in error
        assert_sound(library, old)
        assert contents(library, "beep") == beep


def fill(library: SoundLibrary, recordings: list[Path], names: list[str]) -> None:
    """Enroll sounds without end; ``names`` gets those that are stored."""
    for number in range(100):
        enroll_files(library, ENCODER, f"s{number}", recordings, force=True)
        names.append(f"s{number}")


def test_a_file_system_that_fills_up(tmp_path, recordings):
    """On a real one of 300 kB: sounds go in until one does not, and after a removal again."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system, and not in every container")
    try:
        library = SoundLibrary(disk / "library")
        names: list[str] = []

        with pytest.raises(LibraryError, match="No space left on device"):
            fill(library, recordings[:1], names)
        assert 1 < len(names) < 99
        assert sorted(sound.name for sound in library.sounds()) == sorted(names)
        for name in names:
            takes_of(library, name)
        assert sorted(library.enrolled(ENCODER).sounds) == sorted(names)
        library.remove(names[0])
        library.remove(names[1])
        enroll_files(library, ENCODER, "more", recordings[:1], force=True)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_folder_that_is_a_file(tmp_path, recordings):
    """Where no library can be, it is said."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError, match=r"cannot (read|write to)"):
        enroll_files(tmp_path / "file" / "library", ENCODER, "beep", recordings[:1])


# -- damage --------------------------------------------------------------------------------


def damage(path: Path, how: str) -> None:
    """What disks and people do to files."""
    content = path.read_bytes()
    random = np.random.default_rng(0).bytes(len(content))
    changed = {
        "gone": None,
        "empty": b"",
        "cut": content[: len(content) // 2],
        "random": random,
        "flipped": content[:-40] + bytes([content[-40] ^ 1]) + content[-39:],
    }[how]
    if changed is None:
        path.unlink()
    else:
        path.write_bytes(changed)


@pytest.mark.parametrize("how", ["gone", "empty", "cut", "random", "flipped"])
@pytest.mark.parametrize("cached", [True, False])
def test_a_damaged_take(library, recordings, caplog, how, cached):
    """The sound lives on its other takes; what is wrong is told; enrolling it again mends it."""
    files = takes_of(library, "old")
    if cached:
        library.vectors(ENCODER)
    damage(library.folder / "sounds" / "old" / "takes" / files[0], how)
    with pytest.raises(LibraryCorrupt, match=r"changed or damaged|cannot be read"):
        library.take("old", files[0])
    assert library.enrolled(ENCODER).sounds == ["old"]
    if not cached:
        assert files[0] in caplog.text
    enroll_files(library, ENCODER, "beep", recordings[:1])
    enroll_files(library, ENCODER, "old", recordings[1:], replace=True)
    assert len(takes_of(library, "old")) == 2


@pytest.mark.parametrize("how", ["gone", "empty", "cut", "random", "flipped"])
def test_a_damaged_cache_is_made_anew(library, how):
    """Nobody notices."""
    vectors = library.vectors(ENCODER)
    damage(library.folder / "vectors.npz", how)
    again = library.vectors(ENCODER)
    assert again.keys() == vectors.keys()
    assert all(np.array_equal(vectors[file], again[file]) for file in vectors)


def test_a_cache_of_another_shape_is_made_anew(library):
    """Even one whose checksum is right."""
    from wakeword.library.vectors import VectorCache

    vectors = library.vectors(ENCODER)
    wrong = {file: rows[:, :7] for file, rows in vectors.items()}
    VectorCache(library.folder, ENCODER.id, 7).write(wrong)
    again = library.vectors(ENCODER)
    assert all(np.array_equal(vectors[file], again[file]) for file in vectors)


EDITS = [
    "",
    "{",
    "null",
    "[]",
    '"old"',
    "{}",
    '{"name": "old"}',
    "\x00\x01",
    '{"name": "../x", "threshold": 0.5, "budget_per_hour": 1, "takes": []}',
    "[" * 100_000,
]


@pytest.mark.parametrize("text", EDITS, ids=range(len(EDITS)))
def test_a_sound_edited_by_hand(library, recordings, text):
    """It is reported, the others are heard, and its recordings stay where they are."""
    enroll_files(library, ENCODER, "beep", recordings[:1])
    takes = {path: path.read_bytes() for path in library.folder.glob("sounds/old/takes/*")}
    (library.folder / "sounds" / "old" / "sound.json").write_text(text)
    assert "damaged" in str(library.problems()["old"])
    assert "\n" not in str(library.problems()["old"])
    assert library.enrolled(ENCODER).sounds == ["beep"]
    enroll_files(library, ENCODER, "old", recordings[1:])
    assert library.enrolled(ENCODER).sounds == ["beep", "old"]
    assert all(path.read_bytes() == content for path, content in takes.items())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("threshold", "high"),
        ("threshold", None),
        ("name", 7),
        ("takes", {}),
        ("schema_version", 0),
        ("colour", "red"),
    ],
)
def test_a_value_edited_by_hand(library, key, value):
    """The message says which one."""
    path = library.folder / "sounds" / "old" / "sound.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    assert f"({key}" in str(library.problems()["old"])


@pytest.mark.parametrize(("start", "end"), [(5.0, 6.0), (0.9, 0.1), (-1.0, 0.5), (0.0, 99.0)])
def test_positions_edited_by_hand(library, start, end):
    """A sound outside of its recording is a damaged record, not a crash."""
    path = library.folder / "sounds" / "old" / "sound.json"
    content = json.loads(path.read_text())
    content["takes"][0].update(start_seconds=start, end_seconds=end)
    path.write_text(json.dumps(content))
    assert list(library.problems()) == ["old"]
    assert library.enrolled(ENCODER).sounds == []
    content["takes"][0].update(start_seconds=0.0, end_seconds=50.0, seconds=60.0)
    path.write_text(json.dumps(content))
    (library.folder / "vectors.npz").unlink(missing_ok=True)
    assert len(library.vectors(ENCODER)) == 2


@pytest.mark.parametrize("text", EDITS, ids=range(len(EDITS)))
def test_the_library_file_edited_by_hand(library, recordings, text):
    """One clear error from everything, nothing is lost, and reindexing mends it."""
    old = contents(library, "old")
    (library.folder / "library.json").write_text(text)
    with pytest.raises(LibraryCorrupt, match=r"library\.json is damaged .* unknown"):
        library.enrolled(ENCODER)
    with pytest.raises(LibraryCorrupt):
        enroll_files(library, ENCODER, "beep", recordings)
    assert contents(library, "old") == old
    reindex(library, create_encoder("logmel"), "logmel")
    assert takes_of(library, "old") == sorted(Path(p).name for p in old if p.endswith(".flac"))


# -- company -------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_processes_write_at_once(library, recordings):
    """Every sound of both is there afterwards."""
    old = contents(library, "old")
    pair = [Enroller(library.folder, recordings), Enroller(library.folder, recordings)]
    for turn in range(5):
        for number, enroller in enumerate(pair):
            enroller.start(name=f"beep {number} {turn}", turn=turn)
        assert [enroller.wait() for enroller in pair] == [(0, ""), (0, "")]
        assert_sound(library, old)
    assert len(library.sounds()) == 11
    for enroller in pair:
        enroller.close()


@pytest.mark.slow
def test_two_processes_enroll_one_name(library, recordings):
    """Both say that they did it; the sound is that of one of them, and whole."""
    old = contents(library, "old")
    pair = [Enroller(library.folder, recordings), Enroller(library.folder, recordings)]
    for turn in range(5):
        for number, enroller in enumerate(pair):
            enroller.start(name="beep", turn=turn + number)
        assert [enroller.wait() for enroller in pair] == [(0, ""), (0, "")]
        assert_sound(library, old)
        assert set(takes_of(library, "beep")) == {
            path.name for path in library.folder.glob("sounds/beep/takes/*")
        }
    for enroller in pair:
        enroller.close()
