from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_histories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leave the user's own history alone, in every process that is started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAKESOUND_HISTORY", str(tmp_path_factory.mktemp("histories")))
        patch.setenv("WAKESOUND_CONFIG", "")
        yield
