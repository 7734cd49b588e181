"""``import runtime``."""

from __future__ import annotations

import subprocess
import sys

import pytest

import runtime


def test_importing_is_free() -> None:
    """Neither NumPy nor anything heavy is loaded before something is asked for."""
    code = "import sys, runtime; print(sorted({'numpy', 'faiss', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_everything_promised_is_there() -> None:
    """Each name of __all__ can be imported; others are an AttributeError."""
    for name in runtime.__all__:
        assert getattr(runtime, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'lisen'"):
        _ = runtime.lisen


def test_it_runs_as_a_module() -> None:
    """``python -m runtime`` is the command line."""
    done = subprocess.run(
        [sys.executable, "-m", "runtime", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "listen" in done.stdout
