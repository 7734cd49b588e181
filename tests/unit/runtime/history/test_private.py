"""Who can read what is recorded: its owner alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from enroll import enroll_files
from enroll.archive import export_sounds
from enroll.feedback import reject
from runtime.history.clips import ClipStore
from runtime.history.store import History
from runtime.services.http.config import read_token
from wakeword.errors import ConfigError
from wakeword.library.library import SoundLibrary
from wakeword.library.private import readable_by_others
from wakeword.library.recordings import Example
from wakeword.library.storage import write_atomically
from wakeword.testing import ToneEncoder, noise, placed, tone

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes are not those of POSIX")


@pytest.fixture(autouse=True)
def _usual_mask() -> Iterator[None]:
    """Most systems let others read new files."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def _library(folder: Path) -> SoundLibrary:
    files = []
    for number in range(3):
        path = folder / f"{number}.wav"
        samples = placed(noise(2.0, seed=number), (1.0, tone(1000, 0.4)))
        soundfile.write(path, samples, 16_000)
        files.append(path)
    enroll_files(folder / "sounds" / "library", ToneEncoder(), "beep", files)
    return SoundLibrary(folder / "sounds" / "library")


def _modes(folder: Path) -> dict[str, int]:
    """Of a folder and all in it but its lock, which holds nothing."""
    paths = [folder, *folder.rglob("*")]
    return {str(p): stat.S_IMODE(p.stat().st_mode) for p in paths if p.name != ".lock"}


def test_a_library_is_for_its_owner(tmp_path: Path) -> None:
    """Folders that are made, recordings, records, caches, and what is rejected later."""
    library = _library(tmp_path)
    wrong = Example(tone(1500, 0.5), 16_000, 0.4)
    reject(library, ToneEncoder(), "beep", wrong, "0" * 16)
    modes = _modes(tmp_path / "sounds")
    assert any("rejected" in path for path in modes)
    assert any(path.endswith(".flac") for path in modes)
    assert {mode for path, mode in modes.items() if Path(path).is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if Path(path).is_file()} == {0o600}


def test_exports_and_clips_are_for_their_owner(tmp_path: Path) -> None:
    """Also in a folder that others may read."""
    library = _library(tmp_path)
    export_sounds(library, [], tmp_path / "sounds.zip")
    store = ClipStore(tmp_path / "clips")
    store.write(store.promise("glass", 0.0), noise(0.1), 16_000, {})
    History(tmp_path / "a" / "history").trim()
    assert stat.S_IMODE((tmp_path / "sounds.zip").stat().st_mode) == 0o600
    assert set(_modes(tmp_path / "clips").values()) == {0o700, 0o600}


def test_a_mode_that_was_chosen_stays(tmp_path: Path) -> None:
    """Writing a file anew does not take it away from those whom the owner lets read it."""
    path = tmp_path / "record"
    write_atomically(path, lambda file: file.write(b"1"))
    path.chmod(0o640)
    write_atomically(path, lambda file: file.write(b"2"))
    write_atomically(tmp_path / "table.csv", lambda file: file.write(b"3"), private=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "table.csv").stat().st_mode) == 0o644


def test_what_others_can_read_is_found(tmp_path: Path) -> None:
    """What lies in a folder that others cannot enter is none of it."""
    (tmp_path / "open").mkdir(0o755)
    (tmp_path / "open" / "file").touch()
    (tmp_path / "open" / "shut").mkdir(0o700)
    (tmp_path / "open" / "shut" / "file").touch()
    found = list(readable_by_others([tmp_path / "open"]))
    assert found == [tmp_path / "open", tmp_path / "open" / "file"]
    (tmp_path / "open").chmod(0o700)
    assert not list(readable_by_others([tmp_path / "open"]))


def test_a_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """With the command that mends it; afterwards it is taken."""
    path = tmp_path / "the token"
    path.write_text("a" * 32)
    with pytest.raises(ConfigError, match=r"chmod 600 '.*the token' mends it|chmod 600") as error:
        read_token(path)
    assert f"chmod 600 '{path}'" in str(error.value)
    path.chmod(0o600)
    assert read_token(path) == "a" * 32
