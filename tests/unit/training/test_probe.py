"""ESC-10 with a frozen encoder."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

pytest.importorskip("torch", reason="the extra 'train' is not installed")

from training.probe import LABELS, probe
from wakebench.manifest import Manifest
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.testing import RATE, noise, placed, tone

HEAD = "path,label,kind,split,train_ok,group,source,licence\n"


class TwoViews(LogMelEncoder):
    """One that hears ends too."""

    short_seconds = 0.5


@pytest.fixture
def clips(tmp_path: Path) -> Manifest:
    """Five folds of ten classes, each class a tone of its own."""
    rows = []
    for fold in range(1, 6):
        for number, label in enumerate(LABELS):
            name = f"{label}__{fold}-{1000 * fold + number}-A.wav"
            samples = placed(
                noise(2.0, seed=fold, level_db=-60.0), (0.2 * fold, tone(300 * 1.3**number, 0.8))
            )
            soundfile.write(tmp_path / name, samples, RATE)
            split = "dev" if fold == 5 else "train"
            group = f"freesound-{fold}{number}"
            rows.append(f"{name},{label},event,{split},yes,{group},somebody/ESC-10,CC0-1.0\n")
    (tmp_path / "manifest.csv").write_text(HEAD + "".join(rows))
    return Manifest.read(tmp_path)


@pytest.mark.parametrize("encoder", [LogMelEncoder, TwoViews])
def test_tones_are_told_apart_without_training(clips: Manifest, encoder) -> None:
    """Fold 5 is measured, each other fold is measured without itself; no text side, no names."""
    found = probe(clips, encoder())
    assert found.clips == 10
    assert found.linear >= 90.0
    assert found.by_name is None
    assert len(found.crossed) == 4
    assert min(found.crossed) >= 90.0
