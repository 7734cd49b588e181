"""The proof suite itself: it finds what is wrong, and says how to see it again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from click.testing import CliRunner

from wakebench.proof import storage
from wakebench.proof.__main__ import main
from wakebench.proof.part import run
from wakeword.library.library import SoundLibrary


def test_a_failure_comes_with_its_seed() -> None:
    """And the other tries go on; what is left in the folder is removed."""
    folders: list[Path] = []

    def attempt(rng: np.random.Generator, folder: Path) -> dict[str, float]:
        folders.append(folder)
        (folder / "file").touch()
        assert rng.integers(2), "it is even"
        return {"tries that went well": 1, "most luck": float(rng.random())}

    outcome = run("luck", attempt, seconds=0.05, seed=3)
    good = outcome.tries - len(outcome.failures)
    assert outcome.failures
    assert outcome.figures["tries that went well"] == good > 0
    assert outcome.figures["most luck"] <= 1.0
    seed, problem = outcome.failures[0]
    assert "it is even" in problem
    assert run("luck", attempt, seconds=9.0, seed=3, only=seed).failures == [(seed, problem)]
    assert not any(folder.exists() for folder in folders)


def test_one_try_of_the_quick_parts(tmp_path: Path) -> None:
    """From the command line, with a report."""
    report = tmp_path / "report.json"
    arguments = ["--part", "damage", "--part", "clocks", "--only", "7", "--out", str(report)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "0 of 1 tries failed" in result.output
    assert '"part": "clocks"' in report.read_text()


def test_a_kill_is_one(tmp_path: Path) -> None:
    """A job ends before the change that was asked for, and does all of them with none asked."""
    storage._library(tmp_path)
    assert storage._killed(tmp_path, "rename", 0) == 9
    assert [s.name for s in storage._library(tmp_path).sounds()] == ["high", "low", "middle"]
    assert storage._killed(tmp_path, "rename", 1000) == 0
    assert "deep" in {s.name for s in SoundLibrary(tmp_path / "library").sounds()}
