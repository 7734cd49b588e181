"""The options that name labels, for every command that takes some."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wakeword.errors import ConfigError
from wakeword.labels.written import split_labels

if TYPE_CHECKING:
    from wakeword.labels import Question

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def labels_options(function: Decorated) -> Decorated:
    """``--labels`` and ``--labels-file``, as the arguments ``labels`` and ``labels_file``."""
    from_file = click.option(
        "--labels-file",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="A text file with the labels, one a line.",
    )
    given = click.option(
        "--labels", metavar="LIST", help='The labels, e.g. "dog barking, car horn" or "狗叫、门铃".'
    )
    return given(from_file(function))


def wanted_labels(labels: str | None, labels_file: Path | None) -> list[str]:
    """The labels of both options, in that order.

    Raises:
        ConfigError: the file cannot be read, or no labels are named at all.
    """
    found = split_labels(labels or "")
    if labels_file is not None:
        try:
            text = labels_file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ConfigError(f"{labels_file} cannot be read: {reason}") from error
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        found += [label for line in lines if line for label in split_labels(line)]
    if not found:
        raise ConfigError(
            'no labels are given; name some: --labels "dog barking, car horn", or --labels-file'
        )
    return found


def understood(question: Question) -> list[str]:
    """A line for each label that was read as other words, e.g. ``玻璃破碎 -> glass breaking``."""
    return [str(wording) for wording in question.wordings if wording.how != "written"]
