"""A whole run in small: resumable, the same figures each time, a report that stands alone."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner

from wakebench import runner
from wakebench.classes import NOISE, SPEECH
from wakebench.cli import bench
from wakebench.clips import MadeClip
from wakebench.compose import CLEAN
from wakebench.material import Material
from wakebench.page import page
from wakebench.pool import Pool
from wakebench.protocol import Protocol
from wakebench.report import measure
from wakebench.results import versions, write_results
from wakebench.sheet import number, percent
from wakebench.sheets import sheets
from wakebench.sounds import made_sounds
from wakebench.stream import cached_audio

PROTOCOL = Protocol(
    enrolled=(1, 3), snrs_db=(CLEAN, 10.0), test_takes=1, deals=1, negative_seconds=20.0
)
SPECS = ["engine:logmel", "baseline:raven"]


@pytest.fixture(scope="module")
def material():
    sounds = [s for s in made_sounds(0) if s.label in ("doorbell", "double_knock")]
    clips = [MadeClip("fan", NOISE, 8.0, 0), MadeClip("speech", SPEECH, 8.0, 0)]
    return Material(tuple(sounds), tuple((clip, clip.seconds) for clip in clips), {})


def run(material, cache):
    with ThreadPoolExecutor(1) as executor:
        return measure(material, PROTOCOL, SPECS, cache, Pool(executor))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def figures(material, cache):
    return run(material, cache)


@pytest.fixture(scope="module")
def results(figures):
    return {
        "figures": figures,
        "run": {
            "started": "2030-01-01T00:00:00+00:00",
            "seconds": 60.0,
            "commit": "abc",
            "machine": "a <small> one",
            "versions": versions(),
            "jobs": 1,
            "quick": True,
            "data": None,
            "systems": SPECS,
        },
    }


def test_two_runs_give_identical_figures(material, figures, tmp_path):
    """From nothing, in another place: not one digit differs."""
    assert json.dumps(run(material, tmp_path)) == json.dumps(figures)


def test_a_run_goes_on_where_it_stopped(material, figures, cache, monkeypatch):
    """What was heard is not heard again; a lost trace is."""
    traces = sorted((cache / "traces").iterdir())
    traces[0].unlink()
    heard = []

    def load(key, folder):
        heard.append(key)
        return cached_audio(key, folder)

    monkeypatch.setattr(runner, "cached_audio", load)
    assert run(material, cache) == figures
    assert len(heard) == 1
    assert sorted((cache / "traces").iterdir()) == traces


def test_every_system_is_measured_with_every_number_of_takes(figures):
    measured = {(cell["system"], cell["takes"]) for cell in figures["cells"]}
    assert len(measured) == 4
    assert all(cell["misses"]["all"]["all"]["events"] == 4 for cell in figures["cells"])


def test_the_report_needs_no_other_file_and_has_every_table(results, tmp_path):
    pytest.importorskip("matplotlib")
    write_results(results, tmp_path)
    names = {"results.json", "report.html"}
    names |= {
        f"{n}.{k}" for n in ("det_by_snr", "det_by_system", "confusion") for k in ("png", "svg")
    }
    assert {path.name for path in tmp_path.iterdir()} == names
    text = (tmp_path / "report.html").read_text()
    assert not re.search(r'(src|href)="(?!#|data:)', text)
    for sheet in sheets(results):
        assert sheet.title in text
    assert "a &lt;small&gt; one" in text
    assert "Quick run" in text
    assert json.loads((tmp_path / "results.json").read_text())["figures"] == results["figures"]


def test_drawings_are_the_same_bytes_each_time(results, tmp_path):
    pytest.importorskip("matplotlib")
    write_results(results, tmp_path / "a")
    write_results(results, tmp_path / "b")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_without_matplotlib_the_figures_are_kept_and_the_extra_is_named(
    results, tmp_path, monkeypatch
):
    from wakeword.errors import MissingExtra

    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r"wakesound\[bench\]"):
        write_results(results, tmp_path)
    assert (tmp_path / "results.json").exists()


def test_tables_are_rectangular(results):
    for sheet in sheets(results):
        assert {len(row) for row in sheet.rows} == {len(sheet.columns)}, sheet.title


def test_a_page_on_the_train_split_says_so(results):
    drawings = dict.fromkeys(("det_by_snr", "det_by_system", "confusion"), "<svg></svg>")
    protocol = {**results["figures"]["protocol"], "split": "train"}
    changed = {
        "figures": {**results["figures"], "protocol": protocol},
        "run": {**results["run"], "data": "somewhere", "quick": False},
    }
    assert "Measured on the train split" in page(changed, drawings)


def test_numbers_for_people():
    assert (percent(0.256), percent(None), number(0.5), number(123.4), number(None)) == (
        "26%", "-", "0.50", "123", "-",
    )  # fmt: skip


def test_the_command_explains_itself():
    text = CliRunner().invoke(bench, ["--help"]).output
    for option in ("--data", "--split", "--quick", "--seed", "--encoder", "--jobs", "--baselines"):
        assert option in text
    assert "Examples:" in text


def test_a_folder_without_a_manifest_is_one_clear_error(tmp_path):
    from wakeword.errors import ConfigError

    outcome = CliRunner().invoke(bench, ["--data", str(tmp_path)])
    assert isinstance(outcome.exception, ConfigError)
