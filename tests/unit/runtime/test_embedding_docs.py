"""The examples of docs/embedding.md."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime import WakeListener
from runtime.sinks import open_sink
from wakeword.encoders import create_encoder
from wakeword.protocols import plugin_names
from wakeword.testing import ArraySource, RecordingSink, make_library, noise, placed, tone

PAGE = (Path(__file__).parents[3] / "docs" / "embedding.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Module and name of everything imported from ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("code", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_are_python_and_import_what_there_is(code: str) -> None:
    """No typing error and no name that has gone."""
    for module, name in imports(ast.parse(code)):
        assert hasattr(importlib.import_module(module), name)


def test_every_sink_is_described() -> None:
    """The table of URIs, to which the page refers, has a line for each sink."""
    assert "(cli/listen.md#actions)" in PAGE
    table = (Path(__file__).parents[3] / "docs/cli/listen.md").read_text()
    for name in plugin_names("runtime.sinks"):
        assert re.search(rf"^\|.*`{name}:", table, re.MULTILINE), name
    assert callable(open_sink)


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the examples use without saying where it comes from."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    sounds = {"whistle": tone(2000, 0.4), "doorbell": tone(700, 0.4)}
    library = make_library(
        tmp_path / "sounds", sounds, create_encoder("mini"), encoder_spec="mini", threshold=0.7
    )
    monkeypatch.setenv("WAKESOUND_LIBRARY", str(library.folder))
    audio = placed(noise(3.0), (1.0, sounds["whistle"]))
    monkeypatch.setattr(
        "runtime.listening.assembly.open_source",
        lambda uri, rate, realtime: ArraySource(audio, name=uri),
    )
    return {"WakeListener": WakeListener, "lights": RecordingLights(), "blocks": [audio]}


class RecordingLights:
    """Lights whose switch was flipped so often."""

    def __init__(self) -> None:
        self.toggled = RecordingSink()

    @property
    def toggle(self) -> RecordingSink:
        return self.toggled


def example(part: str) -> str:
    """The one example that holds that text."""
    (code,) = (str(code) for code in EXAMPLES if part in code)
    return code


def test_three_lines(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """The first example hears the whistle."""
    exec(EXAMPLES[0], names)
    assert capsys.readouterr().out.startswith("whistle 0.9")


def test_on(names: dict[str, Any]) -> None:
    """The second one toggles the lights."""
    exec(example("from runtime import on\n"), names)
    assert len(names["lights"].toggled.events) == 1


def test_two_rooms(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Events say which source they are from."""
    exec(example("mic:Kitchen"), names)
    lines = capsys.readouterr().out.splitlines()
    assert sorted(lines) == ["whistle in mic:Hall", "whistle in mic:Kitchen"]


def test_without_threads(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """The engine alone."""
    exec(example("engine.flush()"), names)
    assert capsys.readouterr().out == "whistle\n"


def test_testing(names: dict[str, Any]) -> None:
    """The test doubles do what the page says."""
    exec(example("make_library("), names)
