"""``wakesound monitor`` on the demo's recordings and whatever else it may be given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

DEMO = Path(__file__).parents[3] / "assets" / "demo"
LABELS = "whistling, smoke alarm"


@pytest.fixture
def source(tmp_path: Path) -> str:
    """Twelve seconds with whistling from 5 to about 8."""
    path = tmp_path / "whistling.wav"
    take, rate = soundfile.read(DEMO / "whistle_1.flac", dtype="float32")
    samples = np.random.default_rng(1).normal(0, 1e-4, 12 * rate).astype(np.float32)
    for start in (5, 6, 7):
        piece = take[:rate]
        samples[start * rate : start * rate + len(piece)] += piece
    soundfile.write(path, samples, rate)
    return f"file:{path}"


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_keeps_the_contract(wakesound, source: str, tmp_path: Path) -> None:
    """What is watched for, beginnings and ends with the actions taken, and the end."""
    begun, ended = tmp_path / "begun.jsonl", tmp_path / "ended.jsonl"
    actions = (f"--on=*=json:{begun}", f"--on-end=whistling=json:{ended}")
    call = ("monitor", f"--source={source}", f"--labels={LABELS}", "--threshold=0.3", "--json")
    done = wakesound(*call, *actions)
    assert done.status == 0, done.err
    first, *alerts, last = lines(done.out)
    assert first["event"] == "begin"
    assert list(first["labels"]) == ["whistling", "smoke alarm"]
    assert first["labels"]["whistling"]["threshold"] == 0.3
    assert [(a["label"], a["state"]) for a in alerts] == [
        ("whistling", "start"),
        ("whistling", "end"),
    ]
    begin, end = alerts
    assert begin["id"] == end["id"]
    assert 4.0 <= begin["start"] <= 7.0
    assert end["end"] > begin["start"]
    (heard,) = last.pop("recordings")
    assert (heard["heard_seconds"], heard["complete"]) == (12.0, True)
    assert last == {"event": "end", "seconds": 12.0, "alerts": 1, "frames_dropped": 0}
    assert lines(begun.read_text()) == [begin]
    assert lines(ended.read_text()) == [end]
    assert wakesound(*call).out == done.out


def test_people_get_a_line_each(wakesound, source: str) -> None:
    """Alerts on stdout; what surrounds them, and what Chinese was read as, on stderr."""
    done = wakesound("monitor", f"--source={source}", "--labels=口哨:0.3, 玻璃破碎:0.99")
    assert [line.split()[1] for line in done.out.splitlines()] == ["口哨", "口哨"]
    assert "over after" in done.out
    assert "(0.30), 玻璃破碎 (0.99). Ctrl-C ends." in done.err
    assert "玻璃破碎 -> glass breaking" in done.err
    assert "1 alert." in done.err


def test_thresholds_are_fitted_to_the_budget(wakesound, source: str) -> None:
    """Stricter for a smaller budget; what is given stands; what to expect is said."""
    fitted = {}
    for budget in ("0.1", "5"):
        call = ("monitor", f"--source={source}", "--labels=whistling, smoke alarm:0.8")
        done = wakesound(*call, f"--budget={budget}", "--json")
        assert done.status == 0, done.err
        labels = lines(done.out)[0]["labels"]
        assert labels["whistling"]["fitted"] is True
        assert labels["whistling"]["false_alerts_per_hour"] <= float(budget) * 1.1
        alarm = labels["smoke alarm"]
        assert (alarm["fitted"], alarm["threshold"]) == (False, 0.8)
        fitted[budget] = labels["whistling"]["threshold"]
    assert 0.2 <= fitted["5"] < fitted["0.1"] < 1.0
    told = wakesound(*call, "--budget=5").err
    assert "whistling: needs" in told
    assert "fitted; expect about" in told
    assert "smoke alarm: needs 0.80, as given; expect" in told
    assert " a hour" not in told


def test_a_common_threshold_replaces_the_fitting(wakesound, source: str) -> None:
    """``--threshold`` is for all labels; ``LABEL=X`` and ``label:X`` are for one."""
    call = ("monitor", f"--source={source}", "--labels=whistling, smoke alarm, dog barking:0.7")
    done = wakesound(*call, "--threshold=0.6", "--threshold=smoke alarm=0.3", "--json")
    labels = lines(done.out)[0]["labels"]
    assert [labels[name]["threshold"] for name in labels] == [0.6, 0.3, 0.7]
    assert not any(labels[name]["fitted"] for name in labels)


def test_clips_are_kept_as_told(wakesound, source: str, tmp_path: Path) -> None:
    """Each alert is a WAV and a JSON file, of which only so many stay."""
    folder = tmp_path / "clips"
    call = ("monitor", f"--source={source}", "--labels=whistling:0.3", f"--clips={folder}")
    for _ in range(3):
        done = wakesound(*call, "--keep-clips=2", "--pre-roll=1", "--json")
    assert len(list(folder.glob("*.wav"))) == len(list(folder.glob("*.json"))) == 2
    clip = Path(lines(done.out)[2]["clip"])
    assert soundfile.info(clip).samplerate == 16000
    assert json.loads(clip.with_suffix(".json").read_text())["label"] == "whistling"


def test_hooks_of_the_file_act(wakesound, source: str, tmp_path: Path) -> None:
    """Those for a label or for any sound, when the alert begins; not those for other sounds."""
    config = tmp_path / "wakesound.toml"
    for name, sounds in (("any", ["*"]), ("own", ["Whistling"]), ("other", ["bark"])):
        table = f'[[hooks]]\ndo = "json:{tmp_path / name}"\nsounds = {json.dumps(sounds)}\n'
        config.write_text((config.read_text() if config.exists() else "") + table)
    config.write_text(f'sources = ["{source}"]\n{config.read_text()}\n[monitor]\nthreshold = 0.3\n')
    done = wakesound("monitor", "--labels=whistling", f"--config={config}")
    assert done.status == 0, done.err
    assert [len((tmp_path / name).read_text().splitlines()) for name in ("any", "own")] == [1, 1]
    assert (tmp_path / "other").exists() is False


def test_hook_for_the_end_waits_for_the_clip(wakesound, source: str, tmp_path: Path) -> None:
    """With ``when = "end"`` it acts once, when the alert is over and its clip is there."""
    config = tmp_path / "wakesound.toml"
    config.write_text(
        f'[monitor]\nlabels = "whistling:0.3"\nclips = "{tmp_path}"\nsource = "{source}"\n'
        f'[[hooks]]\ndo = "json:{tmp_path / "ends"}"\nwhen = "end"\n'
    )
    done = wakesound("monitor", f"--config={config}")
    assert done.status == 0, done.err
    (end,) = lines((tmp_path / "ends").read_text())
    assert end["state"] == "end"
    assert Path(str(end["clip"])).is_file()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no labels are given"),
        (("--labels=",), "no labels are given"),
        (("--labels=dog, dog:0.8",), "there twice"),
        (("--labels=dog:1.5",), "a threshold is above 0"),
        (("--labels=dog", "--threshold=loud"), "a threshold is above 0"),
        (("--labels=dog", "--threshold=cat=0.5"), "not watched for"),
        (("--labels=dog", "--on=cat=log:"), "not watched for"),
        (("--labels=dog", "--on=log:"), "LABEL=URI"),
        (("--labels=dog", "--every=5", "--window=2"), "window of 2 s"),
        (("--labels=dog", "--against=dog"), "there twice"),
        (("--labels=gobbledygook",), "gobbledygook"),
        (("--labels=dog", "--encoder=logmel"), "no text side"),
        (("--labels=dog", "--source=nowhere.wav"), "nowhere.wav"),
        (("--labels=dog", "--source=-", "--source=-"), "only once"),
        (("--labels=dog", "--pre-roll=60", "--clips=x"), "longer than its pre-roll"),
        (("--labels=dog", "--broker=mqtt://host/topic"), "--topic"),
        (("--labels=dog", "--hold=nan"), "finite"),
        (("--labels=dog", "--budget=0"), "budget"),
        (("--labels=dog", "--budget=nan"), "finite"),
    ],
)
def test_bad_usage_is_one_line(
    wakesound, tmp_path: Path, monkeypatch, arguments: tuple[str, ...], told: str
) -> None:
    """What is wrong is said in the last line, and nothing is watched."""
    monkeypatch.chdir(tmp_path)
    done = wakesound("monitor", *arguments)
    assert done.status == 2
    assert told in done.err.strip().splitlines()[-1]
    assert done.out == ""
