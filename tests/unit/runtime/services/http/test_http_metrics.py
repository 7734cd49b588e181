"""What the service counts."""

from __future__ import annotations

import pytest

pytest.importorskip("prometheus_client", reason="the extra 'server' is not installed")

from runtime.listening.stats import Stats
from runtime.services.http.metrics import Metrics, metered
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.protocols import FrameEncoder, TextEncoder
from wakeword.testing import NamedTones, ToneEncoder, tone


def _metrics() -> Metrics:
    return Metrics(Stats, dict)


def test_what_is_embedded_is_counted() -> None:
    """Windows, and the time it took; the vectors are the encoder's own."""
    metrics, encoder = _metrics(), ToneEncoder()
    vectors = metered(encoder, metrics).embed([tone(440, 0.3), tone(880, 0.3)])
    assert (vectors == encoder.embed([tone(440, 0.3), tone(880, 0.3)])).all()
    assert "wakesound_embeddings_total 2.0" in metrics.text().decode()


def test_who_knows_words_still_does() -> None:
    """A timed encoder has a text side exactly if the encoder has, so that vetoes count."""
    metrics, reader = _metrics(), NamedTones()
    timed = metered(reader, metrics)
    assert isinstance(timed, TextEncoder)
    assert (timed.embed_text(["440 Hz"]) == reader.embed_text(["440 Hz"])).all()
    assert timed.logit_scale == reader.logit_scale
    assert not isinstance(metered(ToneEncoder(), metrics), TextEncoder)


def test_frames_are_still_shared() -> None:
    """A timed encoder hears by frames exactly if the encoder does, and that is counted too."""
    metrics, encoder = _metrics(), LogMelEncoder()
    timed = metered(encoder, metrics)
    assert isinstance(timed, FrameEncoder)
    frames = timed.frames(tone(440, 0.3))
    assert (timed.embed_frames([frames]) == encoder.embed([tone(440, 0.3)])).all()
    assert "wakesound_embeddings_total 1.0" in metrics.text().decode()
    assert not isinstance(metered(ToneEncoder(), metrics), FrameEncoder)


def test_patterns_are_counted_apart() -> None:
    """By the sound all of them add up, by the name each counts alone."""
    metrics = _metrics()
    for name in ("clap x2", "clap x2", "clap x3"):
        metrics.events.labels("clap", name, "mic").inc()
    text = metrics.text().decode()
    assert 'wakesound_events_total{name="clap x2",sound="clap",stream="mic"} 2.0' in text
    assert 'wakesound_events_total{name="clap x3",sound="clap",stream="mic"} 1.0' in text
