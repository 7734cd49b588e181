"""Text from outside becomes one printable line of bounded length."""

from __future__ import annotations

import pytest

from runtime.foreign import LONGEST_LINE, printable


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("fine", "fine"),
        ("größer 门铃", "größer 门铃"),
        ("two\nlines\r\n", "two lines"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("a\x00b\u202ec\u2028d", "a b c d"),
        (b"caf\xc3\xa9 \xff", "café \N{REPLACEMENT CHARACTER}"),
        ("lone \udc80 surrogate", "lone surrogate"),
        (ValueError("bad\nthing"), "bad thing"),
        ("", ""),
    ],
)
def test_it_is_one_printable_line(text: object, line: str) -> None:
    """Without line breaks, escape sequences and marks of direction."""
    assert printable(text) == line
    assert not line or printable(text).isprintable()


@pytest.mark.parametrize("text", [300 * "x", 100_000_000 * "x", 10_000 * b"\xff", 3000 * " " + "x"])
def test_it_is_bounded(text: str | bytes) -> None:
    """The end says that more was left out."""
    line = printable(text)
    assert len(line) <= LONGEST_LINE
    assert line.endswith("…")
    assert len(printable(text, 10)) <= 10
