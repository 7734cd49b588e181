"""What every encoder checks before it embeds: that its windows are sound it can use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wakeword.audio import FloatArray
from wakeword.errors import AudioFormatError


def checked(windows: Sequence[FloatArray], max_samples: int) -> list[FloatArray]:
    """The same windows as a list of contiguous arrays, once they have been looked at.

    Args:
        windows: each ``(n,) float32`` with 1 to ``max_samples`` samples, all finite. A
            ``(count, n) float32`` array is as good as a list of its rows.
        max_samples: length of the encoder's longest window.

    Raises:
        AudioFormatError: a window is empty, too long, not mono float32 or not finite.
    """
    return [_checked(window, index, max_samples) for index, window in enumerate(windows)]


def filled(window: FloatArray, fewest: int) -> FloatArray:
    """The window, with silence behind it where it has less than ``fewest`` samples."""
    missing = fewest - len(window)
    return np.pad(window, (0, missing)) if missing > 0 else window


def _checked(window: FloatArray, index: int, max_samples: int) -> FloatArray:
    if not isinstance(window, np.ndarray) or window.ndim != 1 or window.dtype != np.float32:
        found = (
            f"{window.dtype} of shape {window.shape}"
            if isinstance(window, np.ndarray)
            else type(window).__name__
        )
        raise AudioFormatError(f"window {index}: windows are mono float32 arrays, not {found}")
    if not len(window):
        raise AudioFormatError(f"window {index} is empty")
    if len(window) > max_samples:
        raise AudioFormatError(
            f"window {index} has {len(window)} samples; this encoder takes {max_samples} at most"
        )
    if not np.isfinite(window).all():
        raise AudioFormatError(f"window {index} holds NaN or infinite samples")
    return np.ascontiguousarray(window)
