"""Where the files are that come with Wakesound."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def asset(*parts: str) -> Path:
    """Path of a file that is shipped, e.g. ``asset("negatives", "logmel-1.npz")``.

    It lies in the package when that was installed, in ``assets/`` of a source tree otherwise.
    Whether it exists is for the caller to see.
    """
    installed = _PACKAGE / "_assets"
    return (installed if installed.is_dir() else _PACKAGE.parent / "assets").joinpath(*parts)
