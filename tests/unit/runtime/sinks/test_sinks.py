"""Choosing a sink by its URI."""

from __future__ import annotations

import pytest

from runtime.sinks import open_sink
from runtime.sinks.exec import ExecSink
from runtime.sinks.http import HttpSink
from wakeword.errors import ConfigError


def test_the_scheme_decides() -> None:
    """What comes before the first colon is the sink, the rest is its own."""
    sink = open_sink("exec:echo a:b")
    assert isinstance(sink, ExecSink)
    assert sink.words == ["echo", "a:b"]
    for uri in ("http://localhost/x", "https://localhost/x"):
        web = open_sink(uri)
        assert isinstance(web, HttpSink)
        assert str(web) == uri.removesuffix("/x")
        web.close()


@pytest.mark.parametrize("uri", ["", "lights on", "mqttx://x", "exec", ":x", "_exec:x"])
def test_what_is_no_action_is_told(uri: str) -> None:
    """The message lists how actions begin."""
    with pytest.raises(
        ConfigError, match=r"is no action; .* exec:, http:, https:, json:, log:, .*py:, shell:"
    ):
        open_sink(uri)


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("exec:", "needs a command"),
        ("exec:  ", "needs a command"),
        ("shell:", "needs a command"),
        ("http:", "names no host"),
        ("http://", "names no host"),
        ("https://host:port/", "not a web address"),
        ("log:loud", "no log level 'loud'; known: debug, info"),
        ("json:/nonexistent/folder/events.jsonl", "cannot write"),
        ("py:lights", "MODULE:FUNCTION"),
        ("py::toggle", "MODULE:FUNCTION"),
    ],
)
def test_what_makes_no_sense_is_told(uri: str, says: str) -> None:
    """Every sink refuses nonsense when it is made, not when it should act."""
    with pytest.raises(ConfigError, match=says):
        open_sink(uri)
