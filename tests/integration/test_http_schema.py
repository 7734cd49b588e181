"""The OpenAPI document of the HTTP service, held against the service itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.http_server import Served, enrolled, serving

pytest.importorskip("fastapi")
pytest.importorskip("schemathesis")

pytestmark = pytest.mark.slow

EXAMPLES = 8
"""Generated requests for each endpoint, beside those that the document implies."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(enrolled(tmp_path_factory.mktemp("schema") / "library")) as served:
        yield served


def test_every_endpoint_is_documented_with_its_errors(served: Served) -> None:
    """Each operation has a summary, a description and error responses of the one shape."""
    with served.client() as client:
        document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert operation["description"], (method, path)
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5")) and not path.startswith("/health"):
                    schema = response["content"]["application/json"]["schema"]
                    assert schema["$ref"].endswith("/Problem"), (method, path, status)
    classify = document["paths"]["/classify"]["post"]
    assert classify["responses"]["200"]["content"]["application/json"]["example"]


def test_the_service_does_what_its_document_says(served: Served, tmp_path: Path) -> None:
    """Schemathesis finds no answer that is undeclared, of another shape or a fault of ours.

    That a valid request is accepted is not asked: no schema can say what a recording is. The
    stream of events has no end, so it is left out.
    """
    call = [
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("run", f"{served.url}/openapi.json", "--exclude-path", "/events"),
        *("--phases", "examples,coverage,fuzzing", "-n", str(EXAMPLES), "--seed", "1"),
        *("--exclude-checks", "positive_data_acceptance", "--no-color"),
    ]
    done = subprocess.run(
        call, cwd=tmp_path, capture_output=True, text=True, timeout=300, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert served.service.ready
