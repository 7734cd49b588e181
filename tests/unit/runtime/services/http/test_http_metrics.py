"""What the service counts."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("prometheus_client", reason="the extra 'server' is not installed")

from runtime.listening.stats import Stats
from runtime.services.http.metrics import MeteredEncoder, Metrics
from wakeword.audio.frames import AudioFrame
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.testing import RATE, NamedTones, ToneEncoder, tone


def _metrics() -> Metrics:
    return Metrics(Stats, dict)


def test_what_is_embedded_is_counted() -> None:
    """Windows, and the time it took; the vectors are the encoder's own."""
    metrics, encoder = _metrics(), ToneEncoder()
    vectors = MeteredEncoder(encoder, metrics).embed([tone(440, 0.3), tone(880, 0.3)])
    assert (vectors == encoder.embed([tone(440, 0.3), tone(880, 0.3)])).all()
    assert "wakesound_embeddings_total 2.0" in metrics.text().decode()


def test_who_knows_words_still_does() -> None:
    """A timed encoder has a text side exactly if the encoder has, so that vetoes count."""
    metrics, reader = _metrics(), NamedTones()
    timed = MeteredEncoder(reader, metrics)
    assert timed.reads_text
    assert (timed.embed_text(["440 Hz"]) == reader.embed_text(["440 Hz"])).all()
    assert timed.logit_scale == reader.logit_scale
    assert not MeteredEncoder(ToneEncoder(), metrics).reads_text


def test_frames_are_still_shared() -> None:
    """A timed encoder hears by frames exactly if the encoder does, and that is counted too."""
    metrics, encoder = _metrics(), LogMelEncoder()
    timed = MeteredEncoder(encoder, metrics)
    assert timed.hears_frames
    frames = timed.frames(tone(440, 0.3))
    assert (timed.embed_frames([frames]) == encoder.embed([tone(440, 0.3)])).all()
    assert "wakesound_embeddings_total 1.0" in metrics.text().decode()
    assert not MeteredEncoder(ToneEncoder(), metrics).hears_frames


def test_patterns_are_counted_apart() -> None:
    """By the sound all of them add up, by the name each counts alone."""
    metrics = _metrics()
    for name in ("clap x2", "clap x2", "clap x3"):
        metrics.events.labels("clap", name, "mic").inc()
    text = metrics.text().decode()
    assert 'wakesound_events_total{name="clap x2",sound="clap",stream="mic"} 2.0' in text
    assert 'wakesound_events_total{name="clap x3",sound="clap",stream="mic"} 1.0' in text


def test_frames_that_find_no_room_are_counted() -> None:
    """A client that is too slow for the server's own source misses some, and that shows."""
    from runtime.services.http.routes.monitor import WaitingFrames

    metrics = _metrics()

    async def follow() -> list[int]:
        waiting = WaitingFrames(metrics.frames_left_out.labels("monitor").inc, most=2)
        for number in range(5):
            waiting.put("mic", AudioFrame(tone(440, 0.1), number * 1600, RATE))
        return [(await waiting.get())[1].start for _ in range(2)]

    assert asyncio.run(follow()) == [0, 1600]
    assert 'wakesound_stream_frames_left_out_total{stream="monitor"} 3.0' in metrics.text().decode()
