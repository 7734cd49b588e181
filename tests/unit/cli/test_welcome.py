"""The bare command, and completion."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from runtime.cli.options import Settings
from runtime.cli.welcome import welcome
from wakeword.testing import make_library, tone


def test_a_newcomer_is_told_where_to_begin(tmp_path: Path) -> None:
    """Without sounds: how to teach the first one; nothing is created for that."""
    told = welcome(Settings(library=tmp_path / "none"))
    assert "No sound is enrolled yet." in told
    assert "wakesound enroll whistle " in told
    assert not (tmp_path / "none").exists()


def test_with_sounds_the_next_steps_are_shown(tmp_path: Path) -> None:
    """The names that are there, in commands to copy."""
    make_library(tmp_path / "library", {"two words": tone(440, 0.4), "low": tone(220, 0.4)})
    told = welcome(Settings(library=tmp_path / "library"))
    assert told.startswith("You have taught: low, two words. What next?")
    assert "--on low='exec:./lamp.sh'" in told


def test_no_terminal_gets_the_help(wakesound) -> None:
    """Programs that call the bare command get what they always got."""
    assert wakesound().out == wakesound("--help").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_command(wakesound, shell: str) -> None:
    """Each shell gets a script that asks wakesound itself."""
    script = wakesound("completion", shell).out
    assert "_WAKESOUND_COMPLETE" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True, timeout=20)


def test_other_shells_are_bad_usage(wakesound) -> None:
    """What there is, is listed."""
    result = wakesound("completion", "tcsh")
    assert result.status == 2
    assert "'bash', 'zsh', 'fish'" in result.err
