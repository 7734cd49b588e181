"""A recording of a sound, and its file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wakeword.errors import LibraryCorrupt
from wakeword.library.recordings import Take
from wakeword.testing import RATE, silence, tone

RAMP = (np.arange(2 * RATE) / np.float32(4 * RATE)).astype(np.float32)


def take(start: float, end: float, samples: np.ndarray = RAMP, rate: int = RATE) -> Take:
    """A take whose samples tell where they are."""
    return Take(samples, rate, round(start * rate), round(end * rate))


def test_a_take_comes_back_from_its_file():
    """Samples in 16 bit, positions and levels; the name is that of the content."""
    original = replace(take(0.6, 0.9), level_db=-20.04, snr_db=31.26)
    record, content = original.encoded()
    back = Take.decoded(record, content)
    assert np.abs(back.samples - original.samples).max() <= 0.5 / 32768
    assert (back.rate, back.start, back.end) == (original.rate, original.start, original.end)
    assert (back.level_db, back.snr_db) == (-20.0, 31.3)
    assert back.encoded()[0] == record


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000])
def test_positions_survive_at_any_rate(rate):
    """Seconds in the record are exact to the sample."""
    samples = tone(500.0, 1.0, rate)
    for start in (0, 1, 777, rate // 3):
        original = Take(samples, rate, start, len(samples) - start)
        back = Take.decoded(*original.encoded())
        assert (back.start, back.end) == (original.start, original.end)


def test_a_record_that_does_not_fit_is_refused():
    """Changed content, another file's content, positions outside of it, or no audio."""
    record, content = take(0.6, 0.9).encoded()
    for bad in (content[:-1], content + b"x", b"", silence(1.0).tobytes()):
        with pytest.raises(LibraryCorrupt, match="changed or damaged"):
            Take.decoded(record, bad)
    longer = record.model_copy(update={"end_seconds": 3.0, "seconds": 3.0})
    with pytest.raises(LibraryCorrupt, match="changed or damaged"):
        Take.decoded(longer, content)
