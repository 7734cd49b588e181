from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from enroll import enroll_files
from runtime.cli.main import main
from runtime.cli.options import OWN_LOGGERS, QUIET_LOGGERS
from wakebench.synth.kinds import make_source
from wakeword.encoders import create_encoder
from wakeword.testing import RATE, noise, placed


@dataclass(frozen=True)
class Result:
    """What a call of the command line did."""

    status: int
    out: str
    err: str


Wakesound = Callable[..., Result]
Install = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def _own_process_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Leave the environment and the logging as they were, and the user's library alone."""
    monkeypatch.setenv("WAKESOUND_LIBRARY", str(tmp_path / "default-library"))
    monkeypatch.setenv("WAKESOUND_HISTORY", str(tmp_path / "histories"))
    monkeypatch.setenv("WAKESOUND_CONFIG", "")
    monkeypatch.setenv("WAKESOUND_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in (*OWN_LOGGERS, *QUIET_LOGGERS):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def wakesound(capfd: pytest.CaptureFixture[str]) -> Wakesound:
    """Call the command line in this process: ``wakesound("sounds", "--json")``."""

    def call(*arguments: str) -> Result:
        status = main(arguments)
        out, err = capfd.readouterr()
        return Result(status, out, err)

    return call


@pytest.fixture
def entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package with one command: ``entry_point("name", source_of_its_module)``."""

    def install(name: str, source: str) -> None:
        folder = tmp_path / "site" / f"wakesound_{name}-1.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: wakesound-{name}\n")
        (folder / "entry_points.txt").write_text(
            f"[wakesound.commands]\n{name} = added_{name}:command\n"
        )
        (tmp_path / "site" / f"added_{name}.py").write_text(source)

    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    yield install
    for module in [m for m in sys.modules if m.startswith("added_")]:
        del sys.modules[module]


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three takes each of a whistle and a knock, and a stream with both.

    The whistle is in ``stream.wav`` at 3 and 14 seconds, the knock at 8.
    """
    folder = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(5)
    whistle, knock = make_source("whistle_rising", rng), make_source("double_knock", rng)
    for name, source in (("whistle", whistle), ("knock", knock)):
        for number in range(1, 4):
            room = noise(1.8, seed=number)
            samples = placed(room, (0.5, source.take(rng)))
            soundfile.write(folder / f"{name}{number}.wav", samples, RATE)
    heard = [(3, whistle), (8, knock), (14, whistle)]
    stream = placed(noise(17.0), *[(second, source.take(rng)) for second, source in heard])
    soundfile.write(folder / "stream.wav", stream, RATE)
    return folder


@pytest.fixture(scope="session")
def _enrolled(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("enrolled") / "library"
    for name in ("whistle", "knock"):
        files = sorted(recordings.glob(f"{name}?.wav"))
        enroll_files(folder, create_encoder("logmel"), name, files)
    return folder


@pytest.fixture
def library(_enrolled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with the whistle and the knock, which is the default one."""
    folder = tmp_path / "library"
    shutil.copytree(_enrolled, folder)
    monkeypatch.setenv("WAKESOUND_LIBRARY", str(folder))
    return folder
