"""What all parts have in common: tries with seeds, and what came of them."""

from __future__ import annotations

import shutil
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

Figures = dict[str, float]
"""Numbers by name, with the unit in the name."""
Try = Callable[[np.random.Generator, Path], Figures]
"""One try in an empty folder. It raises ``AssertionError``, or anything else, when it fails."""


@dataclass
class Outcome:
    """What came of a part."""

    part: str
    tries: int = 0
    seconds: float = 0.0
    failures: list[tuple[int, str]] = field(default_factory=list)
    """Seed and what went wrong."""
    figures: Figures = field(default_factory=dict)
    """Of all tries: names that begin with ``most`` as the largest, others as the sum."""

    def add(self, figures: Figures) -> None:
        """Take the figures of one more try."""
        for name, value in figures.items():
            before = self.figures.get(name, 0.0)
            self.figures[name] = max(before, value) if name.startswith("most") else before + value


def run(part: str, attempt: Try, *, seconds: float, seed: int, only: int | None = None) -> Outcome:
    """Try again and again until the time is over, at least once.

    Args:
        part: its name.
        attempt: one try.
        seconds: for all tries; the last one is not interrupted.
        seed: of the first; each further try has the next one.
        only: one try with this seed instead.
    """
    outcome = Outcome(part)
    began = time.monotonic()
    number = seed if only is None else only
    while True:
        folder = Path(tempfile.mkdtemp(prefix="wakesound-proof-"))
        try:
            outcome.add(attempt(np.random.default_rng(number), folder))
        except Exception as error:  # noqa: BLE001 - it is what is looked for
            where = traceback.extract_tb(error.__traceback__)[-1]
            said = str(error).splitlines()[0] if str(error) else ""
            outcome.failures.append(
                (number, f"{type(error).__name__} at {where.name}:{where.lineno}: {said}")
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        outcome.tries += 1
        outcome.seconds = time.monotonic() - began
        number += 1
        if only is not None or outcome.seconds >= seconds:
            return outcome


def memory_mb() -> float:
    """What this process holds of the memory, in MB; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 1e6


def open_files() -> int:
    """How many file descriptors this process has."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0
