"""A stream cut into the windows that the whole of it would be cut into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from wakeword.audio import FloatArray
from wakeword.labels import Classifier

Slice = tuple[int, int, FloatArray]
"""Where it begins and ends, as sample indices, and its samples ``(n,) float32``."""


def slices(blocks: Iterable[FloatArray], classifier: Classifier) -> Iterator[Slice]:
    """The windows of :meth:`wakeword.labels.Classifier.spans`, before the end is known.

    Little more than a window and a block are held at a time.

    Args:
        blocks: the audio, each ``(n,) float32`` at the encoder's rate.
        classifier: which says how long a window is.

    Yields:
        Windows in time order; none for no audio.
    """
    size = round(classifier.window_seconds * classifier.encoder.rate)
    hop = max(1, size // 2)
    held, begin, count, given = np.zeros(0, np.float32), 0, 0, 0
    for block in blocks:
        held = np.concatenate([held, block])
        count += len(block)
        # A window is certain once what is behind it is worth a further one.
        while count - size > given * hop + (hop // 4 if given else 0):
            start = given * hop
            held, begin = held[start - begin :], start
            yield start, start + size, held[:size].copy()
            given += 1
    if count:
        for start, end in classifier.spans(count)[given:]:
            yield start, end, held[start - begin : end - begin].copy()
