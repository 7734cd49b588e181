"""Sounds in words, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def whistles(recordings: Path) -> list[str]:
    """Three recordings of a whistle."""
    return [str(path) for path in sorted(recordings.glob("whistle?.wav"))]


def test_words_are_enrolled_listed_and_removed(wakesound, tmp_path: Path, monkeypatch) -> None:
    """A sound without a recording, in Chinese: what was understood is shown."""
    monkeypatch.setenv("COLUMNS", "100")
    enrolled = wakesound("enroll", "glass", "--text", "玻璃破碎", "--budget", "5")
    assert enrolled.status == 0
    assert "In words: 玻璃破碎 -> glass breaking." in enrolled.out.splitlines()
    assert "false wakes a day" in enrolled.out
    listed = wakesound("sounds").out
    assert "glass in words: 玻璃破碎 -> glass breaking" in listed.splitlines()
    (sound,) = json.loads(wakesound("sounds", "--json").out)["sounds"]
    assert (sound["takes"], sound["length_seconds"]) == (0, None)
    assert (sound["text"], sound["understood"]) == ("玻璃破碎", "glass breaking")
    assert wakesound("remove", "glass", "--yes").status == 0
    assert json.loads(wakesound("sounds", "--json").out)["sounds"] == []


def test_words_beside_takes(wakesound, whistles: list[str]) -> None:
    """In one go, added later, replaced, and taken away; the takes stay."""
    first = json.loads(wakesound("enroll", "one", *whistles, "--text", "whistling", "--json").out)
    assert (len(first["takes"]), first["text"]) == (3, "whistling")
    wakesound("enroll", "two", *whistles, "--force")
    added = json.loads(wakesound("enroll", "two", "--text", "whistling", "--json").out)
    assert (len(added["takes"]), added["text"]) == (3, "whistling")
    again = wakesound("enroll", "two", "--text", "doorbell")
    assert (again.status, again.err.count("\n")) == (2, 1)
    assert "--replace" in again.err
    other = wakesound("enroll", "two", "--text", "doorbell", "--replace", "--budget", "2", "--json")
    assert json.loads(other.out)["understood"] == "doorbell"
    assert (len(json.loads(other.out)["takes"]), json.loads(other.out)["budget_per_hour"]) == (3, 2)
    removed = wakesound("remove", "two", "--text")
    assert removed.status == 0
    assert removed.out.startswith("two has no words any more. Threshold 0.")
    sounds = {s["name"]: s for s in json.loads(wakesound("sounds", "--json").out)["sounds"]}
    assert (sounds["two"]["takes"], sounds["two"]["text"]) == (3, None)


def test_words_after_a_sound_with_takes(wakesound, whistles: list[str]) -> None:
    """A sound in words joins a library that has recordings, without a remark on stderr."""
    wakesound("enroll", "one", *whistles)
    added = wakesound("enroll", "dog", "--text", "dog barking")
    assert (added.status, added.err) == (0, "")


def test_words_travel(wakesound, tmp_path: Path) -> None:
    """Out into a file, in again elsewhere, under another name, with a veto."""
    wakesound("enroll", "dog", "--text", "dog barking", "--veto", "cat")
    assert wakesound("rename", "dog", "Rex").status == 0
    assert wakesound("export", "Rex", "--out", str(tmp_path / "x.zip")).status == 0
    assert wakesound("remove", "Rex", "--yes").status == 0
    assert wakesound("import", str(tmp_path / "x.zip")).status == 0
    sounds = json.loads(wakesound("sounds", "--json").out)["sounds"]
    assert [(s["name"], s["text"], s["vetoes"]) for s in sounds] == [
        ("Rex", "dog barking", ["cat"])
    ]
    assert wakesound("reindex").status == 0
    assert json.loads(wakesound("sounds", "--json").out)["sounds"][0]["text"] == "dog barking"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--text", ""), "empty"),
        (("--text", "frobnicating a wug"), "does not know the label"),
        (("--text", "狗的什么什么"), "not in the glossary"),
        (("--text", "дверь"), "script"),
        (("--text", "dog", "--encoder", "logmel"), "no text side"),
        (("--text", "dog barking", "--text", "cat meowing"), "--text can be given once"),
    ],
)
def test_words_that_cannot_be_used(wakesound, arguments: tuple[str, ...], says: str) -> None:
    """One line that says why, exit status 2, and nothing is enrolled."""
    result = wakesound("enroll", "x", *arguments)
    assert (result.status, result.err.count("\n")) == (2, 1)
    assert says in result.err
    assert json.loads(wakesound("sounds", "--json").out)["sounds"] == []


def test_patterns_need_takes(wakesound) -> None:
    """Beats are learned from recordings."""
    result = wakesound("enroll", "x", "--text", "clapping", "--pattern", "2")
    assert result.status == 2
    assert "needs takes" in result.err


def test_only_words_cannot_go(wakesound) -> None:
    """A sound that is nothing else is removed as a whole."""
    wakesound("enroll", "dog", "--text", "dog barking")
    result = wakesound("remove", "dog", "--text")
    assert (result.status, "remove the sound" in result.err) == (2, True)
