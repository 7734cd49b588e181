from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("onnxscript", reason="the export needs onnxscript")

from training.streamed import Blocks, FrameStream, StreamedEncoder  # noqa: E402
from training.streaming_export import export_streaming  # noqa: E402
from training.streaming_loop import StreamingConfig, StreamingStudent  # noqa: E402
from training.streaming_net import AHEAD, BANDS, BLOCK, StreamingNet, ground, views  # noqa: E402
from wakeword.testing import noise, tone  # noqa: E402

WIDTHS = (4, 6, 8, 8)


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "relative"])
def student(request):
    torch.manual_seed(0)
    config = StreamingConfig(widths=WIDTHS, dim=12, text_dim=4, relative=request.param)
    student = StreamingStudent(config, 527, 16)
    with torch.no_grad():
        for score in (student.net.score_shapes, student.net.score_third, student.net.score_fourth):
            torch.nn.init.normal_(score.weight, std=0.05)
        student.net.norm.running_var.uniform_(0.5, 2.0)
        student.net.norm.running_mean.normal_()
    return student.eval()


@pytest.fixture(scope="module")
def folder(student, tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    export_streaming(student, folder, {"steps": 0})
    return folder


@pytest.fixture(scope="module")
def encoder(folder):
    return StreamedEncoder(folder)


def levels(frames, seed=0):
    rng = np.random.default_rng(seed)
    found = 8 * rng.standard_normal((frames, BANDS)) - 70
    found[frames // 2 : frames // 2 + 12, 20:30] += 40
    return found.astype(np.float32)


def samples(seconds=4.0):
    found = noise(seconds, level_db=-55.0, seed=3)
    for at, hertz in ((0.8, 700.0), (2.3, 2500.0)):
        start = round(at * 16000)
        found[start : start + 4800] += tone(hertz, 0.3)
    return found


def streamed(encoder, whole, cut):
    stream = FrameStream(encoder)
    parts = [stream.push(whole[at : at + cut]) for at in range(0, len(whole), cut)]
    return Blocks.joined([*parts, stream.flush()])


@pytest.mark.parametrize("cut", [1, 7, 10, 64])
def test_chunks_never_change_the_features(encoder, cut):
    """Frames in ones, in sevens or all at once: the same windows have the same vectors."""
    whole = levels(403)
    once, parts = streamed(encoder, whole, 403), streamed(encoder, whole, cut)
    assert len(once) == len(parts) == 100
    windows = [slice(0, 8), slice(10, 35), slice(40, 100), slice(99, 100)]
    a, b = (encoder.pool([blocks[w] for w in windows]) for blocks in (once, parts))
    np.testing.assert_allclose(a, b, atol=1e-5)


def test_the_export_is_the_network_of_the_training(encoder, student):
    """Windows of a stream and windows alone have torch's vectors to 1e-4."""
    whole = levels(400)
    blocks = streamed(encoder, whole, 10)
    first, end = torch.tensor([[0, 30, 90]]), torch.tensor([[12, 55, 100]])
    net = student.net
    with torch.inference_mode():
        seen = net.see(torch.from_numpy(whole)[None], alone=False)
        wanted = net.whole(net.pool(seen, first, end)).numpy()
        seen = net.see(torch.from_numpy(whole[2:98])[None], alone=True)
        alone = net.whole(net.pool(seen, torch.tensor([[0]]), torch.tensor([[24]]))).numpy()
    pairs = zip(first[0].tolist(), end[0].tolist(), strict=True)
    found = encoder.pool([blocks[a:b] for a, b in pairs])
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    np.testing.assert_allclose(encoder.embed_frames([whole[:98]]), alone, atol=1e-4)


def test_a_file_has_the_vectors_of_its_stream(encoder):
    """What is known when a window ends is all that counts: the file's rest changes nothing."""
    heard = samples()
    ends = np.array([16000, 24000, 40000, 56160])
    spans = np.stack([ends - 8000, ends], axis=1)
    offline = encoder.embed_spans(heard, spans)
    for row, (first, end) in enumerate(spans):
        stream, parts = FrameStream(encoder), []
        frames = encoder.frames(heard[:end])
        parts = [stream.push(frames[at : at + 10]) for at in range(0, len(frames), 10)]
        live = encoder.pool([encoder.window(Blocks.joined(parts), int(first), int(end))])
        np.testing.assert_allclose(live[0], offline[row], atol=1e-4)


def test_nothing_is_known_further_ahead_than_stated(student):
    """Frames beyond the look-ahead change no feature; those within it may."""
    whole = torch.from_numpy(levels(200))[None]
    changed = whole.clone()
    changed[:, 120:] = -20.0
    with torch.inference_mode():
        a, b = (student.net.see(x, alone=False) for x in (whole, changed))
    same = (120 - AHEAD) // BLOCK
    for before, after in zip(a, b, strict=True):
        torch.testing.assert_close(before[:, :same], after[:, :same], atol=0, rtol=0)
    assert not torch.equal(a.sums[:, same:], b.sums[:, same:])


def test_gain_does_not_matter(encoder):
    """A louder recording of the same thing is the same thing."""
    whole = levels(98)
    a, b = encoder.embed_frames([whole, whole + 17.0])
    np.testing.assert_allclose(a, b, atol=1e-4)


def test_the_floor_follows_a_noise_that_begins():
    """Noise that sets in is a sound at first; three seconds later it is the floor."""
    found = torch.full((1, 800, BANDS), -90.0)
    found[:, 200:] = -50.0
    under = ground(found, alone=False)
    assert under.floor[0, 55].max() < -80
    assert under.floor[0, 199].min() > -50.1
    over = views(found, under.peak, under.floor)[0, 1]
    assert over[240].min() > 0.9
    assert over[799].max() < 0.1


def test_windows_of_any_length_are_unit_vectors(encoder):
    """From 0.3 s to a second alone; silence and an empty list included."""
    heard = samples()[8000:24000]
    windows = [heard[:4800], heard[:8000], heard, np.zeros(100, np.float32)]
    vectors = encoder.embed(windows)
    assert vectors.shape == (4, 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert encoder.embed([]).shape == (0, 16)


def test_a_window_is_pooled_as_if_it_were_short(student):
    """Blocks outside a window have no say in it."""
    net: StreamingNet = student.net
    with torch.inference_mode():
        seen = net.see(torch.from_numpy(levels(80))[None], alone=False)
        part = type(seen)(*(x[:, 5:12] for x in seen))
        inside = net.pool(seen, torch.tensor([[5]]), torch.tensor([[12]]))
        short = net.pool(part, torch.tensor([[0]]), torch.tensor([[7]]))
    torch.testing.assert_close(inside, short)


def test_the_record_names_every_file(folder):
    """Checksums of all that is written."""
    about = json.loads((folder / "mini.json").read_text(encoding="utf-8"))
    assert set(about["files"]) == {"trunk.onnx", "pool.npz", "labels.f32", "labels.json"}
    assert about["dim"] == 16
