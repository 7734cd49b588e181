"""The process's standard error, kept apart from what is turned away from it for a moment."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2
_turning = threading.Lock()  # held only while descriptors change, never while one is used
_real: int | None = None


@contextmanager
def turned_to(descriptor: int) -> Iterator[None]:
    """Send what is printed to stderr elsewhere, if there is one; one thread at a time.

    Args:
        descriptor: where it goes.
    """
    global _real
    with _turning:
        try:
            kept: int | None = os.dup(_STDERR)
        except OSError:
            kept = None
        else:
            _real = kept
            os.dup2(descriptor, _STDERR)
    if kept is None:
        yield
        return
    try:
        yield
    finally:
        with _turning:
            os.dup2(kept, _STDERR)
            _real = None
            os.close(kept)


@contextmanager
def real_stderr() -> Iterator[int]:
    """A descriptor of stderr itself, also while it is turned elsewhere; closed afterwards.

    Raises:
        OSError: there is no stderr.
    """
    with _turning:
        descriptor = os.dup(_STDERR if _real is None else _real)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
