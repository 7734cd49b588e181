"""The wall between fitting and measuring, and what a manifest must look like."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wakebench.manifest import FIT_SPLIT, Manifest, Row, fit_rows
from wakeword.errors import AudioDecodeError, ConfigError

HEADER = "path,label,kind,split,train_ok,group,source,licence,seconds\n"
ROWS = (
    "a.wav,dog,event,train,yes,rex,shelter,CC0-1.0,0.5\n"
    "b.wav,dog,event,train,no,ada,shelter,CC-BY-NC-4.0,0.5\n"
    "c.wav,dog,event,dev,yes,bob,shelter,CC0-1.0,0.5\n"
    "d.wav,cat,event,train,yes,tom,shelter,CC0-1.0,0.5\n"
    "e.wav,cat,event,dev,yes,tom,shelter,CC0-1.0,0.5\n"
    "f.wav,rain,background,dev,yes,,roof,CC0-1.0,0.5\n"
    "g.wav,cat,event,dev,yes,tom,elsewhere,CC0-1.0,0.5\n"
)
SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"


def manifest(folder: Path, rows: str = ROWS, header: str = HEADER) -> Manifest:
    (folder / "manifest.csv").write_text(header + rows)
    return Manifest.read(folder)


def test_nothing_but_the_train_split_can_be_fitted(tmp_path):
    """Asking for rows of another split to fit on is an error, not an empty list."""
    found = manifest(tmp_path)
    with pytest.raises(ConfigError, match="for measuring only"):
        found.for_fitting("dev")
    assert {row.split for row in found.for_fitting()} == {FIT_SPLIT}


def test_a_single_dev_row_among_others_is_caught():
    """Whatever is fitted passes its rows through ``fit_rows``: one foreign row is enough."""
    row = Row("a.wav", "dog", "event", "train")
    assert fit_rows([row, row]) == (row, row)
    with pytest.raises(ConfigError, match=r"c\.wav.*'dev'"):
        fit_rows([row, replace(row, path="c.wav", split="dev")])


def test_a_group_that_is_also_measured_is_not_fitted_to(tmp_path):
    """One cat in both splits: its train clips would leak; a namesake elsewhere is no matter."""
    found = manifest(tmp_path)
    assert found.crossing == {("shelter", "tom")}
    assert [row.path for row in found.for_fitting()] == ["a.wav", "b.wav"]


def test_shippable_rows_have_a_licence_for_it(tmp_path):
    found = manifest(tmp_path)
    assert [row.path for row in found.for_fitting(shippable=True)] == ["a.wav"]


def test_measuring_takes_the_whole_split(tmp_path):
    found = manifest(tmp_path)
    assert [row.path for row in found.for_measuring("dev")] == ["c.wav", "e.wav", "f.wav", "g.wav"]


def test_a_split_without_rows_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="no rows of split 'dev'"):
        manifest(tmp_path, ROWS.splitlines()[0]).for_measuring("dev")


def test_only_four_columns_are_needed_and_others_are_ignored(tmp_path):
    found = manifest(tmp_path, "x.wav,dog,event,dev,blue\n", "path,label,kind,split,mood\n")
    assert found.rows == (Row("x.wav", "dog", "event", "dev"),)


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        ("path,label,kind\n", "a.wav,dog,event\n", "lacks the column split"),
        (HEADER, "", "has no rows"),
        (HEADER, "a.wav,dog,noise,dev,yes,,,,\n", "line 2: kind is one of"),
        (HEADER, "a.wav,dog,event,test,yes,,,,\n", "line 2: split is one of"),
        (HEADER, "a.wav,,event,dev,yes,,,,\n", "line 2: the label is empty"),
        (HEADER, "a.wav,dog,event,dev,yes,,,,long\n", "line 2: seconds must be a number"),
        (HEADER, "../a.wav,dog,event,dev,yes,,,,\n", "inside the folder"),
        (HEADER, "/a.wav,dog,event,dev,yes,,,,\n", "inside the folder"),
        (HEADER, ROWS.splitlines()[0] + "\n" + ROWS.splitlines()[0] + "\n", "names a clip twice"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, header, rows, message):
    with pytest.raises(ConfigError, match=message):
        manifest(tmp_path, rows, header)


def test_a_folder_without_a_manifest_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match=r"no manifest\.csv"):
        Manifest.read(tmp_path)


def test_audio_comes_at_the_rate_that_is_asked_for(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros((4000, 2)), 8000)
    found = manifest(tmp_path, "a.wav,dog,event,dev,,,,,\nb.wav,dog,event,dev,,,,,\n")
    assert found.audio(found.rows[0], 16000).shape == (8000,)
    assert found.seconds(found.rows[0]) == 0.5
    with pytest.raises(AudioDecodeError, match="no such file"):
        found.audio(found.rows[1], 16000)


def test_the_projects_own_recordings_keep_the_wall():
    """On the real manifest: fitting and measuring share no clip and no group."""
    if not SHARED.is_dir():
        pytest.skip("the recordings are not on this machine")
    found = Manifest.read(SHARED)
    fitted, measured = found.for_fitting(), found.for_measuring("dev")
    assert not {row.path for row in fitted} & {row.path for row in measured}
    groups = {row.origin for row in fitted if row.group}
    assert not groups & {row.origin for row in measured}
