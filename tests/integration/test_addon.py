"""The add-on for Home Assistant, with a supervisor to talk to."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.integration.cli_process import wakesound
from tests.integration.deployed import (
    ADDON,
    DEMO,
    DEPLOY,
    ROOT,
    Supervisor,
    healthy,
    load,
    supervisor,
)
from tests.ports import free_port
from tests.waiting import wait_until
from wakeword import __version__

__all__ = ["supervisor"]


def test_the_addon_says_what_it_takes() -> None:
    """Each option has a type that its default fits, and words in both languages."""
    config = load(ADDON / "config.yaml")
    assert config["version"] == __version__
    types: dict[str, Any] = {"bool": bool, "str": str, "float": (int, float), "list": str}
    for key, default in config["options"].items():
        kind = re.match(r"\w+", config["schema"][key])
        assert kind is not None
        assert isinstance(default, types[kind[0]])
        if kind[0] == "list":
            assert default in config["schema"][key].removeprefix("list(").rstrip(")").split("|")
    for key in config["schema"].keys() - config["options"].keys():
        assert config["schema"][key].endswith("?")
    for language in ("en", "zh-Hans"):
        words = load(ADDON / "translations" / f"{language}.yaml")
        assert words["configuration"].keys() == config["schema"].keys()
        assert words["network"].keys() == config["ports"].keys()
        assert all(
            entry.keys() == {"name", "description"} for entry in words["configuration"].values()
        )
    assert set(load(ADDON / "build.yaml")["build_from"]) == set(config["arch"])


def test_the_addon_is_put_together(tmp_path: Path) -> None:
    """With the wheel and the constraints, all that its image copies; an older wheel is gone."""
    make = DEPLOY / "homeassistant" / "make-addon"
    for version in ("0.0.9", "0.1.0"):
        wheel = tmp_path / f"wakesound-{version}-py3-none-any.whl"
        wheel.write_text("")
        subprocess.run([make, wheel, tmp_path / "addons"], check=True, capture_output=True)
    folder = tmp_path / "addons" / "wakesound"
    assert [path.name for path in folder.glob("*.whl")] == ["wakesound-0.1.0-py3-none-any.whl"]
    for line in re.findall(r"^COPY (.*)$", (ADDON / "Dockerfile").read_text(), re.MULTILINE):
        *sources, _ = [word for word in line.split() if not word.startswith("--")]
        assert all(list(folder.glob(source)) for source in sources)
    done = subprocess.run(
        [make, tmp_path / "nothing.whl", tmp_path], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "not a wheel of Wakesound" in done.stderr


@contextmanager
def addon(folder: Path, port: int, supervisor: Supervisor) -> Iterator[subprocess.Popen[str]]:
    """The add-on's run script as a process, with its places in ``folder``."""
    (folder / "options.json").write_text(json.dumps(load(ADDON / "config.yaml")["options"]))
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "WAKESOUND_CONFIG": "",
        "WAKESOUND_LIBRARY": str(folder / "library"),
        "WAKESOUND_HISTORY": str(folder / "history"),
        "WAKESOUND_ADDON_OPTIONS": str(folder / "options.json"),
        "WAKESOUND_ADDON_SOUNDS": str(folder / "sounds"),
        "WAKESOUND_ADDON_SUPERVISOR": supervisor.url,
        "WAKESOUND_ADDON_PORT": str(port),
        "SUPERVISOR_TOKEN": "token",
    }
    process = subprocess.Popen(
        [sys.executable, ADDON / "run.py"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    killer = threading.Timer(120, process.kill)
    killer.start()
    try:
        with process:
            yield process
            process.kill()
    finally:
        process.kill()
        killer.cancel()


@pytest.mark.slow
def test_the_addon_enrolls_serves_and_ends(tmp_path: Path, supervisor: Supervisor) -> None:
    """Recordings become sounds, the service answers and is announced, SIGTERM ends it all."""
    pytest.importorskip("wyoming", reason="needs the wyoming extra")
    for name in ("whistle", "double_knock"):
        (tmp_path / "sounds" / name).mkdir(parents=True)
        for take in DEMO.glob(f"{name}_*.flac"):
            shutil.copy(take, tmp_path / "sounds" / name)
    (tmp_path / "sounds" / "empty").mkdir()
    port = free_port()
    with addon(tmp_path, port, supervisor) as process:

        def serves() -> bool:
            assert process.poll() is None, process.stdout.read() if process.stdout else ""
            return healthy(f"tcp://127.0.0.1:{port}") == 0

        wait_until(serves, "the add-on does not serve", timeout_seconds=100)
        wait_until(lambda: supervisor.got, "the add-on is not announced")
        process.send_signal(signal.SIGTERM)
        log, _ = process.communicate()
    assert process.returncode == 0, log
    assert "enrolling whistle from 3 files" in log
    assert "empty" not in log
    uri = f"tcp://{socket.gethostname()}:{port}"
    announced = {"service": "wyoming", "config": {"uri": uri}}
    assert supervisor.got == [("/discovery", "Bearer token", announced)]
    listed = wakesound("sounds", "--json", "--library", tmp_path / "library")
    assert {sound["name"] for sound in json.loads(listed.stdout)["sounds"]} == {
        "whistle",
        "double_knock",
    }


def test_the_addon_finds_the_broker(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one Home Assistant has, whatever is in its password; an option says another."""
    monkeypatch.setenv("WAKESOUND_ADDON_SUPERVISOR", supervisor.url)
    run = _run_script()
    assert run.broker({}) == "mqtt://add%2Fons:p%40%3A%2F@core-mosquitto:1883"
    assert run.broker({"broker": "mqtt://other"}) == "mqtt://other"
    monkeypatch.setattr(run, "SUPERVISOR", f"http://127.0.0.1:{free_port()}")
    assert run.broker({}) is None


def test_the_addon_goes_without_the_microphone_until_there_is_a_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bridge would end at once, and take the Wyoming service with it."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("WAKESOUND_CONFIG", "")
    monkeypatch.setenv("WAKESOUND_LIBRARY", str(tmp_path / "library"))
    run = _run_script()
    monkeypatch.setattr(run, "PORT", free_port())
    processes = run.start({"mqtt": True, "broker": "mqtt://127.0.0.1:1"})
    for process in processes:
        process.kill()
        process.wait()
    assert len(processes) == 1
    assert "there are no sounds yet" in capsys.readouterr().out


def _run_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("wakesound_addon_run", ADDON / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
