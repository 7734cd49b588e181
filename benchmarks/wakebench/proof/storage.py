"""Trouble on the disk: kills before every write, damaged files, many writers, clocks that jump."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from enroll.archive import export_sounds, import_sounds
from runtime.history.store import History, HistoryConfig, HistoryEntry
from wakebench.proof.part import Figures
from wakeword.errors import WakesoundError
from wakeword.library.leftovers import leftovers, sweep
from wakeword.library.library import SoundLibrary
from wakeword.library.storage import locked
from wakeword.testing import ToneEncoder, make_library, tone

ENCODER = ToneEncoder()
DAY = 86400.0
_WRITERS = 3
_JOBS = ("enroll", "replace", "rename", "threshold", "remove", "import", "history", "export")
_COUNTED = ("fsync", "replace", "rename", "unlink", "mkdir", "rmdir")
"""Calls that change a disk; the job is killed before one of them."""
_LONGEST_SECONDS = 60


def _library(folder: Path) -> SoundLibrary:
    sounds = {"low": tone(440, 0.4), "middle": tone(900, 0.4), "high": tone(2000, 0.4)}
    return make_library(folder / "library", sounds)


def work(folder: Path, job: str) -> None:
    """What a killed process was doing."""
    library = SoundLibrary(folder / "library")
    if job == "enroll":
        make_library(library.folder, {"new": tone(1500, 0.4)})
    elif job == "replace":
        make_library(library.folder, {"low": tone(500, 0.4)})
    elif job == "rename":
        library.rename("low", "deep")
    elif job == "threshold":
        library.set_threshold("low", 0.7, 0.5)
    elif job == "remove":
        library.remove("low")
    elif job == "import":
        import_sounds(library, folder / "sounds.zip", ENCODER, "tone", replace=True)
    elif job == "history":
        History(folder / "history").put(entry(1, 1.8e9), b"fLaC")
    else:
        export_sounds(library, [], folder / "export.zip")


def kills(rng: np.random.Generator, folder: Path) -> Figures:
    """Kill a job before each of its writes in turn; every sound is as before or as after."""
    job = _JOBS[int(rng.integers(len(_JOBS)))]
    library = _library(folder)
    export_sounds(library, [], folder / "sounds.zip")
    pristine = folder / "pristine"
    shutil.copytree(library.folder, pristine)
    killed, step = 0, 0
    while True:
        shutil.rmtree(library.folder)
        shutil.copytree(pristine, library.folder)
        before = _state(library)
        status = _killed(folder, job, step)
        _whole(library, before, job, step)
        if status == 0:
            return {"kills": killed}
        assert status == 9, f"{job} failed at step {step} by itself: {status}"
        killed += 1
        step += 1


def _killed(folder: Path, job: str, step: int) -> int:
    """Do the job in a process of its own that ends before so many changes; its exit status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    signal.alarm(_LONGEST_SECONDS)
    left = [step]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)
            return real(*args, **options)

        return call

    try:
        for name in _COUNTED:
            setattr(os, name, counted(getattr(os, name)))
        work(folder, job)
    except BaseException:  # noqa: BLE001 - told by the exit status
        os._exit(1)
    os._exit(0)


def _state(library: SoundLibrary) -> dict[str, tuple[str, ...]]:
    return {s.name: tuple(take.file for take in s.takes) for s in library.sounds()}


def _whole(library: SoundLibrary, before: dict[str, tuple[str, ...]], job: str, step: int) -> None:
    """Make sure that nothing was lost and nothing stays."""
    where = f"{job}, killed at step {step}"
    assert not library.problems(), where
    for sound in library.sounds():
        for take in sound.takes:
            library.take(sound.name, take.file)
    now = _state(library)
    others = {name: takes for name, takes in before.items() if name != "low"}
    assert others.items() <= now.items(), where
    library.enrolled(ENCODER)
    for path in library.folder.rglob(".writing-*"):
        os.utime(path, (1e9, 1e9))
    with locked(library.folder):
        sweep(library.folder)
    assert not list(leftovers(library.folder)), where
    assert _state(library) == now, where


def damage(rng: np.random.Generator, folder: Path) -> Figures:
    """Spoil some files of a library: it is told, the other sounds are listened for."""
    library = _library(folder)
    library.enrolled(ENCODER)
    files = sorted(path for path in library.folder.rglob("*") if path.is_file())
    spoilt = [files[i] for i in rng.choice(len(files), int(rng.integers(1, 4)), replace=False)]
    for path in spoilt:
        _spoil(path, rng)
    told = 0
    try:
        library.enrolled(ENCODER)
        make_library(library.folder, {"new": tone(1500, 0.4)})
        assert "new" in library.enrolled(ENCODER).sounds
    except WakesoundError:
        told = 1
    untouched = {"low", "middle", "high"} - {path.parts[-2] for path in spoilt}
    untouched -= {path.parts[-3] for path in spoilt}
    known = {sound.name for sound in library.sounds()}
    assert untouched <= known, f"lost {untouched - known} by {spoilt}"
    return {"files spoilt": len(spoilt), "libraries refused": told}


def _spoil(path: Path, rng: np.random.Generator) -> None:
    content = bytearray(path.read_bytes())
    how = int(rng.integers(7))
    if how < 2 and content:  # some bytes are others
        for _ in range(1 + how * 20):
            content[int(rng.integers(len(content)))] = int(rng.integers(256))
        path.write_bytes(bytes(content))
    elif how == 2:
        path.write_bytes(bytes(content[: int(rng.integers(len(content) + 1))]))
    elif how == 3:
        path.write_bytes(rng.bytes(int(rng.integers(3000))))
    else:
        path.unlink()
        if how == 4:
            path.mkdir()
        elif how == 5:
            os.mkfifo(path)
        else:
            path.symlink_to(path)


_WRITER = """
import sys
import numpy as np
from pathlib import Path
from wakebench.proof.storage import write_much
write_much(Path(sys.argv[1]), int(sys.argv[2]))
"""


def write_much(folder: Path, number: int) -> None:
    """What one of several writers does to a library and a history."""
    library, history = SoundLibrary(folder / "library"), History(folder / "history")
    for turn in range(8):
        name = f"sound {number}-{turn}"
        make_library(library.folder, {name: tone(500 + 100 * number + turn, 0.4)})
        history.put(entry(100 * number + turn, 1.8e9 - turn))
        library.set_threshold(name, 0.8, 0.5)
        if turn % 2:
            library.remove(f"sound {number}-{turn - 1}")


def writers(rng: np.random.Generator, folder: Path) -> Figures:
    """Several processes change one library and one history at once: all of it counts."""
    numbers = [int(n) for n in rng.choice(50, _WRITERS, replace=False)]
    children = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(folder), str(n)]) for n in numbers
    ]
    assert [child.wait(300) for child in children] == [0] * _WRITERS
    library = SoundLibrary(folder / "library")
    wanted = {f"sound {n}-{turn}" for n in numbers for turn in (1, 3, 5, 7)}
    assert {sound.name for sound in library.sounds()} == wanted
    assert not library.problems()
    assert not list(leftovers(library.folder))
    entries = History(folder / "history").entries()
    assert len(entries) == 8 * _WRITERS
    assert len({found.order for found in entries}) == len(entries)
    return {"changes": 8 * 3 * _WRITERS}


def clocks(rng: np.random.Generator, folder: Path) -> Figures:
    """A clock that jumps by hours, months and years, ahead and back: history goes by order."""
    wall = [1.8e9]
    history = History(folder / "history", HistoryConfig(longest_days=30.0), wall=lambda: wall[0])
    jumps = 0
    for number in range(40):
        back = wall[0]
        if rng.random() < 0.5:
            wall[0] += float(rng.choice([-1, 1])) * 10.0 ** float(rng.uniform(2, 9))
            jumps += 1
        history.put(entry(number, max(0.0, wall[0])))
        if rng.random() < 0.8:
            wall[0] = back
        wall[0] += float(rng.uniform(0, 60))
    sounds = [int(found.sound) for found in history.entries()]
    assert sounds == sorted(sounds, reverse=True), "order of writing"
    lost = 40 - len(sounds)
    assert lost == 0 or jumps > 14, f"{lost} records lost by {jumps} jumps"
    return {"jumps": jumps, "records lost": lost}


def entry(number: int, wall: float) -> HistoryEntry:
    """A record of a wake."""
    when = datetime.fromtimestamp(min(wall, 2e11), timezone.utc)
    return HistoryEntry(
        id=f"{number:016x}",
        kind="wake",
        time=when,
        sound=str(number),
        score=0.9,
        threshold=0.5,
        take="",
        why="fired",
        gate="band",
        source="proof",
        start_seconds=0.0,
        end_seconds=1.0,
        encoder_id=ENCODER.id,
        dim=1,
        scores=(),
    )
