"""The encoder that ships as a further teacher: its vectors of the clean windows.

What it was taught in hours of training need not be learned again from nothing.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from training.corpus import LEAD, WINDOW_FRAMES, Store
from wakeword.protocols import Encoder

log = logging.getLogger(__name__)

NAME = "elder.npy"


def teach_elder(store: Store, encoder: Encoder, folder: Path) -> None:
    """Write the encoder's vectors of all windows, ``(n, dim) float16``."""
    onsets = store.items["onset"]
    vectors = np.zeros((len(onsets), encoder.dim), np.float16)
    for row, onset in enumerate(onsets):
        start = int(onset) - LEAD
        levels = np.asarray(store.levels[start : start + WINDOW_FRAMES], np.float32)
        vectors[row] = encoder.embed_frames([levels])[0]
        if row % 20000 == 0:
            log.info("%d of %d windows", row, len(onsets))
    np.save(folder / NAME, vectors)
