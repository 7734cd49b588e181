"""What is in ``deploy/``: no container engine is needed, the entry points run as they are."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
import yaml

from runtime.cli.main import wakesound as group
from tests.integration.cli_process import running, wakesound
from tests.ports import free_port
from tests.waiting import wait_until
from wakeword import __version__

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
ADDON = DEPLOY / "homeassistant" / "wakesound"
DOCKERFILES = [DEPLOY / "docker" / "Dockerfile", ADDON / "Dockerfile"]
SCRIPTS = [
    DEPLOY / "homeassistant" / "make-addon",
    *(path for path in (ROOT / "scripts").iterdir() if path.is_file()),
]
UNITS = sorted(DEPLOY.glob("systemd/*/*.service"))
DEMO = ROOT / "assets" / "demo"


def tool(name: str) -> str:
    """A program, beside this Python or in the system."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:/usr/bin:/bin:/usr/local/bin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def understood(words: list[str]) -> None:
    """Make sure that the command line accepts a call."""
    context = click.Context(group, info_name="wakesound")
    command = group.get_command(context, words[0])
    assert command is not None
    command.make_parser(context).parse_args(words[1:])


def load(path: Path) -> Any:
    """Read YAML."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


# -- linting -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_dockerfiles_are_clean(path: Path) -> None:
    """The linter finds nothing, style included."""
    done = subprocess.run([tool("hadolint"), path], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_clean(path: Path) -> None:
    """The linter for shell scripts finds nothing."""
    done = subprocess.run([tool("shellcheck"), path], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_are_understood(path: Path, tmp_path: Path) -> None:
    """By systemd itself, and their calls by the command line."""
    text = path.read_text()
    (line,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    understood(shlex.split(line)[1:])
    (tmp_path / path.name).write_text(
        re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE)
    )
    analyze = tool("systemd-analyze")
    done = subprocess.run(
        [analyze, "verify", "--man=no", tmp_path / path.name], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "path", [unit for unit in UNITS if unit.parent.name == "system"], ids=lambda path: path.name
)
def test_system_units_are_shut_in(path: Path) -> None:
    """What systemd calls the exposure, from 0 to 10, is below 2."""
    command = [tool("systemd-analyze"), "security", "--offline=true", "--no-pager", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"exposure level for .*: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) < 2


def test_system_units_share_a_user() -> None:
    """The library is in a folder that belongs to one user: with two, one would be locked out."""
    texts = [unit.read_text() for unit in UNITS if unit.parent.name == "system"]
    assert all("\nUser=wakesound\n" in text for text in texts)
    assert "-p User=wakesound " in (ROOT / "docs" / "deploy.md").read_text()


# -- images --------------------------------------------------------------------------------


def test_the_image_holds_what_it_needs() -> None:
    """Everything that is copied exists and is not ignored, every extra is one of the package's."""
    text = DOCKERFILES[0].read_text()
    kept = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
        *sources, _ = [word for word in line.split() if not word.startswith("--")]
        for source in sources:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in kept
    project = (ROOT / "pyproject.toml").read_text()
    extras = {name for found in re.findall(r"\.\[([\w,-]+)\]", text) for name in found.split(",")}
    assert {"wyoming", "mqtt", "server", "mic-sounddevice", "clap"} == extras
    for name in extras:
        assert re.search(rf"^{name} = \[", project, re.MULTILINE), name


def test_the_image_runs_as_nobody_special() -> None:
    """Each stage that runs ends with an ordinary user, and says how it is."""
    text = DOCKERFILES[0].read_text()
    for stage in ("clap", "cpu"):
        part = text.partition(f"AS {stage}\n")[2].partition("\nFROM ")[0]
        assert re.search(r"^USER 1000:1000$", part, re.MULTILINE)
    assert "\nHEALTHCHECK " in text
    (command,) = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    understood(json.loads(command))


def test_compose_fits_the_image_and_the_commands() -> None:
    """Commands are understood, ports and health checks agree, variables are in the example."""
    path = DEPLOY / "docker" / "compose.yaml"
    compose = load(path)
    example = (DEPLOY / "docker" / ".env.example").read_text()
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", path.read_text()))
    assert asked == set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    for name, service in compose["services"].items():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith("."):
                assert (path.parent / source).exists(), source
            else:
                assert source in compose["volumes"]
        if name == "mosquitto":
            continue
        understood(service["command"])
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        build = service["build"]
        assert (path.parent / build["context"] / build["dockerfile"]).resolve() == DOCKERFILES[0]
        health = service["environment"]["WAKESOUND_HEALTH"]
        port = re.search(r":(\d+)", health)
        targets = [published.rpartition(":")[2] for published in service.get("ports", [])]
        assert targets == ([port[1]] if port else [])
    assert set(compose["services"]["mqtt"]["depends_on"]) <= set(compose["services"])


# -- the add-on ----------------------------------------------------------------------------


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


class Supervisor(ThreadingHTTPServer):
    """Home Assistant's supervisor, as far as the add-on talks to it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.got: list[tuple[str, str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: Supervisor

    def _answer(self, data: dict[str, Any]) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null")
        self.server.got.append((self.path, self.headers["Authorization"], body))
        answer = json.dumps({"result": "ok", "data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self._answer(
            {"host": "core-mosquitto", "port": 1883, "username": "add/ons", "password": "p@:/"}
        )

    def do_POST(self) -> None:
        self._answer({"uuid": "x"})

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    """A running one."""
    with Supervisor() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def healthy(*addresses: str) -> int:
    """The status of the container's health check."""
    check = DEPLOY / "docker" / "healthcheck.py"
    return subprocess.run([sys.executable, check, *addresses], capture_output=True).returncode


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


# -- entry points, outside a container -----------------------------------------------------


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the demo's whistle."""
    folder = tmp_path_factory.mktemp("deploy") / "library"
    takes = sorted(DEMO.glob("whistle_*.flac"))
    done = wakesound("enroll", "whistle", *takes, "--library", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_health_check_tells_a_living_service(library: Path) -> None:
    """The image's own command, on another port: well while it runs, not before or after."""
    pytest.importorskip("wyoming", reason="needs the wyoming extra")
    address = f"tcp://127.0.0.1:{free_port()}"
    assert healthy(address) == 1
    with running("wyoming", "--uri", address, "--library", library) as process:

        def serves() -> bool:
            assert process.poll() is None
            return healthy(address) == 0

        wait_until(serves, "the service does not answer")
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert healthy(address) == 1


def test_the_health_check_knows_http_and_nothing(supervisor: Supervisor) -> None:
    """An HTTP service that answers is well, a port that is something else is not."""
    port = supervisor.server_address[1]
    assert healthy(f"http://127.0.0.1:{port}/health") == 0
    assert healthy(f"tcp://127.0.0.1:{port}") == 1
    assert healthy("none") == 0
    assert healthy("ftp://x") == 1
