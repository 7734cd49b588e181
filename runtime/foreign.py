"""Text from outside, fit for a log or a terminal.

Reason phrases of servers, messages of robots, MQTT payloads, names of clients and the output of
programs may hold line breaks, escape sequences and megabytes. What enters a log or a terminal is
one printable line of bounded length.
"""

from __future__ import annotations

LONGEST_LINE = 200
"""Characters of a line."""


def printable(text: object, longest: int = LONGEST_LINE) -> str:
    """One printable line of a text from outside.

    Args:
        text: a text, or anything that has one; bytes are read as UTF-8.
        longest: characters that are kept; where more is left out, the last is an ellipsis.

    Returns:
        The text with every run of blanks, line breaks and characters that are not printable
        as a single blank.
    """
    if isinstance(text, bytes | bytearray | memoryview):
        text = bytes(text[: 4 * longest + 4]).decode("utf-8", "replace")
    known = str(text)
    part = known[: 4 * longest]  # enough of it, however long it is
    line = " ".join("".join(c if c.isprintable() else " " for c in part).split())
    if len(line) > longest or len(part) < len(known):
        return line[: longest - 1] + "…"
    return line
