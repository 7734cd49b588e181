"""Sounds defined by words: labels in, shares and alerts out.

A newcomer's order: ``wording`` takes a list of labels apart and reads each (``glossary`` knows
Chinese, and which sounds resemble each other), ``prompts`` has the sentences around them and keeps
their embeddings, ``classifier`` holds sound against them. ``watch`` does so over a stream and turns
scores into alerts. ``advice`` says which labels are poor, ``accuracy`` how often they are right,
``timeline`` writes what was heard when.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wakeword.labels.classifier import (
        NONE,
        Classification,
        Classifier,
        Heard,
        Question,
        WindowScores,
    )

__all__ = ["NONE", "Classification", "Classifier", "Heard", "Question", "WindowScores"]


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: taking a list of labels apart needs no NumPy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.classifier"), name)
