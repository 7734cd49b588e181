"""An alert that saves a clip and tells the robot of a chat group.

    ROBOT=https://... python examples/alert_robot.py "crying baby, smoke alarm" [SOURCE]

The robot is one of WeChat Work (企业微信群机器人); for another, change what is posted. The clips go
to the folder ``alerts``, or where CLIPS says. Thresholds are fitted to half a false alert an hour;
one of your own may stand behind a label, as in ``"smoke alarm:0.8"``.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path

from enroll.words import fit_labels
from runtime.history.clips import ClipLimits, ClipStore
from runtime.labels.classifier import watching_classifier
from runtime.labels.monitor import Monitor
from wakeword.encoders import create_encoder
from wakeword.labels import Classifier
from wakeword.labels.watch import AlarmConfig, Alert


def tell(alert: Alert) -> None:
    """Post a message; an error is logged, and the watching goes on."""
    lasted = alert.end_seconds - alert.start_seconds
    text = f"{alert.sound} for {lasted:.0f} s at {alert.source} (score {alert.score:.2f}). "
    text += f"The clip is {alert.clip}." if alert.clip else "There is no clip."
    message = {"msgtype": "text", "text": {"content": text}}
    request = urllib.request.Request(
        os.environ["ROBOT"],
        json.dumps(message, ensure_ascii=False).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        told = json.load(answer)
    if told.get("errcode") != 0:
        raise RuntimeError(f"the robot refuses: {told}")


def alarms(text: str, classifier: Classifier) -> dict[str, AlarmConfig]:
    """``"crying baby:0.9, smoke alarm"``: each label with its threshold, or a fitted one."""
    parts = [part.strip().partition(":") for part in text.split(",")]
    given = {label: float(threshold) if threshold else None for label, _, threshold in parts}
    question = classifier.question(list(given), fewest=1)
    fits = fit_labels(classifier, question, given, budget_per_hour=0.5)
    return {label: AlarmConfig(fit.threshold) for label, fit in fits.items()}


def main() -> None:
    """Watch until the source ends."""
    source = sys.argv[2] if len(sys.argv) > 2 else "mic"
    clips = ClipStore(Path(os.environ.get("CLIPS", "alerts")), ClipLimits(most=100, days=7))
    classifier = watching_classifier(create_encoder("mini"))
    monitor = Monitor(classifier, alarms(sys.argv[1], classifier), source, clips=clips)
    monitor.on("*", tell, ends=True)  # when it ends, the clip is there
    for alert in monitor:
        print(alert.sound, "is over," if alert.ended else "begins,", alert.clip)


if __name__ == "__main__":
    main()
