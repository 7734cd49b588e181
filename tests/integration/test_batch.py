"""Batches that are killed, and batches on a cluster: the result must not show it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.integration.cli_process import command, running, wakesound
from tests.waiting import wait_until
from wakeword.testing import RATE, noise, tone

pytestmark = pytest.mark.slow

LABELS = ("--labels", "dog barking, whistling, 玻璃破碎")
LINUX = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc")
CLUSTER = pytest.mark.skipif(
    os.environ.get("CI") != "true" and not os.environ.get("WAKESOUND_TEST_RAY"),
    reason="starts a Ray cluster, which takes a minute: set WAKESOUND_TEST_RAY=1",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred recordings of one to three seconds, and one that is not audio."""
    place = tmp_path_factory.mktemp("batch") / "recordings"
    place.mkdir()
    rng = np.random.default_rng(3)
    for number in range(300):
        seconds = float(rng.uniform(1.0, 3.0))
        samples = tone(float(rng.uniform(200, 6000)), seconds) + noise(seconds, seed=number)
        soundfile.write(place / f"{number:03}.wav", samples, RATE)
    (place / "300.wav").write_text("words")
    return place


@pytest.fixture(scope="module")
def whole(folder: Path) -> tuple[bytes, bytes]:
    """The result of one process that nothing disturbed, and its slices."""
    out, slices = folder.with_name("whole.csv"), folder.with_name("whole-slices.csv")
    done = wakesound("batch", folder, *LABELS, "--out", out, "--slices", slices, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    return out.read_bytes(), slices.read_bytes()


def _children(pid: int) -> list[int]:
    """Processes that a process has started; on Linux."""
    return [
        int(child)
        for path in Path(f"/proc/{pid}/task").glob("*/children")
        for child in path.read_text().split()
    ]


def _hearers(pid: int) -> list[int]:
    """Those of them that hear."""
    found = []
    for child in _children(pid):
        with contextlib.suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
    return found


def _lines(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def _has_kept(process: subprocess.Popen[str], journal: Path, lines: int) -> bool:
    return process.poll() is not None or _lines(journal) >= lines


def _all_gone(pids: list[int]) -> bool:
    return all(map(_gone, pids))


def _gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


@LINUX
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_killed_and_resumed(
    folder: Path, whole: tuple[bytes, bytes], tmp_path: Path, jobs: str
) -> None:
    """Killed twice at some moment, the third run ends with the result of an undisturbed one.

    Nothing that the killed ones started lives on, and no recording is heard twice or lost.
    """
    out, slices = tmp_path / "o.csv", tmp_path / "s.csv"
    call = ("batch", folder, *LABELS, "--out", out, "--slices", slices, "--jobs", jobs)
    journal = tmp_path / "o.csv.partial" / "journal.jsonl"
    kept = 0
    for _ in range(2):
        with running(*call) as process:
            wait_until(partial(_has_kept, process, journal, kept + 2))
            children = _children(process.pid)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        kept = _lines(journal)
        assert 2 <= kept < 20  # a heading and some of nineteen parcels
        wait_until(partial(_all_gone, children), "its processes live on")
        assert not out.exists()
    done = wakesound(*call, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["before"] in range(16 * (kept - 2), 16 * kept)
    assert (out.read_bytes(), slices.read_bytes()) == whole
    assert not journal.parent.exists()


@LINUX
def test_interrupted_from_the_keyboard(folder: Path, tmp_path: Path) -> None:
    """Ctrl-C, which a terminal sends to all processes, ends with 130 and says how to go on."""
    out = tmp_path / "o.csv"
    with running("batch", folder, *LABELS, "--out", out, "--jobs", "2") as process:
        wait_until(lambda: process.poll() is not None or len(_hearers(process.pid)) >= 2)
        for pid in (*_hearers(process.pid), process.pid):
            os.kill(pid, signal.SIGINT)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (130, "wakesound: the same command goes on from here\n")
    assert not out.exists()


@LINUX
def test_a_process_that_is_killed(folder: Path, whole: tuple[bytes, bytes], tmp_path: Path) -> None:
    """When one of the hearing processes dies, the command says so and can be called again."""
    out, slices = tmp_path / "o.csv", tmp_path / "s.csv"
    call = ("batch", folder, *LABELS, "--out", out, "--slices", slices, "--jobs", "2")
    with running(*call) as process:
        wait_until(lambda: process.poll() is not None or len(_hearers(process.pid)) >= 2)
        os.kill(_hearers(process.pid)[0], signal.SIGKILL)
        _, errors = process.communicate()
    assert process.returncode == 2
    assert "run the same command again to go on, with fewer --jobs" in errors
    assert wakesound(*call).returncode == 0
    assert (out.read_bytes(), slices.read_bytes()) == whole


CLUSTER_ENVIRONMENT = os.environ | {
    "RAY_ADDRESS": "",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""A token of our own, so that Ray need not keep one in the user's home."""
HEAD = """
import ray, sys
began = ray.init("local", num_cpus=2, num_gpus=0, include_dashboard=False, log_to_driver=False,
                 object_store_memory=100_000_000, _temp_dir=sys.argv[1])
print(began.address_info["gcs_address"], flush=True)
sys.stdin.read()
"""
"""A cluster of two workers that lasts until its stdin ends."""


def _on_cluster(folder: Path, into: Path, *more: str) -> tuple[bytes, bytes]:
    """The result of a cluster, and its slices; warnings are errors."""
    out, slices = into / "o.csv", into / "s.csv"
    words = command("batch", folder, *LABELS, "--out", out, "--slices", slices, "--engine", "ray")
    python, *rest = words
    done = subprocess.run(
        [python, "-W", "error", *rest, *more],
        env=CLUSTER_ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "1 of 301 recordings is bad" in done.stderr
    assert not list(into.glob("*.partial"))
    return out.read_bytes(), slices.read_bytes()


@CLUSTER
def test_a_cluster_gives_the_same_result(
    folder: Path, whole: tuple[bytes, bytes], tmp_path: Path
) -> None:
    """Two workers of a local Ray cluster give, byte for byte, what one process gives."""
    pytest.importorskip("ray.data", reason="needs the ray extra")
    assert _on_cluster(folder, tmp_path, "--jobs", "2") == whole


@CLUSTER
def test_a_cluster_that_runs_already(
    folder: Path, whole: tuple[bytes, bytes], tmp_path: Path
) -> None:
    """It is found by its address, gives the same result, and still runs afterwards."""
    pytest.importorskip("ray.data", reason="needs the ray extra")
    with (
        tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as short,
        subprocess.Popen(
            [sys.executable, "-c", HEAD, short],
            env=CLUSTER_ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as head,
    ):
        assert head.stdout is not None
        address = head.stdout.readline().strip()
        assert _on_cluster(folder, tmp_path, "--address", address) == whole
        assert head.poll() is None
        host, port = address.rsplit(":", 1)
        socket.create_connection((host, int(port)), 5).close()


def test_no_cluster_at_the_address(folder: Path, tmp_path: Path) -> None:
    """Where nobody answers, it is told at once and nothing is begun."""
    pytest.importorskip("ray.data", reason="needs the ray extra")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        call = ("batch", folder, *LABELS, "--out", tmp_path / "o.csv", "--engine", "ray")
        done = wakesound(*call, "--address", address)
    assert done.returncode == 2
    assert f"there is no Ray cluster at {address}" in done.stderr
    assert done.stderr.count("\n") == 1
