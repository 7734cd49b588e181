"""Enrollment: from recordings of a sound to a sound of the library.

from enroll import enroll_files
result = enroll_files("~/sounds", encoder, "whistle", ["one.wav", "two.wav", "three.wav"])
print(result.calibration)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enroll.adding import Addition
    from enroll.archive import export_sounds, import_sounds
    from enroll.capture import Capture, Drafts, Reading
    from enroll.changing import EnrollmentResult, Refitted
    from enroll.checked import TakeCollector
    from enroll.files import add_files, enroll_files, takes_of_file
    from enroll.finder import find_takes
    from enroll.fitting import Calibration
    from enroll.quality import Finding
    from enroll.recalibration import recalibrate
    from enroll.session import Enrollment

__all__ = [
    "Addition",
    "Calibration",
    "Capture",
    "Drafts",
    "Enrollment",
    "EnrollmentResult",
    "Finding",
    "Reading",
    "Refitted",
    "TakeCollector",
    "add_files",
    "enroll_files",
    "export_sounds",
    "find_takes",
    "import_sounds",
    "recalibrate",
    "takes_of_file",
]

_MODULES = {
    "Addition": "enroll.adding",
    "Calibration": "enroll.fitting",
    "Capture": "enroll.capture",
    "Drafts": "enroll.capture",
    "Enrollment": "enroll.session",
    "EnrollmentResult": "enroll.changing",
    "Finding": "enroll.quality",
    "Reading": "enroll.capture",
    "Refitted": "enroll.changing",
    "TakeCollector": "enroll.checked",
    "add_files": "enroll.files",
    "enroll_files": "enroll.files",
    "export_sounds": "enroll.archive",
    "find_takes": "enroll.finder",
    "import_sounds": "enroll.archive",
    "recalibrate": "enroll.recalibration",
    "takes_of_file": "enroll.files",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: the command line's help must not wait for NumPy."""
    if name not in _MODULES:
        raise AttributeError(f"module 'enroll' has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
