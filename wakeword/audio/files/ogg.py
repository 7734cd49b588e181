"""Ogg files: the streams behind each other that a recording may consist of, and its end mark."""

from __future__ import annotations

from typing import BinaryIO

from wakeword.audio.files.parts import Layout, Part

MOST_LINKS = 100_000
_BLOCK = 1 << 20
_CONTINUED, _BEGIN, _END = 1, 2, 4


def ogg_layout(file: BinaryIO, size: int, start: int = 0) -> Layout:
    """The links of an Ogg file: each is a whole Ogg file of its own, with its own codec and rate.

    Radio recorders, and recorders that were paused, write one behind the other. A file without
    the mark of its end was cut off.

    Args:
        file: open for reading.
        size: of the file in bytes.
        start: where its first page begins.
    """
    begins = [start]
    body = False
    ended = False
    for at, flags, whole in _pages(file, size, start):
        if flags & _BEGIN:
            if body and len(begins) < MOST_LINKS:
                begins.append(at)
            body = False
        else:
            body = True
        ended = whole and bool(flags & _END)
    ends = [*begins[1:], size]
    parts = tuple(Part(begin, end) for begin, end in zip(begins, ends, strict=True))
    return Layout(parts, cut_off=not ended)


def _pages(file: BinaryIO, size: int, at: int):  # type: ignore[no-untyped-def]
    """Place, flags and wholeness of each page; damage between pages is stepped over."""
    block, first = b"", 0
    while at + 27 <= size:
        if not first <= at <= first + len(block) - 282 and first + len(block) < size:
            file.seek(at)
            block, first = file.read(_BLOCK), at
        here = at - first
        if block[here : here + 4] != b"OggS":
            found = block.find(b"OggS", here)
            at = first + found if found >= 0 else first + max(len(block) - 3, here + 1)
            continue
        if here + 27 > len(block):
            return
        count = block[here + 26]
        body = sum(block[here + 27 : here + 27 + count])
        end = at + 27 + count + body
        yield at, block[here + 5], end <= size
        at = end
