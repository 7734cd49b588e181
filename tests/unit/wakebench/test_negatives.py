"""Building the negative bank."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from wakebench.manifest import Manifest, Row
from wakebench.negatives import BYTES, build, main, thinned
from wakeword.audio.flac import write_flac
from wakeword.errors import ConfigError
from wakeword.scoring.bank import load_bank
from wakeword.testing import RATE, ToneEncoder, noise, placed, tone

CLIPS = [
    # name, hz, kind, split, train_ok
    ("talk", 300.0, "speech", "train", "yes"),
    ("fan", 600.0, "background", "train", "yes"),
    ("bell", 1200.0, "event", "train", "yes"),
    ("measured", 2400.0, "event", "dev", "yes"),
    ("borrowed", 4800.0, "event", "train", "no"),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of two-second clips with a tone of half a second in each."""
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "kind", "split", "train_ok", "source", "licence"])
        for name, hz, kind, split, train_ok in CLIPS:
            samples = placed(noise(2.0, level_db=-75.0), (1.0, tone(hz, 0.5)))
            write_flac(tmp_path / f"{name}.flac", samples, RATE)
            writer.writerow([f"{name}.flac", name, kind, split, train_ok, "us", "CC0"])
    return tmp_path


def test_only_what_may_be_shipped_goes_in(data, tmp_path):
    """Clips for measuring and clips of others leave no trace in the bank or its sources."""
    main(["--data", str(data), "--encoder", "logmel", "--out", str(tmp_path / "out")])
    about = json.loads((tmp_path / "out" / "logmel-1.json").read_text())
    assert about["sources"] == [{"source": "us", "licence": "CC0", "clips": 3, "minutes": 0.0}]
    bank = load_bank("logmel-1", tmp_path / "out" / "logmel-1.npz")
    assert bank is not None
    assert bank.seconds == pytest.approx(6.0)
    assert about["runs"] == bank.runs[-1] + 1 == 3


def test_each_run_is_represented(data):
    """The tone of each clip is in the bank, that of the others is not."""
    encoder = ToneEncoder()
    manifest = Manifest.read(data)
    bank = build(manifest, manifest.for_fitting(shippable=True), encoder)
    for _, hz, _, split, train_ok in CLIPS:
        near = (bank.vectors @ encoder.embed([tone(hz, 0.5)])[0]).max()
        assert (near > 0.95) == (split == "train" and train_ok == "yes")


def test_each_run_is_named_after_its_recording(data):
    """Its label, and speech for whoever speaks."""
    manifest, encoder = Manifest.read(data), ToneEncoder()
    bank = build(manifest, manifest.for_fitting(shippable=True), encoder)
    assert bank.names == ("speech", "fan", "bell")
    own = [bank.vectors[bank.runs == run] for run in range(3)]
    for rows, hz in zip(own, (300.0, 600.0, 1200.0), strict=True):
        assert (rows @ encoder.embed([tone(hz, 0.5)])[0]).max() > 0.95


def test_the_size_is_kept(data):
    """Where thinning is not enough, runs are dropped and the time with them."""
    manifest = Manifest.read(data)
    rows = manifest.for_fitting(shippable=True)
    bank = build(manifest, rows, ToneEncoder(), largest_mb=2e-6 * BYTES * ToneEncoder.dim)
    assert len(bank.vectors) <= 2
    assert bank.runs[-1] + 1 < 3
    assert bank.seconds < 6.0


def test_rows_for_measuring_are_refused(data):
    """Even when somebody passes them on purpose."""
    row = Row("measured.flac", "measured", "event", "dev")
    with pytest.raises(ConfigError, match="nothing may be fitted"):
        build(Manifest.read(data), [row], ToneEncoder())


def test_thinning_keeps_what_differs():
    """Each dropped row is near to a kept one, and the first is always kept."""
    angles = np.radians([0.0, 1.0, 2.0, 40.0, 41.0, 1.5])
    run = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert thinned(run, 0.99) == pytest.approx(run[[0, 3]])
    assert len(thinned(run, 1.1)) == 6
