"""Whole windows and their ends."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.audio.segmenter import SegmenterConfig
from wakeword.embedding.embedder import (
    embed_views,
    focused,
    is_short,
    view_dim,
)
from wakeword.testing import RATE, ToneEncoder, tone


class ShortEncoder(ToneEncoder):
    """One that hears short windows well."""

    short_seconds = 0.25


SHORT = ShortEncoder()
HIGH_END = np.concatenate([tone(500.0, 0.25), tone(3000.0, 0.25)])


def test_the_end_is_embedded_by_itself():
    """The second view is what the encoder makes of the last part alone."""
    (row,) = embed_views(SHORT, [HIGH_END])
    assert row.shape == (view_dim(SHORT),) == (2 * SHORT.dim,)
    assert np.allclose(row[: SHORT.dim], SHORT.embed([HIGH_END])[0])
    assert np.allclose(row[SHORT.dim :], SHORT.embed([HIGH_END[-RATE // 4 :]])[0])


def test_a_short_window_is_the_same_twice():
    """There is nothing to leave out."""
    (row,) = embed_views(SHORT, [tone(500.0, 0.2)])
    assert np.array_equal(row[: SHORT.dim], row[SHORT.dim :])


def test_an_encoder_may_have_one_view():
    """Then nothing is added."""
    encoder = ToneEncoder()
    assert view_dim(encoder) == encoder.dim
    assert np.array_equal(embed_views(encoder, [HIGH_END]), encoder.embed([HIGH_END]))


@pytest.mark.parametrize("short", [False, True])
def test_a_focused_vector_gives_the_cosine_in_its_view(short):
    """What the other view says does not count."""
    takes = embed_views(SHORT, [tone(3000.0, 0.5)])
    cosine = (embed_views(SHORT, [HIGH_END]) @ focused(takes, SHORT.dim, short).T)[0, 0]
    whole = (SHORT.embed([HIGH_END]) @ SHORT.embed([tone(3000.0, 0.5)]).T)[0, 0]
    assert cosine == pytest.approx(1.0, abs=1e-3) if short else cosine == pytest.approx(whole)


@pytest.mark.parametrize(
    ("seconds", "short"), [([0.05], True), ([0.04, 0.05, 2.0], True), ([0.06], False), ([], False)]
)
def test_short_is_what_fits_with_its_pre_roll(seconds, short):
    """The median of the takes decides."""
    config = SegmenterConfig(pre_roll_seconds=0.2)
    assert is_short(seconds, SHORT, config) is short
    assert not is_short(seconds, ToneEncoder(), config)
