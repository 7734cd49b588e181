"""What the service did, for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from runtime.listening.stats import Stats
from wakeword.audio.frames import FloatArray
from wakeword.protocols import Encoder, EncoderWrapper

_EMBEDDING_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_SOURCE_COUNTS = {
    "frames_dropped": "Frames of a source that the engine was too slow to hear",
    "samples_lost": "Samples that never arrived from a source, or came while it was muted",
    "restarts": "How often the device of a source was opened again",
}
_ACTION_COUNTS = {
    "called": "How often a hook was begun",
    "failed": "How often a hook failed",
    "timed_out": "How often a hook took too long",
    "dropped": "Events that a hook never got",
}


class Metrics:
    """Counters of one application, in a registry of its own.

    Args:
        stats: asks what the sources and the hooks did.
        streams: asks how many streams of each kind are open.
    """

    def __init__(self, stats: Callable[[], Stats], streams: Callable[[], dict[str, int]]) -> None:
        self._registry = CollectorRegistry()
        into: dict[str, Any] = {"registry": self._registry}
        self.frames = Counter(
            "wakesound_frames", "Frames of 0.1 s that engines heard", ["stream"], **into
        )
        self.open_frames = Counter(
            "wakesound_open_frames",
            "Frames in which the gate was open",
            ["stream"],
            **into,
        )
        self.embedding_seconds = Histogram(
            "wakesound_embedding_seconds",
            "Time that an encoder took for a batch of windows while listening",
            buckets=_EMBEDDING_SECONDS,
            **into,
        )
        self.embeddings = Counter(
            "wakesound_embeddings", "Windows that were embedded while listening", **into
        )
        self.classify_seconds = Histogram(
            "wakesound_classify_seconds",
            "Time that holding a recording against labels took",
            buckets=_REQUEST_SECONDS,
            **into,
        )
        self.events = Counter(
            "wakesound_events", "Wake events", ["sound", "name", "stream"], **into
        )
        self.near_misses = Counter(
            "wakesound_near_misses",
            "Sounds that stayed just below their threshold",
            ["sound"],
            **into,
        )
        self.dropped_readers = Counter(
            "wakesound_dropped_readers",
            "Streams that were ended since nobody read them",
            ["kind"],
            **into,
        )
        self.frames_left_out = Counter(
            "wakesound_stream_frames_left_out",
            "Frames of the server's sources that a client's stream did not get, being too slow",
            ["stream"],
            **into,
        )
        self.requests = Counter(
            "wakesound_http_requests",
            "Requests by what answered them",
            ["method", "route", "status"],
            **into,
        )
        self.request_seconds = Histogram(
            "wakesound_http_request_seconds",
            "Time to an answer",
            ["route"],
            buckets=_REQUEST_SECONDS,
            **into,
        )
        self.sounds = Gauge("wakesound_sounds", "Enrolled sounds", **into)
        self._registry.register(_Asked(self, stats, streams))

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def heard(self, stream: str, frames: float) -> None:
        """An engine heard so many frames."""
        self.frames.labels(stream).inc(frames)


class MeteredEncoder(EncoderWrapper):
    """An encoder whose work is timed.

    Args:
        encoder: does the work.
        metrics: are told.
    """

    def __init__(self, encoder: Encoder, metrics: Metrics) -> None:
        super().__init__(encoder)
        self._metrics = metrics

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embed a batch: see :meth:`wakeword.protocols.Encoder.embed`."""
        return self._timed(self.wrapped.embed, windows)

    def embed_as_pipeline(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embed a batch: see :meth:`wakeword.protocols.Encoder.embed_as_pipeline`."""
        return self._timed(self.wrapped.embed_as_pipeline, windows)

    def embed_frames(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embed frames: see :meth:`wakeword.protocols.Encoder.embed_frames`."""
        return self._timed(self.wrapped.embed_frames, windows)

    def _timed(
        self, work: Callable[[Sequence[FloatArray]], FloatArray], windows: Sequence[FloatArray]
    ) -> FloatArray:
        began = time.perf_counter()
        vectors = work(windows)
        self._metrics.embedding_seconds.observe(time.perf_counter() - began)
        self._metrics.embeddings.inc(len(windows))
        return vectors


class _Asked(Collector):
    """What is counted elsewhere, asked for when somebody looks."""

    def __init__(
        self,
        metrics: Metrics,
        stats: Callable[[], Stats],
        streams: Callable[[], dict[str, int]],
    ) -> None:
        self._metrics = metrics
        self._stats = stats
        self._streams = streams

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield self._gate_share()
        stats = self._stats()
        for name, text in _SOURCE_COUNTS.items():
            family = CounterMetricFamily(f"wakesound_source_{name}", text, labels=["source"])
            for source in stats.sources:
                family.add_metric([source.name], getattr(source, name))
            yield family
        up = GaugeMetricFamily("wakesound_source_up", "Whether it is heard", labels=["source"])
        for source in stats.sources:
            up.add_metric([source.name], float(source.state == "listening"))
        yield up
        for name, text in _ACTION_COUNTS.items():
            family = CounterMetricFamily(
                f"wakesound_hook_{name}", text, labels=["sound", "hook", "number"]
            )
            for number, action in enumerate(stats.actions):
                labels = [action.sound, action.action, str(number)]
                family.add_metric(labels, getattr(action, name))
            yield family
        streams = GaugeMetricFamily("wakesound_streams", "Open streams", labels=["kind"])
        for kind, count in self._streams().items():
            streams.add_metric([kind], count)
        yield streams

    def _gate_share(self) -> Metric:
        share = GaugeMetricFamily(
            "wakesound_gate_open_ratio",
            "Share of the frames so far in which the gate was open",
            labels=["stream"],
        )
        opened = _by_stream(self._metrics.open_frames)
        for stream, frames in _by_stream(self._metrics.frames).items():
            share.add_metric([stream], min(1.0, opened.get(stream, 0.0) / max(frames, 1.0)))
        return share


def _by_stream(counter: Counter) -> dict[str, float]:
    return {
        sample.labels["stream"]: sample.value
        for metric in counter.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }
