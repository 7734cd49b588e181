from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def stream(recordings: Path) -> tuple[str, ...]:
    """Listen to a recording with the whistle at 3 and 14 seconds and the knock at 8."""
    source = f"file:{recordings / 'stream.wav'}"
    return ("listen", "--source", source, "--json", "--threshold-offset=-0.05")


def wakes(result) -> list[tuple[str, int, str]]:
    """Sound, second and identifier of each event."""
    lines = [json.loads(line) for line in result.out.splitlines()[:-1]]
    return [(line["sound"], round(line["start"]), line["id"]) for line in lines]


@pytest.mark.slow
def test_a_false_wake_is_silent_from_then_on(wakesound, library: Path, stream, recordings) -> None:
    """The event does not come again, the other sound does, and the takes still wake."""
    before = wakes(wakesound(*stream))
    assert [wake[0] for wake in before] == ["whistle", "knock", "whistle"]
    result = wakesound("feedback", before[0][2][:8], "--false")
    assert result.status == 0
    assert result.out.startswith("That is not whistle from now on.")
    after = wakes(wakesound(*stream))
    assert before[0] not in after
    assert before[1] in after
    for number in (1, 2, 3):
        take = f"file:{recordings / f'whistle{number}.wav'}"
        assert [w[0] for w in wakes(wakesound("listen", "--source", take, "--json"))] == ["whistle"]


@pytest.mark.slow
def test_the_last_one_and_back(wakesound, library: Path, stream) -> None:
    """'last' names the last wake of a sound; --undo takes it back, as --json tells."""
    before = wakes(wakesound(*stream))
    result = wakesound("feedback", "last", "--false", "--sound", "knock", "--json")
    told = json.loads(result.out)
    assert (told["sound"], told["rejected"], told["takes"]) == ("knock", 1, 3)
    assert told["threshold"] >= told["threshold_before"]
    assert "knock" not in [wake[0] for wake in wakes(wakesound(*stream))]
    undone = json.loads(wakesound("feedback", "--undo", "--json").out)
    assert (undone["rejected"], undone["threshold"]) == (0, told["threshold_before"])
    assert wakes(wakesound(*stream)) == before


@pytest.mark.slow
def test_a_missed_recording_becomes_a_take(wakesound, library: Path, recordings: Path) -> None:
    """A file of a missed sound is another take; one without a sound changes nothing."""
    knock = str(recordings / "knock1.wav")
    result = wakesound("feedback", "--missed", knock, "--sound", "whistle", "--json")
    assert json.loads(result.out)["takes"] == 4
    again = wakesound("feedback", "--missed", knock, "--sound", "whistle")
    assert again.status == 2
    assert "already" in again.err


@pytest.mark.slow
def test_a_near_miss_becomes_a_take(wakesound, library: Path, stream) -> None:
    """With its audio kept, the last near miss is one of the takes from then on."""
    strict = (*stream[:-1], _out_of_reach(wakesound, stream), "--keep-speech")
    assert "whistle" not in [wake[0] for wake in wakes(wakesound(*strict))]
    near = json.loads(wakesound("history", "--near", "--json", "--sound", "whistle").out)
    assert near
    assert near[0]["clip"]
    result = wakesound("feedback", "--missed", "last", "--sound", "whistle", "--json")
    assert json.loads(result.out)["takes"] == 4
    wakesound(*stream)
    heard = json.loads(wakesound("history", "--json", "--sound", "whistle").out)
    assert max(max(entry["scores"]) for entry in heard) > max(near[0]["scores"])


def _out_of_reach(wakesound, stream: tuple[str, ...]) -> str:
    """The option that makes thresholds just too high for every whistle in the stream."""
    wakesound(*stream)
    heard = json.loads(wakesound("history", "--json", "--sound", "whistle").out)
    margin = max(max(entry["scores"]) - entry["threshold"] for entry in heard)
    return f"--threshold-offset={margin - 0.05 + 0.02}"


def test_without_audio_it_says_what_to_do(wakesound, library: Path, stream) -> None:
    """A near miss without its audio cannot become a take; the message says how it could."""
    wakesound(*stream[:-1], _out_of_reach(wakesound, stream))
    result = wakesound("feedback", "--missed", "last")
    assert result.status == 2
    assert "--keep-audio" in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say one of"),
        (("beef",), "say one of"),
        (("--false",), "which event"),
        (("beef", "--false"), "knows no event 'beef'"),
        (("last", "--false"), "knows no wake"),
        (("beef", "--missed", "x.wav"), "no event before it"),
        (("--missed", "x.wav"), "--sound NAME"),
        (("--missed", "nowhere.wav", "--sound", "whistle"), "no such file"),
        (("--missed", "x.wav", "--sound", "nobody"), "no sound 'nobody'"),
        (("--undo",), "no feedback"),
    ],
)
def test_bad_usage(wakesound, library: Path, arguments: tuple[str, ...], said: str) -> None:
    """What cannot be meant is told in one line, and nothing changes."""
    result = wakesound("feedback", *arguments)
    assert result.status == 2
    assert said in result.err
    assert len(result.err.splitlines()) == 1
