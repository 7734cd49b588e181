"""Templates and headers are bounded before anything is filled in, and when it is."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Any

import pytest

from runtime.sinks import _filling
from runtime.sinks._messages import (
    BodyMessage,
    FeishuMessage,
    NtfyMessage,
    WecomMessage,
    check_headers,
)
from runtime.sinks.http import HttpSink
from wakeword.errors import ConfigError
from wakeword.events import WakeEvent

EVENT = WakeEvent("bell", 0.9, 0.5, 16000, 24000, 16000, source="mic", id="abc")
NOON = datetime(2026, 3, 1, 12, 30, 5)

UNBOUNDED = [
    "{score:10000000f}",
    "{score:.10000000f}",
    "{score:>10000000}",
    "{score:010000000.2f}",
    "{name:10000000}",
    "{name!r:*^10000000}",
    "{start:10000000d}",
    "{start:\N{FULLWIDTH DIGIT ONE}0000000d}",
    "{time!s:10000000}",
    "{time:%10000000d}",
    "{time:%010000000d}",
    "{name:{start}}",
    "{time:" + 60 * "%c" + "}",
    "x" * 10_001,
]


@pytest.mark.parametrize("text", UNBOUNDED)
def test_a_template_of_any_length_is_refused(text: str) -> None:
    """By every message that has one, and when it is filled all the same."""
    for message in (BodyMessage, WecomMessage, FeishuMessage, NtfyMessage):
        with pytest.raises(_filling.UnboundedTemplate):
            message(text)
    with pytest.raises(ConfigError):
        BodyMessage({"a": [{"b": text}]})
    with pytest.raises(ConfigError):
        NtfyMessage("fine", title=text)
    known = _filling.values(EVENT, NOON)
    with contextlib.suppress(_filling.UnboundedTemplate):
        assert len(_filling.fill_text(text, known)) <= _filling.LONGEST_TEXT


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{score:.2f}", "0.90"),
        ("{score:8.3f}|", "   0.900|"),
        ("{name!r:>8}", "  'bell'"),
        ("{name:*^100}", "bell".center(100, "*")),
        ("{start:,}", "1.0"),
        ("{time:%H:%M:%S}", "12:30:05"),
        ("{time:%Y-%m-%d 100%%5}", "2026-03-01 100%5"),
        ("{time}", "2026-03-01 12:30:05"),
        ("{{{score:.1%}}}", "{90.0%}"),
        ("{clip}{label}", ""),
        ("{score:.50f}", f"{0.9:.50f}"),
    ],
)
def test_usual_formats_stay(text: str, filled: str) -> None:
    """Everything that is bounded is filled in as ``str.format`` does."""
    _filling.check(text)
    assert _filling.fill_text(text, _filling.values(EVENT, NOON)) == filled


def test_a_filled_text_is_cut_at_its_limit() -> None:
    """Also where many placeholders hold long values."""
    known = {"name": 200 * "n"}
    text = _filling.fill_text(1000 * "{name}", known)
    assert len(text) == _filling.LONGEST_TEXT
    assert text.endswith("n…")


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"Transfer-Encoding": "chunked"}, "set for each message"),
        ({"content-length": "0"}, "set for each message"),
        ({"X-Key\r\nX-Other": "1"}, "name is invalid"),
        ({"X Key": "1"}, "name is invalid"),
        ({"": "1"}, "name is invalid"),
        ({"X-Key": "s3cret\r\nX-Other: 1"}, "line break"),
        ({"X-Key": "s3cret\n"}, "line break"),
        ({"X-Key": 8001 * "s"}, "8,000"),
    ],
)
def test_headers_that_would_break_a_message_are_refused(headers: dict[str, Any], says: str) -> None:
    """Before anything is sent, and without quoting their values."""
    with pytest.raises(ConfigError, match=says) as caught:
        check_headers(headers)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(ConfigError, match=says):
        HttpSink("http://127.0.0.1:9/x", 1, headers=headers)


def test_usual_headers_stay() -> None:
    """Those of tokens, hosts and messengers."""
    check_headers({"Authorization": "Bearer x", "X-Title": "Bell\tat the door", "Host": "home"})
