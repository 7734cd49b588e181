"""Images, units and scripts of ``deploy/``: linted, in step with the command line, and run."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from runtime.cli.main import wakesound as group
from tests.integration.cli_process import running, wakesound
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

__all__ = ["supervisor"]

DOCKERFILES = [DEPLOY / "docker" / "Dockerfile", ADDON / "Dockerfile"]
SCRIPTS = [
    DEPLOY / "homeassistant" / "make-addon",
    *(path for path in (ROOT / "scripts").iterdir() if path.is_file()),
]
UNITS = sorted(DEPLOY.glob("systemd/*/*.service"))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the demo's whistle."""
    folder = tmp_path_factory.mktemp("deploy") / "library"
    takes = sorted(DEMO.glob("whistle_*.flac"))
    done = wakesound("enroll", "whistle", *takes, "--library", folder)
    assert done.returncode == 0, done.stderr
    return folder


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


@pytest.mark.slow
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
