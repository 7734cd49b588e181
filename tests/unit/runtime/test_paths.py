"""Where the library is."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.paths import default_library


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """WAKESOUND_LIBRARY names the folder; ~ is the home folder."""
    monkeypatch.setenv("WAKESOUND_LIBRARY", "~/sounds")
    assert default_library() == Path.home() / "sounds"


def test_otherwise_it_is_among_the_users_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Unset or empty: a place that belongs to the user and to this program."""
    monkeypatch.delenv("WAKESOUND_LIBRARY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    folder = default_library()
    assert folder.parts[-2:] == ("wakesound", "library")
    assert tmp_path in folder.parents
    monkeypatch.setenv("WAKESOUND_LIBRARY", "")
    assert default_library() == folder
