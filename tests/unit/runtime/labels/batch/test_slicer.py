from __future__ import annotations

import itertools

import numpy as np
import pytest

from wakeword.encoders import create_encoder
from wakeword.labels import Classifier


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """With a window of 0.2 s."""
    return Classifier(create_encoder("mini"), window_seconds=0.2)


@pytest.mark.parametrize("block", [1, 7, 800, 4096, 50_000])
@pytest.mark.parametrize(
    "count", [1, 3199, 3200, 3201, 3600, 3601, 4000, 4001, 4800, 5600, 5601, 6400, 20_000]
)
def test_the_same_windows_as_of_the_whole(classifier: Classifier, count: int, block: int) -> None:
    """However a stream is cut, its windows are those of the whole, with the same samples."""
    audio = np.arange(count, dtype=np.float32)
    step = max(block, count // 50)
    cut = [audio[at : at + step] for at in range(0, count, step)]
    found = list(classifier.slices(cut))
    assert [(start, end) for start, end, _ in found] == classifier.spans(count)
    assert all(np.array_equal(samples, audio[start:end]) for start, end, samples in found)


def test_no_audio_has_no_windows(classifier: Classifier) -> None:
    """Neither no blocks nor empty ones make a window."""
    assert list(classifier.slices([])) == []
    assert list(classifier.slices([np.zeros(0, np.float32)])) == []


def test_an_endless_stream_gives_windows_at_once(classifier: Classifier) -> None:
    """A window comes as soon as it is certain; nothing waits for the end."""
    endless = itertools.repeat(np.zeros(1600, np.float32))
    found = list(itertools.islice(classifier.slices(endless), 100))
    assert [start for start, _, _ in found] == [1600 * number for number in range(100)]
