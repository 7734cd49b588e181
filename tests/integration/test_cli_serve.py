"""``wakesound serve`` as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.integration.cli_process import running, wakesound
from tests.integration.http_server import WHISTLES, enrolled, upload
from tests.waiting import TIMEOUT_SECONDS, wait_until

pytest.importorskip("fastapi")

pytestmark = pytest.mark.slow

TOKEN = "a-token-that-is-long-enough"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return enrolled(tmp_path_factory.mktemp("serve") / "library")


@contextmanager
def _served(
    *arguments: str | Path, env: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, once it is ready, and its address."""
    with running("serve", "--port", "0", *arguments, env=env) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        try:
            wait_until(lambda: httpx.get(f"{url}/health").json()["ready"])
            yield process, url
        finally:
            process.terminate()


def test_it_ends_cleanly_with_open_streams(library: Path) -> None:
    """SIGTERM ends event streams and WebSockets in an orderly way, with status 0 and no noise."""
    with _served("--library", library) as (process, url):
        ws = url.replace("http", "ws", 1) + "/ws"
        with (
            httpx.stream("GET", f"{url}/events", timeout=TIMEOUT_SECONDS) as events,
            connect(ws) as w,
        ):
            lines = events.iter_lines()
            assert next(lines) == ": events"
            assert json.loads(w.recv(timeout=TIMEOUT_SECONDS))["event"] == "ready"
            process.send_signal(signal.SIGTERM)
            assert all(not line for line in lines)  # ended, not cut off
            with pytest.raises(ConnectionClosed):
                w.recv(timeout=TIMEOUT_SECONDS)
        assert process.wait(TIMEOUT_SECONDS) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_hooks_are_run_for_own_sources(library: Path, tmp_path: Path) -> None:
    """--listen and --on together: what the server hears is acted on, and counted."""
    log = tmp_path / "log.jsonl"
    arguments = ("--listen", f"file:{WHISTLES[0]}", "--on", f"whistle=json:{log}")
    with _served("--library", library, "--threshold-offset=-0.05", *arguments) as (_, url):
        wait_until(lambda: log.exists() and log.read_text())
        assert json.loads(log.read_text())["sound"] == "whistle"
        sound = httpx.get(f"{url}/sounds/whistle").json()
        assert sound["hooks"][0]["called"] == 1
        assert "wakesound_hook_called_total{" in httpx.get(f"{url}/metrics").text


def test_the_token_of_a_file_is_asked_for(library: Path, tmp_path: Path) -> None:
    """With --token-file other machines may ask, who know it."""
    (tmp_path / "token").write_text(TOKEN)
    arguments = ("--host", "0.0.0.0", "--token-file", tmp_path / "token")
    with _served("--library", library, *arguments) as (_, url):
        url = url.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(f"{url}/sounds").status_code == 401
        headers = {"authorization": f"Bearer {TOKEN}", "host": "wake.example.org"}
        assert httpx.get(f"{url}/sounds", headers=headers).status_code == 200
        form = {"labels": "whistling, dog barking"}
        answer = httpx.post(
            f"{url}/classify", files=upload(WHISTLES[0]), data=form, headers=headers
        )
        assert answer.json()["whistling"] > 0.5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--host", "0.0.0.0"), "--token-file"),
        (("--token-file", "/nowhere/token"), "/nowhere/token"),
        (("--cors", "*"), "--cors"),
        (("--encoder", "nosuch"), "nosuch"),
        (("--encoder", "logmel"), "reindex"),
        (("--on", "whistle"), "NAME=URI"),
        (("--on", "whistle=nosuch:x"), "no action"),
        (("--host", "999.1.1.1"), "--token-file"),
        (("--port", "99999"), "--port"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(
    library: Path, arguments: tuple[str, ...], told: str
) -> None:
    """Bad settings end it with status 2 and one line that says what to do."""
    done = wakesound("serve", "--port", "0", "--library", library, *arguments)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_taken_port_is_said(library: Path) -> None:
    """Two servers cannot have one port, and the second says which and what to do."""
    with _served("--library", library) as (_, url):
        port = url.rpartition(":")[2]
        done = wakesound("serve", "--port", port, "--library", library)
    assert done.returncode == 2
    assert port in done.stderr
    assert "--port" in done.stderr
