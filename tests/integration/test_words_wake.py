"""Sounds defined by words, from the command line to the wake event, on the demo's recordings."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.integration.cli_process import wakesound
from wakeword.embedding.weights import asset

pytestmark = pytest.mark.slow


def test_words_wake_and_are_wired_like_any_sound(tmp_path: Path) -> None:
    """A whistle that nobody recorded wakes by its name, and a hook runs."""
    library, told = tmp_path / "library", tmp_path / "told"
    done = wakesound(
        "enroll", "call", "--text", "口哨", "--budget", "5", "--library", library, "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["understood"] == "whistling"
    hook = f"exec:{sys.executable} -c \"open('{told}', 'w').close()\""
    recording = asset("demo", "whistle_1.flac")
    done = wakesound(
        *("listen", "--library", library, "--source", f"file:{recording}", "--json"),
        *("--on", f"call={hook}"),
    )
    assert done.returncode == 0, done.stderr
    event, end = map(json.loads, done.stdout.splitlines())
    assert (event["event"], event["sound"], end["event"]) == ("wake", "call", "end")
    assert event["score"] >= event["threshold"]
    assert event["take"] == ""
    assert told.exists()
    knock = asset("demo", "double_knock_1.flac")
    done = wakesound("listen", "--library", library, "--source", f"file:{knock}", "--json")
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == ["end"]
