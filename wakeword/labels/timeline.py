"""What was heard when, in the forms other programs read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from wakeword.labels.classifier import Classification, WindowScores

DIGITS = 6
"""Decimals of scores and likenesses in what is written."""


def as_json(heard: Classification, *, windows: bool = True) -> dict[str, Any]:
    """A classification as a JSON object: the whole first, then each window."""
    found = {
        "top": heard.top,
        **_scores(heard),
        "seconds": round(heard.end, 3),
        "understood": {
            wording.label: {"text": wording.text, "how": wording.how} for wording in heard.wordings
        },
    }
    if windows:
        found["windows"] = [
            {"start": round(part.start, 3), "end": round(part.end, 3), "top": part.top}
            | _scores(part)
            for part in heard.windows
        ]
    return found


def as_csv(heard: Classification) -> str:
    """A row for each window: start, end, the best label, then every share."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    open_mode = heard.background is not None
    names = [*heard.scores, *(["none"] if open_mode else [])]
    writer.writerow(["start", "end", "top", *names])
    for part in heard.windows:
        shares = [*part.scores.values(), *([part.none] if open_mode else [])]
        times = [f"{part.start:.3f}", f"{part.end:.3f}"]
        writer.writerow([*times, part.top or "", *(f"{share:.{DIGITS}f}" for share in shares)])
    return text.getvalue()


def as_audacity(heard: Classification) -> str:
    """Audacity's label track: a line for each stretch that one label wins."""
    return "".join(
        f"{start:.6f}\t{end:.6f}\t{label} {score:.2f}\n"
        for start, end, label, score in stretches(heard)
    )


def stretches(heard: Classification) -> Iterator[tuple[float, float, str, float]]:
    """Start, end, label and best score of each run of windows that one label wins.

    Windows overlap; where one label follows another, the border is in the middle of what
    they share. Where none of the labels wins there is no stretch.
    """
    runs: list[list[WindowScores]] = []
    for part in heard.windows:
        if runs and runs[-1][-1].top == part.top:
            runs[-1].append(part)
        else:
            runs.append([part])
    for number, run in enumerate(runs):
        label = run[0].top
        if label is not None:
            start, end = run[0].start, run[-1].end
            if number and runs[number - 1][-1].top is not None:
                start = (start + runs[number - 1][-1].end) / 2
            if number + 1 < len(runs) and runs[number + 1][0].top is not None:
                end = (end + runs[number + 1][0].start) / 2
            yield start, end, label, max(part.scores[label] for part in run)


def _scores(part: WindowScores) -> dict[str, Any]:
    return {
        "scores": {label: round(score, DIGITS) for label, score in part.scores.items()},
        "none": round(part.none, DIGITS) if part.background is not None else None,
        "similarity": {label: round(value, DIGITS) for label, value in part.similarity.items()},
        "background": part.background,
    }
