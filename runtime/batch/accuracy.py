"""How well a batch of recordings was recognised, where it is known what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from wakeword.errors import ConfigError
from wakeword.labels.classification import NONE
from wakeword.labels.confusion import Confusion, confusion
from wakeword.labels.truth import TrueLabel


def check_truth(truth: Sequence[TrueLabel], labels: Sequence[str]) -> None:
    """Say that a true label was not asked for, before hours are spent.

    Raises:
        ConfigError: a clip's label is not among the labels.
    """
    for clip in truth:
        if clip.label != NONE and clip.label not in labels:
            raise ConfigError(
                f"{clip.path} is {clip.label!r} by the truth file, which is not among the labels;"
                " add it to --labels, or call it 'none' there"
            )


def accuracy(
    truth: Sequence[TrueLabel], folder: Path, tops: Mapping[str, str], labels: Sequence[str]
) -> tuple[Confusion, int]:
    """What was found for what was there, and how many clips of the truth were not heard.

    Args:
        truth: what is to be heard in which file.
        folder: where the recordings are.
        tops: the best label of each, by its path in the folder.
        labels: that were asked for.

    Raises:
        ConfigError: none of the clips was heard.
    """
    whole = {_whole(folder / path): top for path, top in tops.items()}
    pairs = [(c.label, whole[_whole(c.path)]) for c in truth if _whole(c.path) in whole]
    if not pairs:
        raise ConfigError(
            f"none of the {len(truth)} clips of the truth file is a good recording in {folder};"
            " paths there begin at the file's own folder"
        )
    result = confusion([t for t, _ in pairs], [found for _, found in pairs], labels)
    return result, len(truth) - len(pairs)


def _whole(path: Path) -> Path:
    return path.resolve()
