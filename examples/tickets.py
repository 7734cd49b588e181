"""Recorded calls sorted into tickets by what they sound like.

    python examples/tickets.py CALLS TICKETS.csv

CALLS is a folder with recordings. TICKETS.csv gets a line for each: the queue, and why.

Sounds tell that a caller was left on hold, that the line was bad, that an alarm went or a
child cried behind the caller. They do not tell what was said. No label such as "billing
issue" can work here: to the encoder, all speech is speech, whatever its words. What is speech
therefore goes to the queue "to be understood", for people or a speech recogniser; its text may
then be sorted into billing, outage and so on.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

from runtime.labels.batch import Job, LocalEngine, run
from runtime.labels.classifier import make_classifier
from wakeword.encoders import create_encoder

LABELS = ("speech", "music", "static", "dial tone", "busy tone", "smoke alarm", "crying")
URGENT = {"smoke alarm": "alarm behind the caller", "crying": "distress"}
"""Heard anywhere in a call, they count: their peak decides."""
URGENT_SHARE = 0.8
QUEUES = {
    "speech": "to be understood",
    "music": "left on hold",
    "static": "bad line",
    "dial tone": "never connected",
    "busy tone": "never connected",
}
"""They count when they are most of the call."""


def queue(row: dict[str, Any]) -> tuple[str, str]:
    """The queue of a call, and why."""
    if row["error"] is not None:
        return "broken recording", row["error"]
    for label, name in URGENT.items():
        peak = row["peaks"][label]
        if peak["score"] >= URGENT_SHARE:
            return name, f"{label} at {peak['start']:.0f} s ({peak['score']:.2f})"
    top = row["top"]
    if top in QUEUES:
        return QUEUES[top], f"{top} ({row['scores'][top]:.2f})"
    return "to be listened to", top


def main(calls: Path, tickets: Path) -> None:
    """Hear all calls, then write the tickets. Interrupted, it goes on when it is called again."""
    classifier = make_classifier(create_encoder("mini"))
    job = Job.of(calls, classifier, classifier.question(LABELS), encoder="mini")
    heard = tickets.with_suffix(".jsonl")
    run(job, LocalEngine(), heard)
    with tickets.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["call", "queue", "why"])
        for line in heard.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            writer.writerow([row["path"], *queue(row)])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
