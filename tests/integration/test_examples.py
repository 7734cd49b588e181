"""The examples as they stand, each a process of its own, on the demo's sounds."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.integration.cli_process import running, wakesound
from wakeword.testing import RATE, noise, silence, tone

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
DEMO = ROOT / "assets" / "demo"
TRIED_ELSEWHERE = {"demo.py"}
"""It is what ``make demo`` runs."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the demo's sounds; the whistle has no pattern."""
    folder = tmp_path_factory.mktemp("examples") / "library"
    for name in ("whistle", "double_knock"):
        takes = sorted(DEMO.glob(f"{name}_*.flac"))
        budget = ("--budget", "5")  # an hour: knocks are like much else
        done = wakesound("enroll", name.replace("_", " "), *takes, *budget, "--library", folder)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds with the whistle at 2."""
    path = tmp_path_factory.mktemp("tape") / "whistle.wav"
    take, rate = soundfile.read(DEMO / "whistle_1.flac", dtype="float32")
    quiet = np.random.default_rng(1).normal(0, 1e-4, 5 * rate).astype(np.float32)
    quiet[2 * rate : 2 * rate + len(take)] += take[: 3 * rate]
    soundfile.write(path, quiet, rate)
    return path


def environment(library: Path, **more: str) -> dict[str, str]:
    """That of a user with this library."""
    own = {"WAKESOUND_LIBRARY": str(library), "WAKESOUND_CONFIG": "", "PYTHONPATH": str(ROOT)}
    return {**os.environ, **own, **more}


def run(name: str, library: Path, *arguments: str | Path) -> str:
    """Run an example to its end; what it printed."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments],
        env=environment(library),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@contextmanager
def started(
    name: str, library: Path, *arguments: str, **more: str
) -> Iterator[subprocess.Popen[str]]:
    """Run an example while something else goes on."""
    process = subprocess.Popen(
        [sys.executable, EXAMPLES / name, *arguments],
        env=environment(library, **more),
        stdout=subprocess.PIPE,
        text=True,
    )
    killer = threading.Timer(100, process.kill)
    killer.start()
    try:
        with process:
            yield process
            process.kill()
    finally:
        process.kill()
        killer.cancel()


def test_every_example_is_run() -> None:
    """Here or by the demo."""
    here = Path(__file__).read_text()
    for path in EXAMPLES.glob("*.py"):
        assert path.name in TRIED_ELSEWHERE or f'"{path.name}"' in here, path.name


def test_three_lines(library: Path) -> None:
    """They print what is heard in the noisy minute."""
    lines = run("three_lines.py", library, DEMO / "noisy_minute.flac").splitlines()
    assert len(lines) >= 3
    assert all(re.fullmatch(r"(whistle|double knock) 0\.\d+|.* 1\.0", line) for line in lines)


def test_asyncio_light(library: Path, tape: Path) -> None:
    """The lamp is dimmed, and the other work goes on."""
    printed = run("asyncio_light.py", library, "whistle", tape)
    assert "lamp at 100 %" in printed
    assert "... 0 s" in printed
    assert re.search(r"^[12]\.\d s: whistle in file:", printed, re.MULTILINE)


def test_clap_light(library: Path, tmp_path: Path) -> None:
    """Two in a row switch it, one alone does not. Here they are whistles."""
    own = tmp_path / "library"
    takes = sorted(DEMO.glob("whistle_*.flac"))
    enrolled = wakesound("enroll", "clap", *takes, "--library", own)
    assert enrolled.returncode == 0, enrolled.stderr
    added = wakesound("pattern", "add", "clap", "2", "--as", "two claps", "--library", own)
    assert added.returncode == 0, added.stderr
    take, rate = soundfile.read(takes[0], dtype="float32")
    loud = np.flatnonzero(np.abs(take) > 0.1 * np.abs(take).max())
    once = take[loud[0] : loud[-1]]
    tape = np.random.default_rng(1).normal(0, 1e-4, 16 * rate).astype(np.float32)
    for second in (2.0, 7.0, 8.0):
        start = int(second * rate)
        tape[start : start + len(once)] += once
    soundfile.write(tmp_path / "claps.wav", tape, rate)
    printed = run("clap_light.py", own, tmp_path / "claps.wav")
    assert re.fullmatch(r"[78]\.\d s: light on\n", printed)


def test_satellite(library: Path, tape: Path) -> None:
    """It streams to the real service and prints what that heard."""
    pytest.importorskip("wyoming", reason="needs the wyoming extra")
    with running("wyoming", "--uri", "tcp://127.0.0.1:0", "--library", library) as service:
        assert service.stdout is not None
        uri = re.search(r"tcp://[\d.:]+\d", service.stdout.readline())
        assert uri is not None
        printed = run("satellite.py", library, uri[0], tape)
        service.send_signal(signal.SIGTERM)
    assert re.fullmatch(r"[23]\.\d s: whistle\n", printed)


def test_alert_robot(library: Path, tape: Path, tmp_path: Path) -> None:
    """A clip is saved, and the robot is told where, once the alert is over."""
    told: list[str] = []

    class Robot(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.append(message["text"]["content"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"errcode": 0}')

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Robot) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with started(
            "alert_robot.py",
            library,
            "whistling:0.3",
            str(tape),
            ROBOT=f"http://127.0.0.1:{server.server_address[1]}/robot",
            CLIPS=str(tmp_path / "clips"),
        ) as example:
            printed, _ = example.communicate()
        server.shutdown()
    (clip,) = (tmp_path / "clips").glob("*.wav")
    assert printed.splitlines()[-1] == f"whistling is over, {clip}"
    assert len(told) == 1
    assert str(clip) in told[0]


def test_animal_game(library: Path, tape: Path) -> None:
    """It asks, takes a whistle for no animal, and ends with the tape."""
    first, *_, last = run("animal_game.py", library, tape).splitlines()
    assert re.fullmatch(r"Who .*\? Make its voice!", first)
    assert re.fullmatch(r"[01] of 4 points\.", last)


def test_tickets(library: Path, tmp_path: Path) -> None:
    """Calls go to queues by their sound, a broken one too."""
    calls = tmp_path / "calls"
    calls.mkdir()
    beeps = np.concatenate([tone(3100, 0.5), silence(0.5)] * 4)
    soundfile.write(calls / "alarm.wav", np.concatenate([noise(4.0), beeps]), RATE)
    soundfile.write(calls / "line.wav", noise(4.0, level_db=-25.0), RATE)
    soundfile.write(calls / "nobody.wav", silence(3.0), RATE)
    (calls / "lost.wav").touch()
    assert run("tickets.py", library, calls, tmp_path / "tickets.csv") == ""
    with (tmp_path / "tickets.csv").open(encoding="utf-8", newline="") as file:
        queues = {row["call"]: row["queue"] for row in csv.DictReader(file)}
    assert queues == {
        "alarm.wav": "alarm behind the caller",
        "line.wav": "bad line",
        "lost.wav": "broken recording",
        "nobody.wav": "to be listened to",
    }


def test_webhook_receiver(library: Path, tape: Path, tmp_path: Path) -> None:
    """It takes what a signed hook posts, once, and refuses what is not signed."""
    with started("webhook_receiver.py", library, "0", WAKESOUND_SECRET="hush") as receiver:
        assert receiver.stdout is not None
        url = receiver.stdout.readline().split()[-1]
        config = tmp_path / "my.toml"
        hook = f'[[hooks]]\ndo = "{url}"\nsecret_env = "HOOK_SECRET"\n'
        config.write_text(hook + hook)  # twice the same event: told once
        done = subprocess.run(
            [sys.executable, "-m", "runtime", "listen", "--config", config, "--source", tape],
            env=environment(library, HOOK_SECRET="hush"),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0
        assert "failed" not in done.stderr
        request = urllib.request.Request(url, json.dumps({"id": "x"}).encode(), method="POST")
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            urllib.request.urlopen(request)
        refused.value.close()
        receiver.send_signal(signal.SIGINT)
        printed, _ = receiver.communicate()
    assert re.fullmatch(r"whistle \([01]\.\d+\) from file:.*whistle\.wav\n", printed)
