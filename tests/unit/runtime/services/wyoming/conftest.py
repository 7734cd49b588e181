from __future__ import annotations

from pathlib import Path

import pytest

from wakeword.library.library import SoundLibrary
from wakeword.testing import make_library, tone


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """Two sounds."""
    return make_library(tmp_path / "library", {"low": tone(440, 0.4), "High": tone(2000, 0.4)})
