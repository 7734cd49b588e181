"""Findings: whether takes are good enough, and what a fitted sound will miss.

A *refused* take is not enrolled in any case. Of the warnings, the two that make a sound useless
("unlike the other takes", "too like an enrolled sound") stop the enrollment unless it is forced;
the others are reported and the enrollment goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from enroll.fitting import Calibration, Named, heard_by_words
from enroll.scores import NEVER, Pairs, leave_one_out, run_score
from wakeword.audio.frames import FloatArray
from wakeword.library.recordings import Take

SHORTEST_SECONDS = 0.1
"""A recording this short holds no sound, only a piece of one."""
LONG_SECONDS, LONGEST_SECONDS = 5.0, 10.0
"""Sounds longer than this are warned about and refused."""
QUIET_DB, QUIETEST_DB = -45.0, -60.0
"""Sounds quieter than this at their loudest are warned about and refused, dBFS."""
NOISY_DB, NOISIEST_DB = 15.0, 6.0
"""Sounds less than this above the background are warned about and refused, dB."""
FULL_SCALE = 0.99
"""Samples beyond this are at the end of the scale."""
CLIPPED_SAMPLES = 3
"""So many of them in a row are a flat top."""
CLIPPED_SHARE, MOSTLY_CLIPPED_SHARE = 0.003, 0.1
"""Shares of the sound in flat tops that are warned about and refused."""
QUIETER_DB = 12.0
"""A take this much quieter than the others will not be much like them."""
UNLIKE = 0.2
"""A take is unlike the others if it is further from them than this ..."""
UNLIKE_FACTOR = 3.0
"""... and than so many times what they are from each other."""
PAIR = 0.6
"""Two takes at least so like each other, and less like all others, are not odd ones out but
another way to make the sound: another person's, or a second whistle under the name."""
TOO_LIKE = 0.02
"""A sound is too like another if its takes are as near to that as to each other, but for this."""
FEW_TAKES = 3

_STOPPING = frozenset({"unlike", "too_like", "unheard"})


@dataclass(frozen=True)
class Finding:
    """A problem of a take or a sound."""

    code: str
    """For programs: ``quiet``, ``clipped``, ``short``, ``long``, ``noisy``, ``quieter``,
    ``unlike``, ``too_like``, ``unheard``, ``duplicate``, ``left_out``, ``few_takes``,
    ``missed``, ``words_only``, ``words_miss``, ``too_near``, ``alone`` or ``full``."""
    refused: bool
    """Whether it cannot be overridden."""
    message: str
    """For people: what was found, with its number."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """For the advice that a user interface adds: ``sound`` is another sound's name,
    ``budget_per_hour`` the false-alarm budget that would be needed."""

    @property
    def stops(self) -> bool:
        """Whether the enrollment needs ``force`` to go on, or cannot."""
        return self.refused or self.code in _STOPPING


def check_take(take: Take, label: str) -> list[Finding]:
    """The problems of a take by itself.

    Args:
        take: the recording.
        label: what it is called in messages, e.g. ``"take 2"``.
    """
    return [
        Finding(code, refused, f"{label} {text}")
        for code, refused, text in (_length(take) + _level(take) + _noise(take) + _clipping(take))
    ]


_Problem = tuple[str, bool, str]


def _length(take: Take) -> list[_Problem]:
    recorded = len(take.samples) / take.rate
    sound = take.sound_seconds
    if recorded < SHORTEST_SECONDS:
        text = f"is only {recorded:.2f} s long; leave in {SHORTEST_SECONDS} s of it at least"
        return [("short", True, text)]
    if sound > LONGEST_SECONDS:
        text = f"is {sound:.1f} s long; a wake sound has {LONGEST_SECONDS:.0f} s at most"
        return [("long", True, text)]
    if sound > LONG_SECONDS:
        return [("long", False, f"is {sound:.1f} s long; shorter sounds are recognised better")]
    return []


def _level(take: Take) -> list[_Problem]:
    if take.level_db >= QUIET_DB:
        return []
    text = f"is too quiet ({take.level_db:.0f} dBFS); make it louder or closer to the microphone"
    return [("quiet", take.level_db < QUIETEST_DB, text)]


def _noise(take: Take) -> list[_Problem]:
    if take.snr_db >= NOISY_DB:
        return []
    text = (
        f"is only {max(0.0, take.snr_db):.0f} dB above the background; "
        "record it closer to the microphone or in a quieter room"
    )
    return [("noisy", take.snr_db < NOISIEST_DB, text)]


def _clipping(take: Take) -> list[_Problem]:
    share = clipped_share(take.samples[take.start : take.end])
    if share < CLIPPED_SHARE:
        return []
    text = f"is clipped ({share:.1%} of it); turn the microphone down or go further away"
    return [("clipped", share >= MOSTLY_CLIPPED_SHARE, text)]


def clipped_share(samples: FloatArray) -> float:
    """Share of ``(n,)`` samples that lie in flat tops at the end of the scale."""
    full = np.concatenate([[False], np.abs(samples) >= FULL_SCALE, [False]])
    edges = np.flatnonzero(np.diff(full.astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    return float(lengths[lengths >= CLIPPED_SAMPLES].sum() / max(1, len(samples)))


def check_level(levels_db: Sequence[float], index: int, label: str) -> list[Finding]:
    """Whether take ``index`` is much quieter than the others."""
    others = [level for i, level in enumerate(levels_db) if i != index]
    behind = float(np.median(others)) - levels_db[index] if others else 0.0
    if behind < QUIETER_DB:
        return []
    text = f"{label} is {behind:.0f} dB quieter than the others; record it again, closer"
    return [Finding("quieter", False, f"{text} to the microphone")]


def check_likeness(takes: Sequence[FloatArray] | Pairs, index: int, label: str) -> list[Finding]:
    """Whether take ``index`` of at least three is unlike the others, and not one of a pair.

    Args:
        takes: embeddings of each, ``(n, dim)``, or what holds them against each other.
        index: which one is looked at.
        label: what it is called in messages.
    """
    if len(takes) < FEW_TAKES:
        return []
    pairs = takes if isinstance(takes, Pairs) else Pairs(takes)
    likeness = pairs.score(index, _but(pairs, index))
    usual = float(np.median(pairs.scores(without=index)))
    if 1.0 - likeness <= max(UNLIKE, UNLIKE_FACTOR * (1.0 - usual)):
        return []
    if likeness >= PAIR and _nearest(pairs, _nearest(pairs, index)) == index:
        return []
    text = (
        f"{label} does not sound like the others (likeness {max(0.0, likeness):.2f}, they have "
        f"{usual:.2f} among themselves); leave it out or record it again"
    )
    return [Finding("unlike", False, text)]


def _nearest(pairs: Pairs, index: int) -> int:
    """Which other take is most like take ``index``."""
    return max(_but(pairs, index), key=lambda other: pairs.score(index, [other]))


def _but(pairs: Pairs, index: int) -> list[int]:
    """All takes but one."""
    return [other for other in range(len(pairs)) if other != index]


def check_others(
    takes: Sequence[FloatArray],
    others: Mapping[str, Sequence[FloatArray]],
    thresholds: Mapping[str, float],
) -> list[Finding]:
    """Whether the takes are too like a sound that is enrolled already.

    Args:
        takes: embeddings of the new takes, ``(n, dim)`` each; none for a sound in words.
        others: embeddings of the takes of each enrolled sound, by name.
        thresholds: their thresholds, by name.
    """
    own = leave_one_out(takes) or [NEVER] * len(takes)
    findings = []
    for name, theirs in others.items():
        scores = [run_score(take, np.concatenate(list(theirs))) for take in takes]
        near = [
            score >= thresholds[name] and score > mine - TOO_LIKE
            for score, mine in zip(scores, own, strict=True)
        ]
        if near and np.mean(near) > 0.5:
            text = (
                f"the sound is too like {name!r}, which is enrolled already (likeness "
                f"{np.median(scores):.2f}); choose another sound"
            )
            findings.append(Finding("too_like", False, text, {"sound": name}))
    return findings


def few_takes(count: int) -> list[Finding]:
    """Whether there are few takes, if there are any."""
    if not 0 < count < FEW_TAKES:
        return []
    text = (
        f"only {count} take{'s' if count > 1 else ''}; with 3 to 5 it is recognised more reliably"
    )
    return [Finding("few_takes", False, text)]


def missed_takes(
    calibration: Calibration, labels: Sequence[str], budget_per_hour: float
) -> list[Finding]:
    """Which takes the others would miss.

    Args:
        calibration: how the sound was fitted.
        labels: what each take is called.
        budget_per_hour: the false-alarm budget.
    """
    missed = [labels[i] for i in calibration.missed]
    if not missed:
        return []
    text = (
        f"{', '.join(missed)} would be missed: {24 * budget_per_hour:.3g} false wakes a day need "
        f"a score of {calibration.threshold:.2f}, the takes have "
        f"{' '.join(f'{score:.2f}' for score in calibration.scores)} among themselves; "
        "record more takes that sound alike"
    )
    needed = calibration.budget_needed
    return [Finding("missed", False, text, {"budget_per_hour": needed} if needed else {})]


def unheard(calibration: Calibration, patterns: Sequence[object]) -> list[Finding]:
    """Whether the others would hear none of the takes of a sound with a level.

    Args:
        calibration: how the sound was fitted.
        patterns: of the sound; rows of beats are heard where single beats are not.
    """
    verifier = calibration.verifier
    if verifier is None or verifier.level is None or patterns or not calibration.scores:
        return []
    if len(calibration.missed) < len(calibration.scores):
        return []
    text = (
        f"none of the {len(calibration.scores)} takes would be recognised by the others: they do "
        "not sound alike, or too much at home sounds like them; record more takes, or choose "
        "another sound"
    )
    needed = calibration.budget_needed
    return [Finding("unheard", False, text, {"budget_per_hour": needed} if needed else {})]


def missed_by_words(
    calibration: Calibration, named: Named | None, takes: Sequence[FloatArray]
) -> list[Finding]:
    """Which of a sound's takes its words alone would miss.

    Args:
        calibration: how the sound was fitted.
        named: its words, if it has any.
        takes: embeddings of each take.
    """
    if named is None or calibration.text is None:
        return []
    words = f"the words {calibration.text.written!r}"
    if not takes:
        text = f"how often {words} will be missed is unknown; try it, and enroll takes as well"
        return [Finding("words_only", False, text)]
    count = heard_by_words(takes, named.fitted(calibration.text), calibration.threshold)
    if count == len(takes):
        return []
    of = "none" if not count else f"{count}"
    text = f"{words} alone recognise {of} of the {len(takes)} takes; the takes recognise the rest"
    return [Finding("words_miss", False, text)]
