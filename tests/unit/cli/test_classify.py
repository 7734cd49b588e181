"""``wakesound classify`` on the demo's recordings and whatever else it may be given."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import soundfile

from wakeword.testing import RATE, noise, tone

LABELS = "glass breaking, 狗叫、whistling"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Three seconds with a tone in them."""
    path = tmp_path / "clip.wav"
    soundfile.write(path, tone(2000, 3.0) + noise(3.0), RATE)
    return path


def test_table(wakesound, clip: Path) -> None:
    """A row for each label and none of these, and what Chinese was understood as."""
    done = wakesound("classify", str(clip), "--labels", LABELS)
    assert done.status == 0, done.err
    assert done.out.startswith("狗叫 -> dog barking\n")
    for word in ("glass breaking", "狗叫", "whistling", "none of these", "3.0 s, 5 windows"):
        assert word in done.out
    assert done.err == ""


def test_json(wakesound, clip: Path) -> None:
    """A list with an object a file; shares sum to 1; two runs are equal."""
    call = ("classify", str(clip), str(clip), "--labels", LABELS, "--json")
    done = wakesound(*call)
    first, second = json.loads(done.out)
    assert first == second
    assert list(first["scores"]) == ["glass breaking", "狗叫", "whistling"]
    assert sum(first["scores"].values()) + first["none"] == pytest.approx(1.0, abs=1e-5)
    assert first["understood"]["狗叫"] == {"text": "dog barking", "how": "glossary"}
    assert [part["start"] for part in first["windows"]] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert all(-1 <= value <= 1 for value in first["similarity"].values())
    assert wakesound(*call).out == done.out


def test_closed_and_top(wakesound, clip: Path) -> None:
    """--closed leaves none of these out, --top the worst labels."""
    found = json.loads(
        wakesound("classify", str(clip), f"--labels={LABELS}", "--closed", "--json").out
    )
    assert sum(found[0]["scores"].values()) == pytest.approx(1.0, abs=1e-5)
    assert found[0]["none"] is None
    shown = wakesound("classify", str(clip), f"--labels={LABELS}", "--closed", "--top", "1").out
    assert sum(label in shown for label in ("glass breaking  ", "狗叫  ", "whistling  ")) == 1
    assert "none of these" not in shown


def test_labels_from_a_file(wakesound, clip: Path, tmp_path: Path) -> None:
    """One a line, with remarks and empty lines, together with those of --labels."""
    (tmp_path / "labels.txt").write_text("# mine\nrain\n\n门铃 # bell\n", encoding="utf-8")
    done = wakesound(
        "classify",
        str(clip),
        "--labels",
        "wind",
        "--labels-file",
        str(tmp_path / "labels.txt"),
        "--json",
    )
    assert list(json.loads(done.out)[0]["scores"]) == ["wind", "rain", "门铃"]


def test_a_comma_in_a_labels_file_belongs_to_the_label(
    wakesound, clip: Path, tmp_path: Path
) -> None:
    """AudioSet has names with commas: a line is a label."""
    path = tmp_path / "labels.txt"
    path.write_text("Bark\nChild speech, kid speaking\nMusic\n", encoding="utf-8")
    done = wakesound(
        "classify", str(clip), "--labels-file", str(path), "--json", "--encoder", "mini"
    )
    scores = json.loads(done.out)[0]["scores"]
    assert list(scores) == ["Bark", "Child speech, kid speaking", "Music"]


@pytest.mark.parametrize("kind", ["json", "csv", "txt", "png"])
def test_timelines(wakesound, clip: Path, tmp_path: Path, kind: str) -> None:
    """Each form is written, in its own way."""
    if kind == "png":
        pytest.importorskip("matplotlib", reason="needs the plot extra")
    out = tmp_path / f"out.{kind}"
    done = wakesound("classify", str(clip), f"--labels={LABELS}", "--timeline", str(out))
    assert done.status == 0, done.err
    content = out.read_bytes()
    if kind == "json":
        assert len(json.loads(content)["windows"]) == 5
    elif kind == "csv":
        assert len(list(csv.DictReader(content.decode().splitlines()))) == 5
    elif kind == "txt":
        assert all(line.count("\t") == 2 for line in content.decode().splitlines())
    else:
        assert content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no labels are given"),
        (("--labels", ""), "no labels are given"),
        (("--labels", "rain"), "only label"),
        (("--labels", "rain, Rain"), "twice"),
        (("--labels", "rain,,wind"), "label 2 is empty"),
        (("--labels", ",".join(f"label {n}" for n in range(10_000))), "too many"),
        (("--labels", "rain, " + "long " * 100), "characters"),
        (("--labels", "rain, дождь"), "script"),
        (("--labels", "rain, xyzzy"), "does not know"),
        (("--labels", "rain, wind", "--encoder", "logmel"), "no text side"),
        (("--labels", "rain, wind", "--encoder", "clap:/no/such/folder"), "there is no folder"),
        (("--labels", "rain, wind", "--window", "7"), "window"),
        (("--labels", "rain, wind", "--template", "sound"), "template"),
        (("--labels", "rain, wind", "--timeline", "out.xml"), "timeline"),
        (("--labels", "rain, wind", "--timeline", "/no/such/out.csv"), "cannot be written"),
        (("--labels-file", "/no/such/file"), "cannot be read"),
    ],
)
def test_bad_input_is_one_line(wakesound, clip: Path, arguments, message: str) -> None:
    """Exit status 2 and one line that says what to do."""
    if "clap:" in str(arguments):
        pytest.importorskip("transformers", reason="needs the extra 'clap'")
    done = wakesound("classify", str(clip), *arguments)
    assert done.status == 2
    assert message in done.err
    assert done.err.count("\n") == 1


def test_no_file_and_two_timelines(wakesound, clip: Path) -> None:
    """Usage errors are told before anything is heard."""
    assert "name a recording" in wakesound("classify", "--labels", "rain, wind").err
    two = wakesound("classify", str(clip), str(clip), "--labels=rain, wind", "--timeline", "x.csv")
    assert (two.status, "one FILE" in two.err) == (2, True)


def test_a_bad_file_among_good_ones(wakesound, clip: Path, tmp_path: Path) -> None:
    """The good ones are classified all the same; the status says that one was not."""
    (tmp_path / "bad.wav").write_bytes(b"not audio")
    done = wakesound(
        "classify", str(tmp_path / "bad.wav"), str(clip), "--labels=rain, wind", "--json"
    )
    assert done.status == 2
    assert [row["file"] for row in json.loads(done.out)] == [str(clip)]
    assert "1 of 2 files cannot be used" in done.err
    assert done.err.count("\n") == 1
