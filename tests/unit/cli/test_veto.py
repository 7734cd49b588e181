from __future__ import annotations

import json
from pathlib import Path

from wakeword.embedding.weights import asset

TAKES = [str(asset("demo", f"whistle_{number}.flac")) for number in (1, 2, 3)]
MINI = ("--encoder", "mini")


def test_a_veto_is_stored_and_shown(wakesound) -> None:
    """The labels and the speech guard are with the sound from then on."""
    options = ("--veto", "kettle, television", "--speech", "guard", "--json")
    result = wakesound("enroll", "whistle", *TAKES, *MINI, *options)
    assert json.loads(result.out)["vetoes"] == ["kettle", "television", "speech"]
    (sound,) = json.loads(wakesound("sounds", "--json").out)["sounds"]
    assert sound["vetoes"] == ["kettle", "television", "speech"]
    assert "whistle is not: kettle, television, speech" in wakesound("sounds").out


def test_the_takes_wake_all_the_same(wakesound) -> None:
    """A veto does not silence the sound itself."""
    wakesound("enroll", "whistle", *TAKES, *MINI, "--veto", "bird, kettle", "--speech", "guard")
    for take in TAKES:
        lines = wakesound("listen", "--source", take, "--json").out.splitlines()
        assert [json.loads(line)["sound"] for line in lines[:-1]] == ["whistle"]


def test_what_the_encoder_does_not_know(wakesound, recordings: Path) -> None:
    """An unknown label, or an encoder without words, is an error; nothing is enrolled."""
    unknown = wakesound("enroll", "whistle", *TAKES, *MINI, "--veto", "zzyzx")
    assert unknown.status == 2
    assert "zzyzx" in unknown.err
    wordless = wakesound("enroll", "whistle", *TAKES, "--encoder", "logmel", "--speech", "guard")
    assert wordless.status == 2
    assert "use mini or clap" in wordless.err
    assert json.loads(wakesound("sounds", "--json").out)["sounds"] == []
