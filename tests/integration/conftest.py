from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session", autouse=True)
def _own_histories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leave the user's own history alone, in every process that is started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAKESOUND_HISTORY", str(tmp_path_factory.mktemp("histories")))
        patch.setenv("WAKESOUND_CONFIG", "")
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real servers, devices and clocks on a loaded machine: what fails is tried once more.

    The summary counts every such test as rerun. What fails twice fails.
    """
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1, reruns_delay=1))
