"""Encoders alone, one beside the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from click.testing import CliRunner

from wakebench.classes import NOISE
from wakebench.clips import MadeClip
from wakebench.compose import CLEAN
from wakebench.embeddings import embedding_figures, embedding_table, encoders_of, main
from wakebench.foreign import ForeignEncoder, any_encoder
from wakebench.material import Material
from wakebench.part_sheets import encoders_sheet
from wakebench.pool import Pool
from wakebench.protocol import Protocol
from wakebench.runner import Runner
from wakebench.sounds import made_sounds
from wakebench.stream import Layout, Placed
from wakeword.errors import AudioFormatError
from wakeword.protocols import Encoder
from wakeword.testing import noise, tone

PROTOCOL = Protocol(
    enrolled=(3,), snrs_db=(CLEAN, 0.0), test_takes=1, deals=1, negative_seconds=20.0
)
NETWORK = """
import numpy as np

def create():
    def network(windows):
        spectrum = np.abs(np.fft.rfft(windows, axis=1))[:, :8000]
        return spectrum.reshape(len(windows), 80, 100).sum(axis=2), None
    return network
"""


@pytest.fixture
def network(tmp_path, monkeypatch) -> str:
    """Somebody's network, by name."""
    (tmp_path / "a_network_to_compare.py").write_text(NETWORK)
    monkeypatch.syspath_prepend(tmp_path)
    return "a_network_to_compare:create"


def test_a_foreign_network_is_an_encoder(network):
    """It fits the seam: unit vectors for windows of any length, none for none, bad ones refused."""
    encoder = any_encoder(network)
    assert isinstance(encoder, ForeignEncoder)
    assert isinstance(encoder, Encoder)
    vectors = encoder.embed([tone(440, 0.3), noise(1.0)])
    assert vectors.shape == (2, encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert encoder.embed([]).shape == (0, encoder.dim)
    with pytest.raises(AudioFormatError):
        encoder.embed([noise(1.5)])


def test_the_systems_of_a_run_name_the_encoders():
    """The engine's first, then those that are compared with it; each once, other systems none."""
    systems = [
        "engine:mini",
        "baseline:raven",
        "baseline:logmel",
        "baseline:cosine:their:create",
        "baseline:cosine:mini",
        "peer:somebody",
    ]
    assert encoders_of(systems) == ["mini", "logmel", "their:create"]


def test_encoders_stand_beside_each_other(network, tmp_path):
    """Several encoders hear the same events, and a table shows all of them at each level."""
    sounds = [s for s in made_sounds(0) if s.label in ("doorbell", "double_knock")]
    found = Material(tuple(sounds), ((MadeClip("fan", NOISE, 8.0, 0), 8.0),), {})
    with ThreadPoolExecutor(1) as executor:
        pool = Pool(executor)
        run = Runner(found, PROTOCOL, [], tmp_path, pool).run()
        tables = [embedding_table(spec, run, tmp_path, pool) for spec in ("logmel", network)]
    assert [table["encoder"] for table in tables] == ["logmel", network]
    assert [list(table["snrs"]) for table in tables] == [["clean", "0 dB"]] * 2
    assert all(table["snrs"]["clean"]["events"] == 2 for table in tables)
    sheet = encoders_sheet(tables)
    assert sheet.columns == ("Encoder", "Figure", "clean", "0 dB")
    figures = ["missed at 1.0%", "missed at 0.1%", "right sound", "AUC"]
    assert [row[:2] for row in sheet.rows[:4]] == [("logmel", figure) for figure in figures]
    assert [row[:2] for row in sheet.rows[4:]] == [(network, figure) for figure in figures]


def test_misses_are_those_that_the_loudest_negatives_outdo():
    """An event is missed at a share of false alarms if so many windows are nearer to its takes."""
    takes = {"own": np.array([[1.0, 0.0]], np.float32)}
    near, far = np.array([[0.995, 0.1]]), np.array([[0.5, 0.866]])
    angle = np.linspace(0.2, 1.5, 1000)  # 0.2 rad is a cosine of 0.98, 1.5 of 0.07
    negatives = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    layout = Layout(100, (Placed("own", 0, 0, 10), Placed("own", 1, 50, 60)), ())
    (row,) = embedding_figures(
        {"lib": takes}, [("lib", CLEAN, layout, [near, far])], negatives
    ).values()
    assert row["missed"] == {"0.01": 0.5, "0.001": 0.5}
    assert row["nearest_is_own"] == 1.0
    assert 0.5 < row["area_under_roc"] < 1.0


def test_a_folder_without_recordings_is_one_line(tmp_path):
    """The command says what is wrong."""
    result = CliRunner().invoke(main, ["--data", str(tmp_path)])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "manifest.csv" in result.output
