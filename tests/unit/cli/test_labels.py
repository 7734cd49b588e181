"""``wakesound labels``: advice, names and measures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from wakeword.testing import RATE, noise, silence


def test_check_advises(wakesound) -> None:
    """What is the matter, what to write instead, and the whole list again."""
    done = wakesound("labels", "check", "dog barking, glass, 烟雾报警器")
    assert done.status == 0, done.err
    assert "烟雾报警器 -> smoke alarm" in done.out
    assert 'Try: "dog barking, glass breaking, 烟雾报警器"' in done.out
    good = wakesound("labels", "check", "dog barking, glass breaking, smoke alarm")
    assert "3 good labels" in good.out


def test_check_in_json(wakesound) -> None:
    """The same for programs; the advice, taken, gets no remark."""
    found = json.loads(wakesound("labels", "check", "dog barking, glass, rain", "--json").out)
    assert [remark["kind"] for remark in found["remarks"]] == ["bare"]
    again = wakesound("labels", "check", ", ".join(found["better"]), "--json")
    assert json.loads(again.out)["remarks"] == []


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("rain, xyzzy, wind", "xyzzy"),
        ("rain, rain", "twice"),
        ("", "no labels"),
        ("дождь", "script"),
    ],
)
def test_check_refuses_what_cannot_be_used(wakesound, labels: str, message: str) -> None:
    """Exit status 2, and one line."""
    done = wakesound("labels", "check", labels)
    assert done.status == 2
    assert message in done.err
    assert done.err.count("\n") == 1


def test_list(wakesound) -> None:
    """Everyday sounds by both names, all or those with a part in them."""
    assert len(json.loads(wakesound("labels", "list", "--json").out)) >= 150
    found = json.loads(wakesound("labels", "list", "siren", "--json").out)
    assert 2 <= len(found) <= 10
    assert "门铃" in wakesound("labels", "list", "门").out


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """A truth file with a hiss and a silence."""
    soundfile.write(tmp_path / "hiss.wav", noise(1.5, level_db=-20), RATE)
    soundfile.write(tmp_path / "still.wav", silence(1.0), RATE)
    path = tmp_path / "truth.csv"
    path.write_text("path,label\nhiss.wav,dog_barking\nhiss.wav,rain\nstill.wav,none\n")
    return path


def test_eval_in_both_languages(wakesound, truth: Path) -> None:
    """Accuracy, precision, recall and the confusion matrix, by English and Chinese names."""
    done = wakesound("labels", "eval", "--truth", str(truth), "--language", "both", "--json")
    assert done.status == 0, done.err
    results = json.loads(done.out)["results"]
    assert set(results) == {"en", "zh"}
    assert results["zh"]["names"] == {"dog barking": "狗叫", "rain": "雨"}
    for result in results.values():
        assert result["clips"] == 3
        assert result["confusion"]["none of these"]["none of these"] == 1
        assert set(result["labels"]["rain"]) == {"clips", "precision", "recall"}
    shown = wakesound("labels", "eval", "--truth", str(truth), "--language", "zh", "--closed").out
    assert "of 3 clips right (Chinese names)" in shown
    assert "狗叫" in shown


def test_eval_with_more_labels_and_another_root(wakesound, truth: Path, tmp_path: Path) -> None:
    """Further labels compete; paths may begin elsewhere."""
    other = tmp_path / "elsewhere"
    other.mkdir()
    moved = truth.rename(other / "truth.csv")
    call = ("labels", "eval", "--truth", str(moved), "--labels", "wind, snoring", "--json")
    found = json.loads(wakesound(*call, "--root", str(tmp_path)).out)
    assert {"wind", "snoring"} <= set(found["results"]["written"]["labels"])
    absent = wakesound(*call)
    assert (absent.status, "no such file" in absent.err) == (2, True)


def test_eval_of_one_label(wakesound, tmp_path: Path) -> None:
    """A single label has nothing to be compared with, and that is said."""
    (tmp_path / "t.csv").write_text("path,label\na.wav,rain\n")
    done = wakesound("labels", "eval", "--truth", str(tmp_path / "t.csv"))
    assert (done.status, "only label" in done.err) == (2, True)
