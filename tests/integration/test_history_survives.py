"""A history survives kills and company: it loses at most what is being written."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runtime.history.store import History

REPOSITORY = Path(__file__).parents[2]
PUT = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from runtime.history.store import History, HistoryConfig
from runtime.history.store import HistoryEntry
history = History(Path(sys.argv[1]), HistoryConfig(most_entries=40))
for number in range(100_000):
    entry = HistoryEntry(
        id=f"{int(sys.argv[2]):08x}{number:08x}", kind="near", time=datetime.now(timezone.utc),
        sound="bell", score=0.5, threshold=0.6, take="", why="", gate="band", source="mic",
        start_seconds=0, end_seconds=1, encoder_id="x", dim=4, scores=(),
    )
    history.put(entry, b"audio" * 2000)
    print(entry.id, flush=True)
"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")]


def test_killed_while_two_processes_write(tmp_path: Path) -> None:
    """After kills at any moment every record is whole, bounded, and writing goes on."""
    folder = tmp_path / "history"
    history = History(folder)
    known: list[str] = []
    for round_ in range(3):
        processes = [_put(folder, 2 * round_ + number) for number in range(2)]
        lines = []
        for process in processes:
            assert process.stdout
            lines += [process.stdout.readline().strip() for _ in range(5)]
        time.sleep(0.02 * round_)
        for process in processes:
            process.kill()
        for process in processes:
            lines += process.communicate()[0].split()
        known += [line for line in lines if len(line) == 16]
        entries = history.entries()
        assert (
            len(list(folder.glob("*.json"))) == len(entries) <= 40 + 2
        )  # a killed writer may not have trimmed
        assert all(history.clip(entry) == b"audio" * 2000 for entry in entries)
    latest = {entry.id for entry in history.entries()}
    assert sum(id in latest for id in known[-10:]) >= 8
    history.trim()
    assert len(list(folder.glob("*.flac"))) == len(history.entries())


def _put(folder: Path, number: int) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-c", PUT, folder, str(number)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
