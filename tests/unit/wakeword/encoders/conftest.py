from pathlib import Path

import pytest

from tests import clap_checkpoint


@pytest.fixture(scope="session", params=["fused", "unfused"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny CLAP of either kind."""
    kind = str(request.param)
    return clap_checkpoint.build(tmp_path_factory.mktemp(kind), fused=kind == "fused")


@pytest.fixture(scope="session")
def fused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny fused CLAP."""
    return clap_checkpoint.build(tmp_path_factory.mktemp("clap"))
