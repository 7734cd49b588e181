"""The baselines are right, even if they are simple."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from wakebench import grid
from wakebench.baselines.raven import BAND, STEP, distances, mfcc
from wakebench.system import make_system
from wakeword.errors import ConfigError
from wakeword.library.recordings import Take
from wakeword.protocols import plugin_names
from wakeword.testing import RATE, noise, placed, tone


def plain_dtw(window, template):
    """Dynamic time warping as in a textbook, a cell at a time."""
    m = len(template)
    cost = np.full((m, m), np.inf)
    for i in range(m):
        for j in range(max(0, i - BAND), min(m, i + BAND + 1)):
            apart = 1.0 - float(template[i] @ window[j])
            before = [
                cost[a, b] for a, b in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if a >= 0 and b >= 0
            ]
            cost[i, j] = apart + (min(before) if before else 0.0)
    return cost[-1, -1] / (2 * m)


def test_all_windows_at_once_give_what_one_by_one_gives():
    stream = mfcc(noise(1.2, level_db=-20.0, seed=1))
    template = mfcc(noise(0.33, level_db=-20.0, seed=2))
    found = distances(stream, template, 11)
    for window in range(11):
        first = STEP * (window + 1) - len(template)
        if first < 0 or first + len(template) > len(stream):
            assert found[window] == np.inf
        else:
            piece = stream[first : first + len(template)]
            assert found[window] == pytest.approx(plain_dtw(piece, template), rel=1e-4)


def test_a_template_longer_than_the_stream_is_nowhere():
    template = mfcc(noise(2.0))
    assert np.isinf(distances(mfcc(noise(1.0)), template, 10)).all()


@pytest.mark.parametrize("name", ["raven", "logmel", "cosine:mini"])
def test_a_sound_is_found_again_where_it_is(name, tmp_path):
    """Two tones are learned; each is the best match at its place, and quiet parts are skipped."""
    system = make_system(f"baseline:{name}")
    takes = {
        pitch: [Take(tone(hz, 0.4), RATE, 0, round(0.4 * RATE))]
        for pitch, hz in (("low", 400.0), ("high", 2500.0))
    }
    assert system.enroll(takes, tmp_path) == []
    bed = noise(8.0, level_db=-75.0)
    samples = placed(bed, (2.0, tone(400, 0.4)), (5.0, tone(2500, 0.4)))
    (found,) = system.hear(samples, [tmp_path])
    for second, pitch in ((2.4, "low"), (5.4, "high")):
        near = np.abs(found.ends / RATE - second) < 0.06
        assert [found.names[i] for i in found.sounds[near]] == [pitch]
    assert not np.any(found.ends / RATE < 1.9)
    assert found.length == len(samples)


def test_takes_come_back_from_disk_as_they_were(tmp_path):
    takes = {"a/b": [Take(noise(0.5), RATE, 100, 300)], "c": [Take(noise(0.2), RATE, 0, 50)] * 2}
    grid.keep(takes, tmp_path)
    kept = grid.kept(tmp_path)
    assert {name: [len(take) for take in found] for name, found in kept.items()} == {
        "a/b": [200],
        "c": [50, 50],
    }
    assert np.array_equal(kept["a/b"][0], takes["a/b"][0].samples[100:300])


def test_every_baseline_has_a_name_and_a_key():
    for name in plugin_names("wakebench.baselines"):
        if name != "clap":
            system = make_system(f"baseline:{name}")
            assert system.name
            assert system.key


def test_what_cannot_be_made_is_said():
    with pytest.raises(ConfigError, match="needs a checkpoint"):
        make_system("baseline:clap")
    with pytest.raises(ConfigError, match="no baseline"):
        make_system("baseline:nonsense")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        make_system("peer:no_such_module")
    with pytest.raises(ConfigError, match="engine:"):
        make_system("nonsense")


def test_the_adapter_in_the_documentation_works(tmp_path, monkeypatch):
    """The fifteen lines are run as they stand, with a detector that measures energy."""
    text = (Path(__file__).parents[3] / "docs" / "benchmark.md").read_text()
    code = next(b for b in re.findall(r"```python\n(.*?)```", text, re.S) if "class Peer" in b)

    class Detector:
        def __init__(self, sounds):
            self.sounds = sounds

        def score(self, samples):
            return float(np.abs(samples).max())

    package = types.ModuleType("their_package")
    monkeypatch.setattr(package, "Detector", Detector, raising=False)
    monkeypatch.setitem(sys.modules, "their_package", package)
    (tmp_path / "my_adapter.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    system = make_system("peer:my_adapter")
    folder = tmp_path / "library"
    take = Take(tone(900, 0.4), RATE, 0, round(0.4 * RATE))
    assert system.enroll({"beep": [take]}, folder) == []
    samples = placed(noise(4.0, level_db=-75.0), (2.0, 8 * tone(900, 0.4)))
    (trace,) = system.hear(samples, [folder])
    assert [firing.sound for firing in trace.firings()] == ["beep"]


NETWORK = """
import numpy as np
heard = []

def create():
    def network(windows):
        heard.append(windows)
        spectrum = np.abs(np.fft.rfft(windows, axis=1))[:, :8000]
        return spectrum.reshape(len(windows), 80, 100).sum(axis=2), None
    return network
"""


def test_any_network_can_be_measured_as_an_encoder(tmp_path, monkeypatch):
    """A callable that is named MODULE:FUNCTION hears seconds at one peak, the sound at the end."""
    (tmp_path / "a_network_of_mine.py").write_text(NETWORK)
    monkeypatch.syspath_prepend(tmp_path)
    system = make_system("baseline:cosine:a_network_of_mine:create")
    take = Take(tone(400.0, 0.4), RATE, 0, round(0.4 * RATE))
    system.enroll({"low": [take]}, tmp_path)
    bed = noise(3.0, level_db=-75.0)
    (trace,) = system.hear(placed(bed, (1.0, tone(400.0, 0.4))), [tmp_path])
    assert trace.scores.max() > 0.9
    heard = sys.modules["a_network_of_mine"].heard
    assert all(windows.shape[1] == RATE for windows in heard)
    enrolled = heard[-1][0]
    assert not enrolled[: round(0.5 * RATE)].any()
    assert np.abs(enrolled).max() == pytest.approx(0.5)


@pytest.mark.parametrize("variant", ["nowhere:create", "wakebench.grid:nothing", "nowhere"])
def test_an_encoder_that_is_not_there_is_an_error(variant):
    with pytest.raises(ConfigError, match="there is no encoder"):
        make_system(f"baseline:cosine:{variant}")
