"""WAV files whose sizes are wrong: where the sound in them really begins and ends.

Recorders that lose power leave the sizes at nothing, pipes write them once and never again, more
than 4 GiB wrap them round, and some programs forget the byte that makes a chunk even. FFmpeg is
given a header that is right instead.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from wakeword.audio.files.parts import Layout, Part

OPEN_SIZE = 0x7FFF_0000
"""A size at or above this, beyond the end of the file, was written by a program that did not
know it."""
BARELY = 64
"""A size up to this many bytes, with more behind it, was never brought up to date."""
MOST_CHUNKS = 10_000
_WRAP = 1 << 32
_HEADS = (b"RIFF", b"RF64", b"BW64")
_KNOWN = (b"LIST", b"bext", b"iXML", b"_PMX", b"id3 ", b"ID3 ", b"fact", b"cue ", b"smpl", b"JUNK")
"""Chunks that stand behind the sound in files that were closed properly."""
_TRAILERS = (*_KNOWN, b"TAG", b"APETAGEX", b"ID3")
_PADDING = 1 << 20
_LINEAR = (1, 3, 6, 7)
"""PCM, float, A-law and mu-law: a block is one sample of each channel."""


@dataclass(frozen=True)
class _Format:
    raw: bytes
    tag: int
    rate: int
    block: int
    """Bytes of a block: for linear formats one sample of each channel."""
    bytes_per_second: int

    @classmethod
    def of(cls, raw: bytes) -> _Format:
        tag, _, rate, per_second, block = struct.unpack_from("<HHIIH", raw)
        if tag == 0xFFFE and len(raw) >= 26:
            tag = struct.unpack_from("<H", raw, 24)[0]
        return cls(raw, tag, rate, max(1, block), per_second)

    def seconds(self, size: int) -> float | None:
        """How long so many bytes are, where it can be told from the format alone."""
        if self.tag in _LINEAR:
            return size // self.block / self.rate if self.rate else None
        return size / self.bytes_per_second if self.bytes_per_second else None


def wav_layout(file: BinaryIO, size: int, start: int = 0) -> Layout | None:
    """What there is in a WAV, RF64 or BW64 file; None when it is none or holds no sound chunk.

    Args:
        file: open for reading.
        size: of the file in bytes.
        start: where it begins in the file.
    """
    parts: list[Part] = []
    notes: list[str] = []
    stated: float | None = 0.0
    while True:
        found = _one(file, size, start)
        if found is None:
            break
        part, seconds, note, after = found
        parts.append(part)
        notes += [note] if note and note not in notes else []
        stated = None if stated is None or seconds is None else stated + seconds
        if not _is_head(file, after) or len(parts) >= MOST_CHUNKS:
            break
        start = after
    return Layout(tuple(parts), stated, notes=tuple(notes)) if parts else None


def _one(file: BinaryIO, size: int, start: int) -> tuple[Part, float | None, str, int] | None:
    """A part, its stated length, a note, and where the file goes on behind it."""
    if not _is_head(file, start):
        return None
    about: _Format | None = None
    fact: int | None = None
    big: tuple[int, int] | None = None
    for name, at, length in _chunks(file, size, start + 12):
        if name == b"ds64" and length >= 24:
            _, data, samples = struct.unpack("<QQQ", _read(file, at, 24))
            big = data, samples
        elif name == b"fmt " and length >= 14:
            raw = _read(file, at, min(length, 4096))
            about = _Format.of(raw) if len(raw) >= 14 else None
        elif name == b"fact" and length >= 4 and len(raw := _read(file, at, 4)) == 4:
            fact = int.from_bytes(raw, "little")
        elif name == b"data" and about is not None:
            if big is not None and length == 0xFFFF_FFFF:
                length, fact = big[0], big[1] if fact in (0xFFFF_FFFF, None) else fact
            return _sound(file, size, start, at, length, about, fact, big is not None)
    return None


def _sound(
    file: BinaryIO,
    size: int,
    start: int,
    at: int,
    length: int,
    about: _Format,
    fact: int | None,
    big: bool,
) -> tuple[Part, float | None, str, int]:
    rest = size - at
    linear = about.tag in _LINEAR
    stated = about.seconds(length)
    note = ""
    end = after = at + min(length, rest)
    if length > rest and (length >= OPEN_SIZE and not big):
        stated, end = None, _before_chunks(file, at, size)
        after = end
    elif length < rest and not (
        _goes_on(file, size, at + length)
        or (length > BARELY and _only_padding(file, size, at + length))
    ):
        end = after = _wrapped_end(file, size, at, length)
        note = (
            "the recording was not closed properly; everything up to its end was read"
            if length <= BARELY
            else f"the header speaks of {stated or 0:.1f} s only; everything behind was read too"
        )
        stated = None if length <= BARELY else about.seconds(end - at)
        if length > BARELY and (end - at - length) % _WRAP:
            stated = None
    most = None
    if not linear and fact and about.rate and not note:
        most = fact
        stated = fact / about.rate
    head = struct.pack("<4sI4s4sI", b"RIFF", 0xFFFF_FFFF, b"WAVE", b"fmt ", len(about.raw))
    head += about.raw + bytes(len(about.raw) % 2) + struct.pack("<4sI", b"data", 0xFFFF_FFFF)
    if linear:
        end -= (end - at) % about.block
    return Part(at, end, head, most), stated, note, after


def _chunks(file: BinaryIO, size: int, at: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and length of each chunk; a length may be wrong."""
    for _ in range(MOST_CHUNKS):
        head = _read(file, at, 8)
        if len(head) < 8:
            return
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if not _is_name(name):
            return
        yield name, at + 8, length
        at = _next(file, size, at + 8 + length, length)


def _next(file: BinaryIO, size: int, end: int, length: int) -> int:
    """Where the chunk behind one that ends at ``end`` begins: some leave the padding out."""
    if length % 2 == 0:
        return end
    if end + 1 + 8 <= size and _is_name(_read(file, end + 1, 4)):
        return end + 1
    return end if _is_name(_read(file, end, 4)) else end + 1


def _goes_on(file: BinaryIO, size: int, at: int) -> bool:
    """Whether what lies behind the sound is something else than more sound."""
    for place in (at, at + 1):
        left = size - place
        head = _read(file, place, 8)
        if left <= 8 or head.startswith(_TRAILERS) or _is_head(file, place):
            return True
        if _is_name(head[:4]) and int.from_bytes(head[4:], "little") <= left - 8:
            return True
    return False


def _only_padding(file: BinaryIO, size: int, at: int) -> bool:
    """Whether nothing but zeros follows, as recorders leave them that write whole clusters."""
    return size - at <= _PADDING and not any(_read(file, at, size - at))


def _wrapped_end(file: BinaryIO, size: int, at: int, length: int) -> int:
    """The end of sound that is longer than it says: where chunks follow, or the end of the file.

    Sizes of more than 4 GiB are right but for multiples of that.
    """
    if length > BARELY:
        for end in range(at + length + _WRAP, size, _WRAP):
            if _goes_on(file, size, end):
                return end
    return _before_chunks(file, at, size)


def _before_chunks(file: BinaryIO, at: int, size: int) -> int:
    """Where a row of chunks begins that ends with the file; the end of the file without one."""
    first = max(at, size - 65536)
    tail = _read(file, first, 65536)
    for name in _KNOWN:
        place = tail.find(name)
        while place >= 0:
            following = place
            while following + 8 <= len(tail) and _is_name(tail[following : following + 4]):
                length = int.from_bytes(tail[following + 4 : following + 8], "little")
                following += 8 + length + length % 2
            if len(tail) <= following <= len(tail) + 1:
                return first + place
            place = tail.find(name, place + 1)
    return size


def _is_head(file: BinaryIO, at: int) -> bool:
    head = _read(file, at, 12)
    return head[:4] in _HEADS and head[8:] == b"WAVE"


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(0x20 <= byte < 0x7F for byte in name)


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)
