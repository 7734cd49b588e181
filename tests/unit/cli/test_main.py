from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wakeword import __version__

RAISING = """
import click, runtime.cli.options as settings
from wakeword.errors import *
@click.command()
@settings.library_option
def command():
    raise {error}
"""


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        ("LibraryError('there is no\\n such sound')", 2, "wakesound: there is no such sound"),
        ("MissingExtra('it', 'mic')", 2, "pip install 'wakesound[mic]'"),
        ("click.UsageError('Choose one.')", 2, "wakesound: choose one"),
        ("ValueError('no way')", 1, "wakesound: unexpected ValueError: no way; run it again with"),
    ],
)
def test_errors_are_one_line(error: str, status: int, line: str, wakesound, entry_point) -> None:
    """A mistake ends with 2, a fault of ours with 1, each with one line and no traceback."""
    entry_point("fail", RAISING.format(error=error))
    result = wakesound("fail")
    assert result.status == status
    assert line in result.err
    assert result.err.count("\n") == 1
    assert result.out == ""


def test_verbose_shows_the_traceback(wakesound, entry_point) -> None:
    """--verbose, before or after the command, shows where a fault of ours is."""
    entry_point("fault", RAISING.format(error="ValueError('no way')"))
    for arguments in (["-v", "fault"], ["fault", "--verbose"]):
        result = wakesound(*arguments)
        assert result.status == 1
        assert "Traceback" in result.err
        assert result.err.endswith("wakesound: unexpected ValueError: no way\n")


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "click.Abort"])
def test_interrupt_is_quiet(error: str, wakesound, entry_point) -> None:
    """Ctrl-C ends with 130, as shells expect, and without a word."""
    entry_point("stop", RAISING.format(error=error))
    result = wakesound("stop")
    assert (result.status, result.err.strip()) == (130, "")


def test_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    """'wakesound ... | head -1' prints nothing about a broken pipe."""
    code = (
        "import sys, time; from runtime.cli.main import main; time.sleep(0.3);"
        "sys.exit(main(['--help']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1
    process.stderr.close()


def test_version(wakesound) -> None:
    """--version says which one this is."""
    assert wakesound("--version").out == f"wakesound, version {__version__}\n"


def test_the_package_is_a_door_to_the_commands() -> None:
    """'python -m runtime' is the same command."""
    command = [sys.executable, "-m", "runtime", "--help"]
    shown = subprocess.run(command, capture_output=True, check=True)
    assert shown.stdout.startswith(b"Usage: wakesound [OPTIONS]")
