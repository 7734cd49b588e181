"""Sounds defined by words: labels in, shares and alerts out.

A newcomer's order: ``written`` takes a list of labels apart, ``wording`` reads each (``glossary``
knows Chinese), ``prompts`` has the sentences around them, ``question`` makes vectors of them
(``text_cache`` keeps those), ``classifier`` holds sound against them, ``classification`` is what
comes out. ``watch`` does so over a stream and ``alarm`` turns shares into alerts. ``advice``
(with ``words`` and ``families``) says which labels are poor, ``truth`` and ``confusion`` how often
they are right, ``timeline`` writes what was heard when.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wakeword.labels.classification import NONE, Classification, WindowScores
    from wakeword.labels.classifier import Classifier, Heard
    from wakeword.labels.question import Question

__all__ = ["NONE", "Classification", "Classifier", "Heard", "Question", "WindowScores"]

_MODULES = {
    "NONE": "classification",
    "Classification": "classification",
    "Classifier": "classifier",
    "Heard": "classifier",
    "Question": "question",
    "WindowScores": "classification",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: taking a list of labels apart needs no NumPy."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
