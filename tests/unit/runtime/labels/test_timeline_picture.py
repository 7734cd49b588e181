from __future__ import annotations

import io
import sys

import numpy as np
import pytest

from runtime.labels.picture import Levels, draw
from wakeword.audio.frames import FloatArray
from wakeword.encoders import create_encoder
from wakeword.errors import MissingExtra
from wakeword.labels import Classifier
from wakeword.testing import RATE, noise, tone


def levels_of(samples: FloatArray) -> Levels:
    levels = Levels(RATE)
    for at in range(0, len(samples), 1000):
        levels.push(samples[at : at + 1000])
    return levels


@pytest.mark.parametrize("seconds", [0.01, 3.0])
@pytest.mark.parametrize("closed", [True, False])
def test_a_picture_is_drawn(seconds: float, closed: bool) -> None:
    """A PNG of some size, for the shortest audio and for Chinese labels too."""
    pytest.importorskip("matplotlib", reason="needs the plot extra")
    from matplotlib.image import imread

    samples = tone(900, seconds) + noise(seconds)
    labels = ["狗叫", "rain", "门铃"]
    heard = Classifier(create_encoder("mini")).classify(samples, labels, closed=closed)
    picture = imread(io.BytesIO(draw(heard, levels_of(samples), "厨房.wav")), format="png")
    assert picture.shape[0] > 300
    assert picture.shape[1] > 600
    assert np.ptp(picture[..., :3]) > 0.5


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra to install."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    samples = tone(900, 1.0)
    heard = Classifier(create_encoder("mini")).classify(samples, ["rain", "wind"])
    with pytest.raises(MissingExtra, match=r"wakesound\[plot\]"):
        draw(heard, levels_of(samples), "x")
