"""What is wrong with takes, as it is answered."""

from __future__ import annotations

from collections.abc import Sequence

from enroll.quality import Finding
from runtime.services.http.problems import FindingModel, in_http_words


def finding_models(findings: Sequence[Finding]) -> list[FindingModel]:
    """Findings as they are answered."""
    return [
        FindingModel(code=f.code, refused=f.refused, message=in_http_words(f.message))
        for f in findings
    ]
