from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("soxr")

from training.config import TrainConfig  # noqa: E402
from training.corpus import Clip, Store, write_store  # noqa: E402
from training.loop import load_student, train  # noqa: E402
from training.losses import Memory, likeness_loss  # noqa: E402
from wakeword.errors import ConfigError  # noqa: E402
from wakeword.testing import noise, tone  # noqa: E402

TINY = TrainConfig(
    steps=4, items=16, widths=(4, 4, 8, 8), dim=8, text_dim=4, targets=8, memory=64, save_every=2
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Eight sources with four takes, and a background; a made-up teacher's features."""
    clips = [
        Clip(tone(300.0 + 200 * s, 0.3), f"g{s}", f"{s}/{t}", "bell", "event", False)
        for s in range(8)
        for t in range(4)
    ]
    clips += [Clip(noise(5.0, seed=1), "n", "n", "street", "background", False)]
    folder = tmp_path_factory.mktemp("store")
    write_store(iter(clips), folder)
    count = len(Store.read(folder).items["onset"])
    features = np.random.default_rng(0).normal(size=(count, 24))
    np.save(folder / "features.npy", features.astype(np.float16))
    return folder


def test_a_run_goes_on_where_it_ended(store, tmp_path):
    """The same command takes up the last checkpoint; a run that is done is left alone."""
    read = Store.read(store)
    train(read, store, TINY, tmp_path)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 4
    before = load_student(tmp_path).state_dict()
    train(read, store, TINY, tmp_path)
    after = load_student(tmp_path).state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    train(read, store, replace(TINY, steps=6), tmp_path)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 6
    assert json.loads((tmp_path / "config.json").read_text())["steps"] == 6


def test_a_run_can_begin_with_another(store, tmp_path):
    """Its averaged weights are the first ones; a folder without a run is an error."""
    read = Store.read(store)
    train(read, store, TINY, tmp_path / "one")
    nearly = replace(TINY, start=str(tmp_path / "one"), steps=1, learning_rate=0.0, settle=0.0)
    train(read, store, nearly, tmp_path / "two")
    one, two = (load_student(tmp_path / name).net.project.weight for name in ("one", "two"))
    torch.testing.assert_close(one, two)
    with pytest.raises(ConfigError, match="no run to begin with"):
        train(read, store, replace(TINY, start=str(tmp_path)), tmp_path / "three")


def test_what_was_heard_before_is_a_negative():
    """A vector of an earlier batch that is too near costs; one of the same source does not."""
    a, group = torch.eye(4), torch.arange(4)
    costs = []
    for earlier in ([], [9], [0]):
        memory = Memory(3)
        for number in earlier:
            memory.keep(torch.eye(4)[:1], torch.tensor([number]))
        costs.append(float(likeness_loss(a, a, group, 0.1, memory)))
    assert costs[1] > costs[0] + 0.1
    assert costs[2] == pytest.approx(costs[0], abs=1e-4)


def test_the_oldest_is_forgotten():
    memory = Memory(3)
    for number in range(5):
        memory.keep(torch.full((1, 2), float(number)), torch.tensor([number]))
    assert memory.group.tolist() == [2, 3, 4]
    assert memory.vectors[:, 0].tolist() == [2.0, 3.0, 4.0]
