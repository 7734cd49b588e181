from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

from runtime.cli.group import SECTIONS, module_name
from runtime.cli.main import wakesound as group
from wakebench.cli import bench

OWN = [name for rows in SECTIONS.values() for name in rows if name != "bench"]
HEAVY = ("numpy", "faiss", "torch", "rich", "pydantic", "httpx", "soundfile", "sounddevice")


def _command(name: str) -> click.Command:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    return command


@pytest.mark.parametrize("name", OWN)
def test_table_says_what_the_command_says(name: str) -> None:
    """The one-line help in the table, which spares imports, is the command's own."""
    command = _command(name)
    text = next(text for rows in SECTIONS.values() for n, text in rows.items() if n == name)
    assert (command.help or "").splitlines()[0] == text
    assert command.name == name


def test_table_knows_the_benchmark() -> None:
    """The benchmark comes through its entry point; the table says what it says itself."""
    assert bench.name == "bench"
    assert (bench.help or "").splitlines()[0] == SECTIONS["Set-up"]["bench"]


@pytest.mark.parametrize("name", OWN)
def test_help_has_an_example(name: str, wakesound) -> None:
    """Every command's help fits 80 columns and ends with a call to copy."""
    result = wakesound(name, "--help")
    assert result.status == 0
    assert f"  wakesound {name}" in result.out.partition("Example")[2]
    assert max(map(len, result.out.splitlines())) <= 80


def test_help_imports_nothing_heavy() -> None:
    """'wakesound --help' imports no command and none of the large packages."""
    code = (
        "import json, sys; from runtime.cli.main import main; main(['--help']);"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    loaded = json.loads(result.stderr.splitlines()[-1])
    assert not [name for name in HEAVY if name in loaded]
    assert not [name for name in OWN if module_name(name) in loaded]
    assert "Listening:" in result.stdout


def test_bare_call_shows_the_help(wakesound) -> None:
    """'wakesound' alone is a question, answered like --help."""
    assert wakesound().out == wakesound("--help").out
    assert wakesound("models").out == wakesound("models", "--help").out


def test_typo_is_understood(wakesound) -> None:
    """An unknown command names the one that was probably meant, in one line."""
    result = wakesound("lisen")
    assert result.status == 2
    assert result.err == (
        "wakesound: there is no command 'lisen', did you mean 'listen'?; see 'wakesound --help'\n"
    )


def test_other_package_adds_a_command(wakesound, entry_point) -> None:
    """A command of another package is listed without being imported, and runs."""
    entry_point("shout", "import click\n@click.command()\ndef command(): print('HEY')\n")
    entry_point("dumb", "raise RuntimeError('not when listed')\n")
    listed = wakesound("--help").out
    assert "shout" in listed
    assert "From the package wakesound-shout." in listed
    assert wakesound("shout").out == "HEY\n"


def test_broken_package_breaks_nothing_else(wakesound, entry_point) -> None:
    """A command that cannot be imported is one clear line; all others work."""
    entry_point("broken", "import surely_not_there\n")
    result = wakesound("broken")
    assert result.status == 2
    assert result.err == (
        "wakesound: the command 'broken' (added_broken:command) cannot be loaded: "
        "ModuleNotFoundError: No module named 'surely_not_there'\n"
    )
    assert wakesound("sounds").status == 0


def test_own_commands_cannot_be_replaced(wakesound, entry_point) -> None:
    """Another package's 'sounds' does not hide ours."""
    entry_point("sounds", "raise RuntimeError\n")
    assert wakesound("sounds").status == 0
