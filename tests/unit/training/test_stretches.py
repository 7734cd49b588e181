from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("soxr")

from training.corpus import Clip, Store, write_store  # noqa: E402
from training.streaming_loop import (  # noqa: E402
    StreamingConfig,
    Teachers,
    load_streaming,
    pooled_views,
    train_streaming,
)
from training.streaming_net import BLOCK, StreamingNet  # noqa: E402
from training.streaming_refine import (  # noqa: E402
    drawn,
    gather,
    refine_streaming,
    refit_streaming_names,
    within,
)
from training.stretches import FRAMES, PER_STRETCH, WINDOWS, Stretches  # noqa: E402
from wakeword.testing import noise, tone  # noqa: E402

CONFIG = StreamingConfig(
    steps=3, items=24, widths=(4, 6, 8, 8), dim=12, text_dim=4, targets=8, memory=64,
    inherited=False, bfloat16=False, save_every=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Sixteen bells with three takes each and four backgrounds, and what teachers say of them."""
    clips = []
    for source in range(16):
        for take in range(3):
            heard = noise(0.3, level_db=-60.0, seed=take) + tone(300.0 + 150 * source, 0.3)
            name = f"b{source}"
            clips.append(Clip(heard, name, f"{name}/{take}", "bell", "event", source == 0))
    for number in range(4):
        heard = noise(5.0, level_db=-30.0, seed=90 + number)
        clips.append(Clip(heard, f"n{number}", f"n{number}", "rain", "background", False))
    folder = tmp_path_factory.mktemp("store")
    write_store(iter(clips), folder)
    count = len(Store.read(folder).items["onset"])
    rng = np.random.default_rng(0)
    for name, width in (("features", 20), ("logits", 527), ("elder", 256)):
        np.save(folder / f"{name}.npy", rng.standard_normal((count, width)).astype(np.float16))
    return folder


def heard(folder, seed=1):
    store = Store.read(folder)
    rows = np.arange(len(store.items["onset"]))
    return Stretches(store, rows, 24, (0.8, 0.0, 0.0, 0.2), seed).draw_stretches()


def test_two_sounds_stand_in_a_stretch(store):
    """Every sound has its windows, in blocks that the stretch has."""
    found = heard(store)
    n = len(found.rows)
    assert n % PER_STRETCH == 0
    assert found.stretches.shape == (n // PER_STRETCH, FRAMES, 64)
    assert torch.isfinite(found.stretches).all()
    assert found.first.shape == found.end.shape == (n // PER_STRETCH, PER_STRETCH * WINDOWS)
    assert (found.first >= 0).all()
    assert (found.end - found.first >= 2).all()
    assert (found.end <= FRAMES // BLOCK).all()
    assert sorted(found.order.tolist()) == list(range(n))
    assert sum(len(part) for part in found.alone) == n


def test_one_seed_draws_the_same(store):
    """Another draws others."""
    one, same, other = (heard(store, seed) for seed in (1, 1, 2))
    assert torch.equal(one.stretches, same.stretches)
    assert torch.equal(one.end, same.end)
    assert not torch.equal(one.stretches, other.stretches)


def test_a_window_holds_its_own_sound(store):
    """The pitch of the take alone is the loudest one in its window of the stretch."""
    found = heard(store)
    low, high = found.first.view(-1, WINDOWS)[:, 0], found.end.view(-1, WINDOWS)[:, 0]
    bells = Store.read(store).kinds()[found.rows] == "event"
    alone = torch.cat([part.amax(1) for part in found.alone]).argmax(1)
    right = []
    for place, item in enumerate(found.order.tolist()):
        window = found.stretches[place // PER_STRETCH, low[place] * 4 : high[place] * 4 + 4]
        if bells[item]:
            right.append(abs(int(window.amax(0).argmax()) - int(alone[item])) <= 2)
    assert np.mean(right) > 0.6


def test_a_run_goes_on_where_it_stopped(store, tmp_path):
    """Three steps, then two more in the same folder; the averaged student can be read."""
    data = Store.read(store)
    train_streaming(data, store, CONFIG, tmp_path)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["step"] == 3
    train_streaming(data, store, StreamingConfig(**{**vars(CONFIG), "steps": 5}), tmp_path)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 5
    student = load_streaming(tmp_path)
    assert all(torch.isfinite(p).all() for p in student.parameters())


def test_frozen_layers_stay(store, tmp_path):
    """What is frozen keeps its weights; the rest learns."""
    torch.manual_seed(CONFIG.seed)
    config = StreamingConfig(**{**vars(CONFIG), "frozen": 3, "weight_decay": 0.0})
    train_streaming(Store.read(store), store, config, tmp_path)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    now, mean = state["student"], state["slow"]
    kept, moved = ("net.layers.2.conv.weight", "net.layers.3.conv.weight")
    torch.testing.assert_close(now[kept], mean[f"module.{kept}"])
    assert not torch.allclose(now[moved], mean[f"module.{moved}"], atol=1e-7)


def test_views_come_back_in_the_order_of_the_rows(store):
    """Two sounds of a stretch are not taken for each other."""
    found = heard(store)
    net = StreamingNet((4, 6, 8, 8), 12, 4).eval()
    with torch.inference_mode():
        views = pooled_views(net, found, low=False)
        seen = net.see(found.stretches, alone=False)
        place = int(torch.argsort(found.order)[5])
        stretch, slot = divmod(place, PER_STRETCH)
        column = slice(slot * WINDOWS, slot * WINDOWS + 1)
        one = type(seen)(*(part[stretch : stretch + 1] for part in seen))
        rows = slice(stretch, stretch + 1)
        wanted = net.pool(one, found.first[rows, column], found.end[rows, column])
    assert len(views) == 2 + WINDOWS
    torch.testing.assert_close(views[2][5], wanted[0])


def test_the_last_layer_brings_takes_together(store, tmp_path):
    """After the discriminant, hearings of a source differ less beside other sources."""
    data = Store.read(store)
    train_streaming(data, store, CONFIG, tmp_path)
    student = load_streaming(tmp_path)
    found = gather(student, drawn(data, CONFIG, 6))
    plain = ratio(student, found)
    refine_streaming(student, found, 0.5, 1.0, 1.0)
    assert ratio(student, found) < plain
    assert np.linalg.eigvalsh(within(found, 0.5)).min() > -1e-6
    before = student.labels.detach().clone()
    refit_streaming_names(student, data, Teachers.read(data, store, CONFIG), CONFIG)
    assert not torch.equal(student.labels, before)


def ratio(student, found):
    with torch.inference_mode():
        both = student.net.project(torch.from_numpy(found.views))[..., :12]
    vectors = torch.nn.functional.normalize(both, dim=-1).numpy()
    same = np.square(vectors[:, 0] - vectors[:, 2]).sum(1).mean()
    others = np.square(vectors[:, 0] - vectors[::-1, 2]).sum(1).mean()
    return same / others
