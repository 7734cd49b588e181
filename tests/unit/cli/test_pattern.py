"""pattern, and enroll --pattern."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wakebench.synth.kinds import make_source
from wakeword.testing import RATE, noise, placed

GAP = 0.3


@pytest.fixture(scope="module")
def knocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Single, double and rhythmic knocks, and a stream: two, three, one, four, two."""
    folder = tmp_path_factory.mktemp("knocks")
    rng = np.random.default_rng(1)
    knock = make_source("knock", rng)

    def write(name: str, *times: float, seconds: float = 2.5) -> None:
        sounds = [(at, knock.take(rng)) for at in times]
        soundfile.write(folder / name, placed(noise(seconds), *sounds), RATE)

    for i in range(3):
        write(f"one{i}.wav", 0.6)
        write(f"two{i}.wav", 0.6, 0.6 + GAP)
        write(f"secret{i}.wav", 0.6, 0.8, 1.25)
    rows = enumerate((2, 3, 1, 4, 2))
    times = [1.0 + 3 * i + GAP * k for i, count in rows for k in range(count)]
    write("stream.wav", *times, seconds=16.0)
    return folder


def _wakes(wakesound, source: Path, *options: str) -> list[tuple[str, str | None, int]]:
    done = wakesound("listen", "--source", str(source), "--json", *options)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    events = [json.loads(line) for line in lines]
    return [(e["sound"], e["pattern"], round(e["start"])) for e in events if e["event"] == "wake"]


def test_takes_of_the_whole_pattern(wakesound, knocks: Path) -> None:
    """Enrolled from double knocks, two and three are told apart and nothing else wakes."""
    files = map(str, sorted(knocks.glob("two?.wav")))
    done = wakesound("enroll", "knock", *files, "--pattern", "2", "--pattern", "3", "--force")
    assert done.status == 0, done.err
    assert "Wakes on 'knock x2': exactly 2 in a row" in done.out
    assert _wakes(wakesound, knocks / "stream.wav", "--threshold-offset", "-0.1") == [
        ("knock", "knock x2", 1),
        ("knock", "knock x3", 4),
        ("knock", "knock x2", 13),
    ]


def test_patterns_are_added_listed_and_removed(wakesound, knocks: Path) -> None:
    """A sound of single takes gets a pattern with a name, which actions know, and loses it."""
    files = map(str, sorted(knocks.glob("one?.wav")))
    assert wakesound("enroll", "knock", *files, "--force").status == 0
    before = json.loads(wakesound("sounds", "--json").out)["sounds"][0]["threshold"]
    done = wakesound("pattern", "add", "Knock", "2", "--as", "come in")
    reported = "exactly 2 in a row, reported 0.7 s after the last"
    assert done.out == f"knock wakes on 'come in': {reported}.\n"
    (listed,) = json.loads(wakesound("pattern", "list", "--json").out)
    assert listed == {
        "sound": "knock",
        "name": "come in",
        "beats": 2,
        "gaps_seconds": [],
        "wait_seconds": 0.7,
    }
    assert "come in" in wakesound("pattern", "list").out
    hook = knocks / "hook"
    action = f"Come In=shell:echo x >> {hook}"
    options = ("--threshold-offset", "-0.1", "--on", action)
    wakes = _wakes(wakesound, knocks / "stream.wav", *options)
    assert wakes == [("knock", "come in", 1), ("knock", "come in", 13)]
    assert hook.read_text().split() == ["x", "x"]
    assert wakesound("pattern", "remove", "COME IN").out == "knock wakes each time it is heard.\n"
    assert json.loads(wakesound("sounds", "--json").out)["sounds"][0]["threshold"] == before
    assert "No sound has a pattern yet" in wakesound("pattern", "list").out


def test_a_rhythm_is_learned_from_recordings(wakesound, knocks: Path) -> None:
    """The rhythm of the takes becomes a pattern, also later and for a sound that is there."""
    secret = [str(path) for path in sorted(knocks.glob("secret?.wav"))]
    done = wakesound("enroll", "knock", *secret, "--pattern", "rhythm", "--force", "--json")
    (pattern,) = json.loads(done.out)["patterns"]
    assert pattern["name"] == "knock rhythm"
    assert pattern["gaps_seconds"] == pytest.approx([0.2, 0.45], abs=0.03)
    options = ("--threshold-offset", "-0.1")
    assert len(_wakes(wakesound, Path(secret[1]), *options)) == 1
    assert _wakes(wakesound, knocks / "stream.wav", *options) == []
    added = wakesound("pattern", "add", "knock", "rhythm", secret[0], "--as", "also")
    assert added.status == 0, added.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("pattern", "add", "bark", "2"), "there is no sound 'bark'"),
        (("pattern", "add", "knock", "1"), "a pattern is a number of beats"),
        (("pattern", "add", "knock", "rhythm"), "no rhythm was heard"),
        (("pattern", "add", "knock", "2", "--as", "whistle"), "already is a sound or pattern"),
        (("pattern", "remove", "knock"), "there is no pattern 'knock'; known: none yet"),
        (("enroll", "clap", "--pattern", "rhythm"), "learned from recordings"),
        (("enroll", "clap", "x.wav", "--pattern", "many"), "a pattern is a number of beats"),
    ],
)
def test_mistakes_are_one_clear_line(
    arguments: tuple[str, ...], problem: str, wakesound, library: Path
) -> None:
    """What cannot be is refused with status 2 and changes nothing."""
    result = wakesound(*arguments)
    assert result.status == 2
    assert problem in " ".join(result.err.split())
    assert json.loads(wakesound("pattern", "list", "--json").out) == []
