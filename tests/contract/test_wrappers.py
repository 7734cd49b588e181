"""What every wrapper of an encoder or a source promises: to be what it wraps, but for what it says.

Wrappers are found by walking the packages; one that is not derived from the base is found too.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from runtime.services.http.hearing import Tap
from runtime.services.http.metrics import MeteredEncoder, Metrics
from runtime.sources._resampled import Resampled
from wakebench.engine import RememberingEncoder
from wakebench.named import RememberingReader
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.errors import MissingExtra
from wakeword.labels import Classifier
from wakeword.protocols import Encoder, EncoderWrapper, Source, SourceWrapper
from wakeword.scoring.confirmation import ResampledEncoder
from wakeword.testing import RATE, FedSource, NamedTones, ToneEncoder, noise, tone

PACKAGES = ("wakeword", "enroll", "runtime", "wakebench")


class Able(NamedTones):
    """An encoder that can do all that can be declared, and nothing by its defaults."""

    id = "able-1"
    spec = "able:it"
    short_seconds = 0.25
    longest_seconds = 2.0
    frame_samples, frame_hop = 400, 160
    vocabulary = ("440 Hz", "880 Hz")

    def frames(self, samples: FloatArray) -> FloatArray:
        """Pieces of the samples."""
        starts = range(0, len(samples) - self.frame_samples + 1, self.frame_hop)
        return np.stack([samples[at : at + self.frame_samples] for at in starts])

    def embed_frames(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Of the first pieces alone."""
        return self.embed([np.ascontiguousarray(window[0]) for window in windows])

    def embed_as_pipeline(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Another vector than ``embed`` gives."""
        return -self.embed(windows)


class Worn(FedSource):
    """A source that has lost something and was opened again."""

    @property
    def samples_lost(self) -> int:
        """Some."""
        return 123

    @property
    def restarts(self) -> int:
        """A few."""
        return 4


class Passing:
    """Lets every frame pass."""

    def passes(self, source: str, frame: AudioFrame) -> bool:
        """Always."""
        return True


ENCODERS: dict[type, Callable[[Encoder], EncoderWrapper]] = {
    MeteredEncoder: lambda encoder: MeteredEncoder(encoder, Metrics(None, dict)),  # type: ignore[arg-type]
    RememberingEncoder: RememberingEncoder,
    RememberingReader: RememberingReader,
    ResampledEncoder: lambda encoder: ResampledEncoder(encoder, ToneEncoder(8000, 0.3)),
}
SOURCES: dict[type, Callable[[Source], SourceWrapper]] = {
    Resampled: lambda source: Resampled(source, 8000),
    Tap: lambda source: Tap(source, Passing()),  # type: ignore[arg-type]
}


def classes() -> Iterator[type]:
    """Every class of the packages, once."""
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(path, f"{package}."):
            if module.name.endswith("__main__"):
                continue
            try:
                members = vars(importlib.import_module(module.name)).values()
            except (ImportError, MissingExtra):
                continue  # what it needs is not installed here
            for member in tuple(members):
                if inspect.isclass(member) and member.__module__ == module.name:
                    yield member


def takes(found: type, annotation: str) -> bool:
    """Whether it is made of something of that type."""
    parameters = inspect.signature(found).parameters.values()
    return any(annotation == str(parameter.annotation) for parameter in parameters)


def test_every_wrapper_derives_from_the_base() -> None:
    """Whatever is made of an encoder and embeds, or of a source and is iterated over."""
    for found in classes():
        if "embed" in vars(found) and takes(found, "Encoder") and found is not Classifier:
            assert issubclass(found, EncoderWrapper), found
        if "__iter__" in vars(found) and "close" in dir(found) and takes(found, "Source"):
            assert issubclass(found, SourceWrapper), found


def test_every_wrapper_is_tried_here() -> None:
    """A new one needs a line in the tables above."""
    wrappers = [c for c in classes() if issubclass(c, (EncoderWrapper, SourceWrapper))]
    assert {*wrappers} - {EncoderWrapper, SourceWrapper} == {*ENCODERS, *SOURCES}


@pytest.mark.parametrize("kind", ENCODERS, ids=lambda kind: kind.__name__)
def test_an_encoder_keeps_its_abilities(kind: type[EncoderWrapper]) -> None:
    """Every declared field and every method, but for those that the wrapper names."""
    able = Able()
    wrapper = ENCODERS[kind](able)
    fields = set(Encoder.__annotations__)
    assert kind.changes <= fields
    for name in fields - kind.changes:
        assert getattr(wrapper, name) == getattr(able, name) != getattr(Encoder, name, None), name
    window = tone(440, 0.2)
    assert (wrapper.embed_text(["440 Hz"]) == able.embed_text(["440 Hz"])).all()
    if "rate" not in kind.changes:
        assert (wrapper.embed([window]) == able.embed([window])).all()
        assert (wrapper.embed_as_pipeline([window]) == able.embed_as_pipeline([window])).all()
    if "frame_samples" in kind.changes:
        assert not wrapper.hears_frames
    else:
        frames = wrapper.frames(window)
        assert (frames == able.frames(window)).all()
        assert (wrapper.embed_frames([frames]) == able.embed_frames([frames])).all()


@pytest.mark.parametrize("kind", SOURCES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("live", [True, False])
def test_a_source_keeps_its_counts(kind: type[SourceWrapper], live: bool) -> None:
    """Its name, what it lost, how often it came back; closing it closes what it wraps."""
    source = Worn(live=live)
    wrapper = SOURCES[kind](source)
    for name in {"name", "rate", "live", "samples_lost", "restarts"} - kind.changes:
        assert getattr(wrapper, name) == getattr(source, name), name
    source.feed(noise(0.1))
    source.end()
    assert sum(frame.seconds for frame in wrapper) == pytest.approx(0.1)
    wrapper.close()
    assert source.closed.is_set()
    assert source.rate == RATE
