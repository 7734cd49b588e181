from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from training import augment  # noqa: E402
from training.discriminant import discriminant  # noqa: E402
from training.losses import label_loss, likeness_loss, teacher_loss  # noqa: E402
from training.network import BANDS, MiniNet, Views  # noqa: E402


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return MiniNet((4, 6, 8, 8), 12, 4).eval()


def levels(n=3, frames=60, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return 20 * torch.randn(n, frames, BANDS, generator=rng) - 60


def test_any_length_gives_unit_vectors(net):
    """From the fewest frames to a whole window."""
    for frames in (28, 47, 98):
        vectors = net(levels(frames=frames))
        assert vectors.shape == (3, 16)
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))


def test_gain_does_not_matter(net):
    """A louder recording of the same thing is the same thing."""
    torch.testing.assert_close(net(levels()), net(levels() + 17.0), atol=1e-4, rtol=0)


def test_views_lie_between_bounds():
    """All four pictures are small numbers, digital silence included."""
    views = Views()(torch.cat([levels(), torch.full((1, 60, BANDS), -120.0)]))
    assert torch.isfinite(views).all()
    assert views.min() >= -0.5
    assert views.max() <= 1.0


def test_a_steady_floor_is_taken_away():
    """Under a sound, a constant background all but vanishes in the third picture."""
    picture = torch.full((1, 60, BANDS), -60.0)
    picture[0, 20:30, 10:14] = -30.0
    cleaned = Views()(picture)[0, 2]
    assert cleaned[25, 12] > 0.95
    assert cleaned[50, 40] < cleaned[25, 12] - 0.4


def test_noise_is_mixed_at_the_wanted_ratio():
    """The background lies as far under the sound's loudest 50 ms as was asked for."""
    rng = torch.Generator().manual_seed(0)
    power = torch.zeros(2, 60, BANDS)
    power[:, 20:40] = 1.0
    noise = torch.rand(2, 60, BANDS, generator=rng)
    mixed = augment.mix(power, noise, torch.tensor([10.0, 0.0]), rng)
    ratio = power[:, 20:40].sum(2).mean(1) / mixed[:, :20].sum(2).mean(1)
    torch.testing.assert_close(10 * ratio.log10(), torch.tensor([10.0, 0.0]), atol=0.6, rtol=0)


def test_a_room_only_adds_what_comes_later():
    """Nothing is heard before the sound, the sound itself stays, and the tail falls."""
    rng = torch.Generator().manual_seed(0)
    power = torch.zeros(64, 90, BANDS)
    power[:, 10] = 1.0
    wet = augment.room(power, rng)
    assert (wet[:, :10] == 0).all()
    assert (wet[:, 10] >= power[:, 10]).all()
    tails = wet[:, 11:].sum((1, 2))
    assert 16 < (tails > 0).sum() < 48
    early, late = (wet[tails > 0, at : at + 20].sum((1, 2)) for at in (11, 41))
    assert (late < early).all()


def test_a_tail_may_be_louder_than_the_sound():
    """From -15 to 8 dB over a single frame's sound, as in a room two metres away."""
    power = torch.zeros(400, 150, BANDS)
    power[:, 0] = 1.0
    wet = augment.room(power, torch.Generator().manual_seed(1))
    over = 10 * ((wet - power).sum((1, 2)) / BANDS).clamp(min=1e-9).log10()
    heard = over[over > -60]
    assert -18 < heard.min() < -10
    assert 0 < heard.max() < 11


def test_a_shift_moves_bands():
    """Two bands up is two bands up; half a band lies between."""
    picture = torch.arange(BANDS).float().expand(1, 4, BANDS)
    moved = augment.shift(picture, torch.tensor([2.5]))
    assert moved[0, 0, 10].item() == pytest.approx(7.5)


def test_takes_of_a_source_are_pulled_together():
    """The loss is small when both hearings agree and large when they are another's."""
    a = torch.eye(6)
    group = torch.arange(6)
    good, bad = (likeness_loss(a, b, group, 0.1) for b in (a, a.roll(1, 0)))
    assert good < 0.01 < 1 < bad


def test_the_teacher_is_only_asked_where_it_heard_the_same():
    """Windows of weight 0 add nothing."""
    wanted = torch.eye(4)
    clip = torch.arange(4)
    weight = torch.tensor([1.0, 1.0, 0.0, 0.0])
    found = wanted.clone()
    found[2:] = -found[2:]
    assert teacher_loss(found, wanted, weight, clip, 0.1) < 0.01


def test_labels_are_learned_where_they_are_known():
    """A row without a label adds nothing; the right label costs least."""
    labels = torch.eye(3)
    wanted = torch.tensor([[1.0, 0, 0], [0, 0, 0]])
    prior = torch.full((3,), 1 / 3)
    right = label_loss(torch.eye(3)[[0, 1]], labels, wanted, prior)
    wrong = label_loss(torch.eye(3)[[1, 1]], labels, wanted, prior)
    assert right < 0.01 < wrong


def test_the_discriminant_ignores_what_wavers():
    """A direction that differs between two hearings counts less than one that does not."""
    rng = np.random.default_rng(0)
    source = rng.normal(size=(500, 3)).astype(np.float32)
    noise = rng.normal(size=(2, 500, 3)) * [0.01, 0.01, 5.0]
    first, second = (source + n.astype(np.float32) for n in noise)
    directions, mean = discriminant(first, second, 2)
    assert np.abs(directions[2]).max() < 0.5 * np.abs(directions[:2]).max()
    assert mean.shape == (3,)


def test_the_exported_network_is_the_trained_one(net, tmp_path: Path):
    """Through ONNX Runtime the vectors are the same, for any number and length of windows."""
    pytest.importorskip("onnxscript", reason="exporting needs onnxscript")
    runtime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    import warnings

    from training.export import write_onnx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_onnx(net, tmp_path / "net.onnx")
    session = runtime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    for n, frames in ((1, 28), (5, 98)):
        x = levels(n, frames)
        (found,) = session.run(None, {"levels": x.numpy()})
        np.testing.assert_allclose(found, net(x).detach().numpy(), atol=1e-5)
