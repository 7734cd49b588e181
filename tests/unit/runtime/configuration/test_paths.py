"""Where the library is."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.configuration.paths import default_history, default_library


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


def test_each_library_has_its_own_history(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two libraries share none, however each is spelled; it lies in the user's state."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("WAKESOUND_HISTORY", raising=False)
    one, two = default_history(tmp_path / "a" / "library"), default_history(tmp_path / "library")
    assert one != two
    assert tmp_path in one.parents
    assert default_history(Path("~/library")) == two
    monkeypatch.setenv("WAKESOUND_HISTORY", "~/heard")
    assert default_history(tmp_path / "library") == tmp_path / "heard" / two.name
