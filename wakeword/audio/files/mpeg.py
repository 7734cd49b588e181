"""MP3 files: tags before the sound, and the length that the encoder wrote into the first frame."""

from __future__ import annotations

from typing import BinaryIO

from wakeword.audio.files.parts import Layout, Part

_RATES = (44_100, 48_000, 32_000)
_SEARCHED = 65536


def after_tags(file: BinaryIO, size: int) -> int:
    """Where an ID3v2 tag before the sound ends, or several; 0 without one.

    Tags hold pictures and padding of any length, in which decoders lose their way.
    """
    at = 0
    while at + 10 <= size:
        file.seek(at)
        head = file.read(10)
        if head[:3] != b"ID3" or any(byte & 0x80 for byte in head[6:]):
            break
        length = (head[6] << 21) | (head[7] << 14) | (head[8] << 7) | head[9]
        at += 10 + length + (10 if head[5] & 0x10 else 0)
    if not at or at >= size:
        return 0
    return at


def mpeg_layout(file: BinaryIO, size: int, start: int) -> Layout:
    """An MP3 file that begins at ``start``. One without a Xing or VBRI tag states no length."""
    file.seek(start)
    return Layout((Part(start, size),), stated_seconds(file.read(_SEARCHED)))


def stated_seconds(data: bytes) -> float | None:
    """The length that a Xing, Info or VBRI tag in the first frame states, in seconds.

    Args:
        data: the first bytes of the sound.
    """
    at = _first_frame(data)
    if at is None:
        return None
    version, rate, mono = (data[at + 1] >> 3) & 3, (data[at + 2] >> 2) & 3, data[at + 3] >> 6 == 3
    hertz = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    per_frame = 1152 if version == 3 else 576
    side = (17 if mono else 32) if version == 3 else (9 if mono else 17)
    tag = data[at + 4 + side : at + 4 + side + 12]
    delay = 0
    if tag[:4] in (b"Xing", b"Info") and len(tag) == 12 and tag[7] & 1:
        frames = int.from_bytes(tag[8:12], "big")
        lame = data[at + 4 + side + 120 :][:24]
        if len(lame) == 24 and lame[:4] in (b"LAME", b"Lavf", b"Lavc"):
            delay = (lame[21] << 4 | lame[22] >> 4) + ((lame[22] & 15) << 8 | lame[23])
    elif data[at + 36 : at + 40] == b"VBRI" and len(data) >= at + 54:
        frames = int.from_bytes(data[at + 50 : at + 54], "big")
    else:
        return None
    if not 0 < frames < 0xFFFF_FFFF:
        return None
    return max(0, frames * per_frame - delay) / hertz


def _first_frame(data: bytes) -> int | None:
    """Where a layer III frame begins; None where there is none."""
    at = data.find(b"\xff")
    while 0 <= at < len(data) - 4:
        second, third = data[at + 1], data[at + 2]
        layer_3 = second & 0xE6 == 0xE2 and (second >> 3) & 3 != 1
        if layer_3 and third >> 4 not in (0, 15) and (third >> 2) & 3 != 3:
            return at
        at = data.find(b"\xff", at + 1)
    return None
