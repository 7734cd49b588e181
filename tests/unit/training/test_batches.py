from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("soxr")

from training.batches import PRE_ROLL, Batches, neighbours  # noqa: E402
from training.corpus import RATE, Clip, Store, write_store  # noqa: E402
from wakeword.testing import noise, tone  # noqa: E402

SHARES = (0.5, 0.2, 0.15, 0.15)


def clip(group, take, kind="event", label="bell", seconds=0.3, hertz=500.0):
    samples = noise(seconds, level_db=-60.0, seed=take) + tone(hertz, seconds)
    return Clip(samples, group, f"{group}/{take}", label, kind, False)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Twelve bells and six words with four takes each, two voices, four long backgrounds."""
    clips = [clip(f"b{s}", t, hertz=300.0 + 100 * s) for s in range(12) for t in range(4)]
    clips += [clip(f"m{s}", t, "made", hertz=2000.0) for s in range(6) for t in range(4)]
    clips += [clip(f"v{s}", 0, "speech", "speech", 4.0) for s in range(2)]
    clips += [clip(f"n{s}", 0, "background", "music", 6.0) for s in range(4)]
    assert RATE == 16000
    folder = tmp_path_factory.mktemp("store")
    write_store(iter(clips), folder)
    return Store.read(folder)


def batches(store, seed=1, **more):
    rows = np.arange(len(store.items["onset"]))
    return Batches(store, rows, 64, SHARES, seed, **more)


def test_both_hearings_are_of_the_same_windows(store):
    """Parts come in the order of the rows, and each hearing has them all."""
    batch = batches(store).draw()
    for hearing in (batch.first, batch.second):
        assert sum(len(part) for part in hearing) == len(batch.rows) == len(batch.group)
        assert all(torch.isfinite(part).all() for part in hearing)


def test_one_seed_draws_the_same(store):
    """Rows and every level; another seed draws others."""
    one, same, other = (batches(store, seed).draw() for seed in (1, 1, 2))
    assert one.rows.tolist() == same.rows.tolist()
    for a, b in zip(one.first + one.second, same.first + same.second, strict=True):
        assert torch.equal(a, b)
    assert one.rows.tolist() != other.rows.tolist()


def test_another_pitch_is_another_source(store):
    """All takes of a source move together, under a number of their own; no teacher is asked."""
    source = batches(store)
    seen: set[int] = set()
    for _ in range(5):
        batch = source.draw()
        groups = store.items["group"][batch.rows]
        moved = batch.group.numpy() < 0
        assert (batch.asked.numpy() == ~moved).all()
        for group in np.unique(groups):
            assert len(set(batch.group.numpy()[groups == group])) == 1
        fresh = set(batch.group.numpy()[moved].tolist())
        assert not fresh & seen
        seen |= fresh
    assert seen


def test_talk_and_music_never_repeat(store):
    """Two windows of a voice or a background are not two takes of one sound."""
    kinds = store.kinds()
    batch = batches(store).draw()
    loose = np.isin(kinds[batch.rows], ("speech", "background"))
    groups = store.items["group"][batch.rows]
    assert len(np.unique(groups[loose])) == loose.sum() > 0
    assert len(np.unique(groups[~loose])) < (~loose).sum()


def test_an_enrolled_sound_begins_after_the_pre_roll(store):
    """The first hearing of a short sound is a take: a bit of room, then the sound."""
    rows = np.flatnonzero(store.kinds() == "event")
    batch = batches(store).hear(rows)
    level = torch.cat([part.amax(dim=2)[:, : PRE_ROLL[1] + 12] for part in batch.first])
    loudest = level.argmax(dim=1)
    assert (loudest >= PRE_ROLL[0] - 3).float().mean() > 0.9


def test_what_is_alike_is_drawn_together(store):
    """The sources whose views are nearest to each other are neighbours, itself excepted."""
    views = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 0, 1, 2]] + 0.01
    sources = [np.array([i]) for i in range(7)]
    near = neighbours(views, sources, 2)
    assert set(near[0]) == {1, 4}
    assert set(near[3]) == {2, 5}
    assert all(row not in found for row, found in enumerate(near))
    everything = np.random.default_rng(0).normal(size=(len(store.items["onset"]), 4))
    drawn = batches(store, views=everything.astype(np.float32), hard=1.0).draw()
    assert len(drawn.rows) > 32
