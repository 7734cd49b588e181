"""Python functions as actions, by name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.sinks import open_sink
from wakeword.errors import ConfigError, SinkError
from wakeword.events import WakeEvent

EVENT = WakeEvent("bell", 0.9, 0.5, 0, 1600, 16000)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with modules in it; what is imported is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    before, path = set(sys.modules), list(sys.path)
    monkeypatch.setattr(sys, "path", [entry for entry in path if entry])
    (tmp_path / "my_lights.py").write_text(
        "heard = []\n"
        "def react(event): heard.append(event)\n"
        "def toggle(): heard.append(None)\n"
        "class Room:\n    lamp = staticmethod(react)\n"
        "number = 3\n"
    )
    (tmp_path / "my_broken.py").write_text("1 / 0\n")
    (tmp_path / "my_needy.py").write_text("import no_such_package\n")
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("my_"):
            del sys.modules[name]


@pytest.mark.usefixtures("here")
def test_a_function_of_the_current_folder_is_found() -> None:
    """With and without the event, and inside a class."""
    for name in ("react", "toggle", "Room.lamp"):
        open_sink(f"py:my_lights:{name}")(EVENT)
    assert sys.modules["my_lights"].heard == [EVENT, None, EVENT]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("py:my_lamps:react", "no module 'my_lamps'"),
        ("py:my_lights.deep:react", "no module 'my_lights.deep'"),
        ("py:my_lights:dance", "no function 'dance'"),
        ("py:my_lights:number", "a function or a URI"),
    ],
)
def test_what_is_not_there_is_told(uri: str, says: str) -> None:
    """A missing module or function, and one that is no function."""
    with pytest.raises(ConfigError, match=says):
        open_sink(uri)


@pytest.mark.usefixtures("here")
def test_a_broken_module_is_told() -> None:
    """Whatever its code does while it is imported ends in one line."""
    with pytest.raises(SinkError, match="'my_broken' failed: ZeroDivisionError"):
        open_sink("py:my_broken:react")
    with pytest.raises(SinkError, match=r"'my_needy' failed: .*no_such_package"):
        open_sink("py:my_needy:react")
