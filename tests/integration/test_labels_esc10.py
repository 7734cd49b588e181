"""Labels on real recordings: what the documentation's figures rest on still holds."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from runtime.labels.evaluation import evaluate
from wakeword.encoders import create_encoder
from wakeword.labels import NONE, Classifier
from wakeword.labels.accuracy import TrueLabel, read_truth

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def fold5(tmp_path_factory: pytest.TempPathFactory) -> list[TrueLabel]:
    """The 80 clips of ESC-10 that nothing was trained on."""
    manifest = DATA / "manifest.csv"
    if not manifest.is_file():
        pytest.skip("the recordings of ../shared/data are not here")
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if "ESC-10" in r["source"] and r["split"] == "dev"]
    truth = tmp_path_factory.mktemp("truth") / "truth.csv"
    lines = ["path,label", *(f"{row['path']},{row['label']}" for row in rows)]
    truth.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_truth(truth, DATA)


@pytest.mark.parametrize(("closed", "least"), [(True, 0.75), (False, 0.7)])
def test_sounds_are_known_by_name_in_both_languages(
    fold5: list[TrueLabel], closed: bool, least: float
) -> None:
    """Most clips are known by the English and by the Chinese names of their classes."""
    classifier = Classifier(create_encoder("mini"))
    found = evaluate(classifier, fold5, ("en", "zh"), closed=closed)
    assert len(fold5) == 80
    for result, names in found.values():
        assert result.accuracy >= least, names
        assert len(result.labels) == 10


def test_other_sounds_are_none_of_these(fold5: list[TrueLabel]) -> None:
    """Clips of other classes than those asked for are mostly none of these."""
    asked = ("dog", "rooster", "sneezing")
    others = [TrueLabel(clip.path, NONE) for clip in fold5 if clip.label in ("rain", "sea waves")]
    result, _ = evaluate(Classifier(create_encoder("mini")), others, more=asked)["written"]
    assert result.accuracy >= 0.5
