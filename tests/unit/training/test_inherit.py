from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
onnx = pytest.importorskip("onnx", reason="inheriting reads an ONNX file")

from training.inherit import inherit  # noqa: E402
from training.streaming_net import StreamingNet  # noqa: E402
from wakeword.embedding.weights import asset  # noqa: E402
from wakeword.encoders import create_encoder  # noqa: E402
from wakeword.errors import ConfigError  # noqa: E402

MINI = asset("models", "mini", "mini.onnx")


def test_what_was_learned_is_inherited():
    """Untrained, each sound's vector is nearest to its own vector of the earlier network."""
    rng = np.random.default_rng(0)
    levels = np.full((12, 96, 64), -75.0, np.float32)
    levels += 2 * rng.standard_normal(levels.shape).astype(np.float32)
    for row in range(len(levels)):
        band, start = 4 + 4 * row, 15 + 2 * (row % 5)
        levels[row, start : start + 10 + 3 * row, band : band + 3] += 45.0
    net = StreamingNet().eval()
    inherit(net, MINI)
    with torch.inference_mode():
        seen = net.see(torch.from_numpy(levels), alone=True)
        first = torch.zeros(len(levels), 1, dtype=torch.int64)
        vectors = net.whole(net.pool(seen, first, first + 24)).numpy()
    encoder = create_encoder("mini")
    wanted = encoder.embed_frames(list(levels))
    likeness = vectors @ wanted.T
    assert np.mean(likeness.argmax(axis=1) == np.arange(len(levels))) > 0.7
    assert np.diag(likeness).mean() > likeness.mean() + 0.2


def test_another_network_is_refused(tmp_path):
    """Wider levels than there were, and a file that holds no such network."""
    with pytest.raises(ConfigError, match="widths"):
        inherit(StreamingNet((32, 64, 200, 128)), MINI)
    graph = onnx.helper.make_graph([], "nothing", [], [])
    onnx.save(onnx.helper.make_model(graph), str(tmp_path / "a.onnx"))
    with pytest.raises(ConfigError, match="no mini 3"):
        inherit(StreamingNet(), tmp_path / "a.onnx")
