"""Windows of a stream, embedded with what they share computed once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.segmenter import Segmenter, SegmenterConfig
from wakeword.embedding.embedder import StreamEmbedder, embed_views
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.encoders.mini import create
from wakeword.errors import AudioFormatError
from wakeword.events import Window
from wakeword.testing import RATE, ToneEncoder, noise, placed, tone

SOUND = placed(noise(3.0, seed=4), (0.7, tone(900, 0.3)), (1.5, tone(3000, 0.1)))


class CountingEncoder(LogMelEncoder):
    """One that hears ends too, and remembers how many frames it computed."""

    short_seconds = 0.5

    def __init__(self) -> None:
        super().__init__()
        self.computed: list[int] = []

    def frames(self, samples: FloatArray) -> FloatArray:
        """As it always does."""
        found = super().frames(samples)
        self.computed.append(len(found))
        return found


def windows(
    samples: FloatArray, start: int = 0, hop: int = 1600, closed: Sequence[int] = ()
) -> list[Window]:
    """What the segmenter makes of samples whose blocks are all loud but the ``closed`` ones."""
    segmenter, found = Segmenter(RATE, 1.0, SegmenterConfig()), []
    for number, at in enumerate(range(0, len(samples), hop)):
        block = AudioFrame(samples[at : at + hop], start + at, RATE)
        window = segmenter.push(block, number not in closed)
        found += [window] if window is not None else []
    return found


def plain(encoder, heard: Sequence[Window]) -> FloatArray:
    return np.concatenate([embed_views(encoder, [window.samples]) for window in heard])


@pytest.fixture(scope="module")
def mini():
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    return create("", "cpu")


@pytest.mark.parametrize("hop", [1600, 800, 1000, 437, 160])
def test_it_hears_what_whole_windows_give(mini, hop):
    """On the grid of the frames and off it: within 1e-5 of a window that is embedded anew."""
    ear, heard = StreamEmbedder(mini), windows(SOUND[: 30 * hop], hop=hop)
    assert len(heard) == 30
    np.testing.assert_allclose([ear(w) for w in heard], plain(mini, heard), atol=1e-5)


def test_segments_that_end_and_begin(mini):
    """A closed gate, a short last block: no frame of one segment is taken for another's."""
    ear, heard = StreamEmbedder(mini), windows(SOUND[: 3 * RATE - 700], closed=range(8, 14))
    assert len({window.segment_start for window in heard}) == 2
    np.testing.assert_allclose([ear(w) for w in heard], plain(mini, heard), atol=1e-5)


def test_a_new_stream_shares_nothing_with_the_old_one(mini):
    """After a reset the same places hold other audio."""
    ear, other = StreamEmbedder(mini), windows(SOUND[::-1].copy())
    for window in windows(SOUND):
        ear(window)
    ear.reset()
    np.testing.assert_allclose([ear(w) for w in other], plain(mini, other), atol=1e-5)


def test_only_new_frames_are_computed():
    """A hop of a tenth of a second costs ten frames, and the window's end none."""
    encoder = CountingEncoder()
    ear = StreamEmbedder(encoder)
    for window in windows(SOUND):
        ear(window)
    assert encoder.computed == [8] + [10] * 29


def test_an_encoder_without_frames_is_asked_for_each_window():
    """It need not know of any of this."""
    ear, heard = StreamEmbedder(ToneEncoder(window_seconds=1.0)), windows(SOUND)
    found = np.stack([ear(window) for window in heard])
    np.testing.assert_array_equal(found, plain(ToneEncoder(window_seconds=1.0), heard))


@pytest.mark.parametrize("count", [1, 399])
def test_less_than_a_frame_is_a_window_too(mini, count):
    """It is filled up as the encoder does."""
    window = Window(SOUND[:count], 0, 0, RATE)
    np.testing.assert_array_equal(
        StreamEmbedder(mini)(window), embed_views(mini, [window.samples])[0]
    )


@pytest.mark.parametrize("bad", [np.full(4000, np.nan, np.float32), np.zeros(16001, np.float32)])
def test_what_is_no_window_is_refused(mini, bad):
    """The same errors as ``embed`` has."""
    with pytest.raises(AudioFormatError):
        StreamEmbedder(mini)(Window(bad, 0, 0, RATE))
