"""The guided enrollment at a real terminal, which is a pseudo-terminal here."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.integration.cli_process import command, wakesound, write_recordings
from wakeword.testing import RATE, noise, placed

pytestmark = pytest.mark.slow

SECONDS = 60


def _hear_interrupts() -> None:
    """As at a terminal, also where the tests run in the background of a shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A program at a terminal of 80 columns: what it shows, and a keyboard.

    Args:
        words: the command line.
    """

    def __init__(self, words: list[str]) -> None:
        self._keys, other = pty.openpty()
        env = {**os.environ, "COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "1"}
        self.process = subprocess.Popen(
            words,
            stdin=other,
            stdout=other,
            stderr=other,
            env=env,
            start_new_session=True,
            preexec_fn=_hear_interrupts,
        )
        os.close(other)
        self.shown = ""

    def wait_for(self, text: str) -> None:
        """Read until the text is shown; what came before it is forgotten."""
        deadline = time.monotonic() + SECONDS
        while text not in self.shown:
            assert time.monotonic() < deadline, f"{text!r} is not in {self.shown!r}"
            assert self._read(), f"{text!r} is not in {self.shown!r}"
        self.shown = self.shown.partition(text)[2]

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._keys, keys.encode())

    def interrupt(self) -> None:
        """Ctrl-C; again if it came just before the program began to wait for a line."""
        for _ in range(10):
            self.process.send_signal(signal.SIGINT)
            if select.select([self._keys], [], [], 3.0)[0]:
                return

    def end(self) -> int:
        """Wait for the end of the program; its exit status."""
        while self._read():
            pass
        os.close(self._keys)
        return self.process.wait(SECONDS)

    def _read(self) -> bool:
        if not select.select([self._keys], [], [], SECONDS)[0]:
            return False
        try:
            content = os.read(self._keys, 65536).decode(errors="replace")
        except OSError:  # the program has closed it
            return False
        self.shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", content).replace("\r\n", "\n")
        return True


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A recording with three whistles, the second of them quiet."""
    write_recordings(tmp_path)
    takes = [
        soundfile.read(path, dtype="float32")[0][RATE // 2 : RATE // 2 + 14_000]
        for path in sorted(tmp_path.glob("whistle?.wav"))
    ]
    takes[1] = takes[1] * np.float32(0.05)
    at = [(2.0 + 2 * i, samples) for i, samples in enumerate(takes)]
    soundfile.write(tmp_path / "session.wav", placed(noise(9.0), *at), RATE)
    return tmp_path / "session.wav"


def test_takes_are_counted_dropped_and_recorded_again(session: Path, tmp_path: Path) -> None:
    """Meter, verdicts, the doubtful take dropped and another one added, the table at the end."""
    call = ("enroll", "whistle", "--takes", "3", "--library", tmp_path / "library")
    terminal = Terminal(command(*call, "--source", f"file:{session}"))
    terminal.wait_for("Make the sound 3 times, about a second apart. Enter ends it sooner.")
    terminal.wait_for("Take 1 of 3")
    terminal.wait_for("keep quiet")
    terminal.wait_for("recording")
    terminal.wait_for("✓ take 1")
    terminal.wait_for("dB quieter than the others")
    terminal.wait_for("+ adds one (2?): ")
    terminal.type("7\n")
    terminal.wait_for("There are the takes 1 2 3.")
    terminal.type("2 +\n")
    terminal.wait_for("2 takes left.")
    terminal.wait_for("Make the sound once.")
    terminal.wait_for("Take 3 of 3")
    terminal.wait_for("✗ take 4 is the same recording as take 1")
    terminal.wait_for("✓ take 4")
    terminal.wait_for("+ adds one")
    terminal.type("\n")
    terminal.wait_for("Enrolled whistle.")
    assert terminal.end() == 0
    listed = wakesound("sounds", "--json", "--library", tmp_path / "library")
    assert json.loads(listed.stdout)["sounds"][0]["takes"] == 3


def test_interrupted_session_is_offered(session: Path, tmp_path: Path) -> None:
    """Ctrl-C leaves with 130 and keeps the takes; the next call offers them."""
    call = ("enroll", "whistle", "--takes", "3", "--library", tmp_path / "library")
    terminal = Terminal(command(*call, "--source", f"file:{session}"))
    terminal.wait_for("+ adds one (2?): ")
    terminal.interrupt()
    terminal.wait_for("3 takes kept; the same command goes on from there.")
    assert terminal.end() == 130
    terminal = Terminal(command(*call, "--source", f"file:{session}"))
    terminal.wait_for("Go on with 3 takes of whistle from last time? [Y/n]: ")
    terminal.type("y\n")
    terminal.wait_for("+ adds one (2?): ")
    terminal.type("\n")
    terminal.wait_for("Enrolled whistle.")
    assert terminal.end() == 0


def test_enter_ends_the_recording_sooner(session: Path, tmp_path: Path) -> None:
    """Whoever has enough presses Enter; ten takes of a short sound are asked for."""
    call = ("enroll", "whistle", "--library", tmp_path / "library")
    terminal = Terminal(command(*call, "--source", f"file:{session}"))
    terminal.wait_for("Make the sound 10 times")
    terminal.wait_for("Take 2 of 10")
    terminal.type("\n")
    terminal.wait_for("+ adds one")
    terminal.type("\n")
    terminal.wait_for("Enrolled whistle.")
    assert terminal.end() == 0


def test_remove_asks_first(session: Path, tmp_path: Path) -> None:
    """At a terminal, remove asks, and 'no' is the answer of an empty line."""
    library = tmp_path / "library"
    whistles = sorted(tmp_path.glob("whistle?.wav"))
    assert wakesound("enroll", "whistle", *whistles, "--library", library).returncode == 0
    terminal = Terminal(command("remove", "whistle", "--library", library))
    terminal.wait_for("Delete whistle and all takes? [y/N]: ")
    terminal.type("\n")
    terminal.wait_for("Nothing was deleted.")
    assert terminal.end() == 0
