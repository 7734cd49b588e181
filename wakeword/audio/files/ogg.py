"""Ogg files: the streams behind each other that a recording may consist of, and its end mark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from wakeword.audio.files.parts import Layout, Part

MOST_LINKS = 100_000
_BLOCK = 1 << 20
_BEGIN, _END = 2, 4


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
    lasts: list[int | None] = [None]
    body = ended = False
    for page in _pages(file, size, start):
        if page.flags & _BEGIN:
            if body and len(begins) < MOST_LINKS:
                begins.append(page.start)
                lasts.append(None)
            body = False
        else:
            body = True
        ended = page.end <= size and bool(page.flags & _END)
        lasts[-1] = page.granule if ended and 0 < page.granule < 1 << 48 else None
    ends = [*begins[1:], size]
    parts = tuple(
        Part(begin, end, most_samples=last if _is_vorbis(file, begin) else None)
        for begin, end, last in zip(begins, ends, lasts, strict=True)
    )
    return Layout(parts, cut_off=not ended)


def _is_vorbis(file: BinaryIO, at: int) -> bool:
    """Whether a link is Vorbis alone: the granule of its last page is where its sound ends.

    FFmpeg cuts the end off there only where more than one page came before.
    """
    file.seek(at)
    return b"\x01vorbis" in file.read(64)[28:]


class _Page(NamedTuple):
    start: int
    end: int
    flags: int
    granule: int
    """Samples of the stream up to the end of this page."""


def _pages(file: BinaryIO, size: int, at: int) -> Iterator[_Page]:
    """Each page in turn; damage between pages is stepped over."""
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
        granule = int.from_bytes(block[here + 6 : here + 14], "little")
        yield _Page(at, end, block[here + 5], granule)
        at = end
