"""Bytes to samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from runtime.services.pcm import PIECE_SECONDS, PcmFormat, pieces
from wakeword.errors import AudioFormatError

VALUES = [-1.0, -0.5, 0.0, 0.25]


def _bytes(width: int) -> bytes:
    """``VALUES`` in a width."""
    if width == 1:
        return bytes(round(128 + 128 * value) for value in VALUES)
    scale = 1 << (8 * width - 1)
    return b"".join(round(v * scale).to_bytes(width, "little", signed=True) for v in VALUES)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_every_width_means_the_same(width: int) -> None:
    """8 bits are unsigned, the others signed; all become -1..1, float32."""
    (piece,) = pieces(PcmFormat(8000, width, 1), _bytes(width), 5)
    samples = piece.samples()
    assert samples.dtype == np.float32
    assert samples.tolist() == VALUES
    assert piece.timestamp == 5
    assert piece.seconds == 4 / 8000


def test_channels_are_averaged() -> None:
    """Two channels become one."""
    (piece,) = pieces(PcmFormat(8000, 2, 2), _bytes(2), None)
    assert piece.samples().tolist() == [-0.75, 0.125]
    assert piece.seconds == 2 / 8000


def test_long_payload_is_cut() -> None:
    """Nothing is longer than a piece, nothing is lost, and the first piece has the time."""
    data = np.arange(16000 * 3, dtype="<i2").tobytes()
    found = list(pieces(PcmFormat(16000, 2, 1), data, 9))
    assert max(piece.seconds for piece in found) <= PIECE_SECONDS
    assert b"".join(piece.data for piece in found) == data
    assert [piece.timestamp for piece in found] == [9] + [None] * (len(found) - 1)


def test_empty_payload_is_nothing() -> None:
    """A chunk without audio harms nobody."""
    assert list(pieces(PcmFormat(16000, 2, 1), b"", None)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate", 0),
        ("rate", 999),
        ("rate", 10_000_000),
        ("rate", 16000.5),
        ("rate", "16000"),
        ("rate", None),
        ("rate", [1] * 10_000),
        ("width", 0),
        ("width", 5),
        ("width", True),
        ("channels", 0),
        ("channels", -2),
        ("channels", 1000),
    ],
)
def test_absurd_formats_are_refused(name: str, value: Any) -> None:
    """A value that makes no sense is named, in a line of reasonable length."""
    with pytest.raises(AudioFormatError, match=name) as caught:
        PcmFormat.of({"rate": 16000, "width": 2, "channels": 1, name: value})
    assert len(str(caught.value)) < 120


def test_half_a_sample_is_refused() -> None:
    """A payload that ends within a sample is an error, not a shift by a byte."""
    with pytest.raises(AudioFormatError, match="whole number"):
        list(pieces(PcmFormat(16000, 2, 2), b"abc", None))
