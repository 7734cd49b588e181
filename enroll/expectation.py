"""What to tell of a sound once it is fitted: what it will miss and what would help."""

from __future__ import annotations

from collections.abc import Sequence

from enroll.fitting import Calibration
from enroll.quality import FEW_TAKES, Finding
from enroll.words import Named, heard_by_words
from wakeword.audio.frames import FloatArray


def few_takes(count: int) -> list[Finding]:
    """Whether there are fewer takes than are good, if there are any."""
    if not 0 < count < FEW_TAKES:
        return []
    text = f"only {count} take{'s' if count > 1 else ''}; with 3 to 5 it is found more surely"
    return [Finding("few_takes", False, text)]


def missed_takes(
    calibration: Calibration, labels: Sequence[str], budget_per_hour: float
) -> list[Finding]:
    """Which takes the others would miss.

    Args:
        calibration: how the sound was fitted.
        labels: what each take is called.
        budget_per_hour: false alarms per hour that are borne.
    """
    missed = [labels[i] for i in calibration.missed]
    if not missed:
        return []
    text = (
        f"{', '.join(missed)} would be missed: {budget_per_hour:g} false alarms per hour need "
        f"a score of {calibration.threshold:.2f}, the takes have "
        f"{' '.join(f'{score:.2f}' for score in calibration.scores)} among themselves; "
        f"record more takes that sound alike{_or_budget(calibration)}"
    )
    return [Finding("missed", False, text)]


def missed_by_words(
    calibration: Calibration, named: Named | None, takes: Sequence[FloatArray]
) -> list[Finding]:
    """What the words of a sound would miss, as far as its takes tell.

    Args:
        calibration: how the sound was fitted.
        named: its words, if it has any.
        takes: embeddings of each take.
    """
    if named is None or calibration.text is None:
        return []
    words = f"the words {calibration.text.written!r}"
    if not takes:
        text = f"how often {words} will be missed is not known; try it, and enroll takes as well"
        return [Finding("words_only", False, text)]
    count = heard_by_words(takes, named.fitted(calibration.text), calibration.threshold)
    if count == len(takes):
        return []
    of = "none" if not count else f"{count}"
    text = f"{words} alone would hear {of} of the {len(takes)} takes; the takes hear the rest"
    return [Finding("words_miss", False, text)]


def _or_budget(calibration: Calibration) -> str:
    needed = calibration.budget_needed
    return f", or allow more false alarms with --budget {needed:.2g}" if needed else ""
