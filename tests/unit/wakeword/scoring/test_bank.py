"""The negative bank."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wakeword.embedding.weights import asset
from wakeword.errors import EncoderError
from wakeword.scoring.bank import (
    NegativeBank,
    file_name,
    load_bank,
    write_bank,
)
from wakeword.scoring.likeness import Likeness, Verifier


def unit(count: int, dim: int = 8) -> np.ndarray:
    """Random rows of length 1."""
    rows = np.random.default_rng(0).normal(size=(count, dim)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


BANK = NegativeBank(unit(6), np.array([0, 0, 0, 1, 2, 2], np.int32), 10800.0, dim=8)


def written(path: Path, bank: NegativeBank = BANK, encoder_id: str = "some-1") -> Path:
    """The bank in a file."""
    buffer = io.BytesIO()
    write_bank(buffer, bank, encoder_id)
    path.write_bytes(buffer.getvalue())
    return path


def test_it_comes_back_nearly_as_it_was(tmp_path):
    """Few bits a number, but unit length."""
    back = load_bank("some-1", written(tmp_path / "bank.npz"))
    assert back is not None
    assert back.hours == pytest.approx(2.0)
    assert np.array_equal(back.runs, BANK.runs)
    assert np.allclose(back.vectors, BANK.vectors, atol=0.1)
    assert np.allclose(np.linalg.norm(back.vectors, axis=1), 1.0, atol=1e-6)


def test_names_come_back_and_are_checked(tmp_path):
    """What runs are called is kept with them; without names it is as before."""
    named = replace(BANK, names=("door slam", "speech", "狗叫"))
    path = written(tmp_path / "named.npz", named)
    back = load_bank("some-1", path)
    assert back is not None
    assert back.names == named.names
    plain = load_bank("some-1", written(tmp_path / "plain.npz"))
    assert plain is not None
    assert plain.names == ()
    with np.load(path) as file:
        arrays = {**file, "names": np.array(["door slam", "speech", "cat"])}
    np.savez_compressed(tmp_path / "changed.npz", **arrays)
    with pytest.raises(EncoderError, match="damaged"):
        load_bank("some-1", tmp_path / "changed.npz")


def test_the_score_of_a_run_is_its_best():
    """Over its windows and over the sound's vectors; of the runs that are held out."""
    wanted = BANK.vectors[[1, 3]]
    expected = (BANK.vectors @ wanted.T).max(axis=1)
    best = pytest.approx([expected[3], expected[4:].max()])
    scores, cosines = BANK.run_scores(Likeness(wanted, 8))
    assert scores == best
    assert cosines == best


def test_a_third_is_the_reference_and_the_rest_is_judged():
    """What verifiers and the cohort know is never what thresholds are fitted to."""
    assert np.array_equal(BANK.reference, BANK.vectors[:3])
    verifier = Verifier(np.ones(8, np.float32), 0.5)
    likeness = Likeness(BANK.vectors[[1]], 8, False, verifier, BANK.cohort)
    judged = likeness(BANK.vectors[3:])
    near = likeness.cosines(BANK.vectors[3:])
    scores, cosines = BANK.run_scores(likeness)
    assert scores == pytest.approx([judged[0], judged[1:].max()])
    assert cosines == pytest.approx([near[0], near[1:].max()])


def test_a_bank_may_have_no_reference():
    """Then nothing is verified and all of it is judged."""
    bank = NegativeBank(BANK.vectors, BANK.runs, 7200.0, 8, reference_every=0)
    assert (len(bank.reference), bank.hours) == (0, 2.0)
    assert len(bank.run_scores(Likeness(BANK.vectors[[1]], 8))[0]) == 3


def test_it_is_read_once_while_somebody_has_it(tmp_path):
    """And anew when the file has changed."""
    path = written(tmp_path / "bank.npz")
    first = load_bank("some-1", path)
    assert load_bank("some-1", path) is first
    shorter = NegativeBank(BANK.vectors[:4], BANK.runs[:4], 3600.0, dim=8)
    second = load_bank("some-1", written(path, shorter))
    assert second is not first
    assert second is not None
    assert len(second.vectors) == 4


def test_an_encoder_without_a_bank_has_none(tmp_path):
    """That is no error."""
    assert load_bank("some-1", tmp_path / "none.npz") is None
    assert load_bank("an encoder that nobody made") is None


def test_a_damaged_or_foreign_bank_is_an_error(tmp_path):
    """Thresholds are never fitted to rubbish."""
    path = written(tmp_path / "bank.npz")
    with pytest.raises(EncoderError, match="not for other-1"):
        load_bank("other-1", path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(EncoderError, match="damaged"):
        load_bank("some-1", path)


def test_file_names_hold_no_slashes():
    """Identities of encoders may."""
    assert file_name("clap/laion@1f") == "clap-laion-1f.npz"


def test_shipped_banks_are_whole():
    """Each bank in ``assets`` can be read, is small and says where it came from."""
    for path in asset("negatives").glob("*.npz"):
        assert path.stat().st_size < 8_000_000
        assert path.with_suffix(".json").is_file()
        bank = load_bank(path.stem, path)
        assert bank is not None
        assert bank.hours > 0.6
        assert np.all(np.diff(bank.runs) >= 0)
