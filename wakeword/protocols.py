"""The seams of the engine: what encoders, gates, sources and sinks are.

Gates and sinks need no base class; whatever has the members fits. Encoders and sources derive
from :class:`Encoder` and :class:`Source`, where what they may be able to do besides is declared
with a default; what wraps one derives from :class:`EncoderWrapper` or :class:`SourceWrapper`.

Finding encoders, gates, sources and sinks: one module each, known by the module's name.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from wakeword.errors import ConfigError, EncoderError

if TYPE_CHECKING:
    from wakeword.audio.frames import AudioFrame, FloatArray
    from wakeword.audio.reading import Account
    from wakeword.events import WakeEvent


class Source(ABC):
    """Where audio comes from. Iterating blocks until the next frame is there."""

    name: str
    """What events say they came from, e.g. ``"mic"`` or ``"file:kitchen.wav"``."""
    rate: int
    """Samples per second of the frames."""
    live: bool
    """Whether the audio arrives by the clock and is lost when nobody listens."""

    @property
    def samples_lost(self) -> int:
        """Samples that never arrived so far, at ``rate``."""
        return 0

    @property
    def restarts(self) -> int:
        """How often a device that had gone was opened again."""
        return 0

    @property
    def account(self) -> Account | None:
        """What was heard of a recording, at its end; None for other sources."""
        return None

    @abstractmethod
    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield frames; a gap in their sample times means that audio was lost."""

    @abstractmethod
    def close(self) -> None:
        """Stop, from any thread; iteration then ends soon. Closing twice is harmless."""


class SourceWrapper(Source):
    """Another source in all that a subclass does not change.

    Args:
        source: what is wrapped.
    """

    changes: ClassVar[frozenset[str]] = frozenset()
    """Members in which a wrapper of this class may differ from what it wraps."""

    def __init__(self, source: Source) -> None:
        self.wrapped = source
        self.name = source.name
        self.rate = source.rate
        self.live = source.live

    @property
    def samples_lost(self) -> int:
        """Samples that never arrived so far."""
        return self.wrapped.samples_lost

    @property
    def restarts(self) -> int:
        """How often a device that had gone was opened again."""
        return self.wrapped.restarts

    @property
    def account(self) -> Account | None:
        """What was heard of a recording, at its end; None for other sources."""
        return self.wrapped.account

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield its frames."""
        return iter(self.wrapped)

    def close(self) -> None:
        """Close it."""
        self.wrapped.close()


@runtime_checkable
class Gate(Protocol):
    """Is anything there? Asked once for each block of the hop grid, in order."""

    def __call__(self, frame: AudioFrame) -> bool:
        """Whether something other than background is in this block."""
        ...

    def reset(self) -> None:
        """Forget the past."""
        ...


class Encoder(ABC):
    """Turns windows of sound into embeddings. The same audio always gives the same one.

    Several threads may embed at once: one for each source that is listened to. All fields but the
    first four are abilities; an encoder without one leaves its default.
    """

    id: str
    """Identity of the vectors: name and version. Vectors of two ids never mix."""
    rate: int
    """Samples per second that the windows must have."""
    dim: int
    """Length of an embedding."""
    window_seconds: float
    """Longest window, in seconds; shorter ones are padded by the encoder."""
    spec: str = ""
    """What ``create_encoder`` makes it from, with a folder's whole path; empty where nothing."""
    short_seconds: float | None = None
    """Short sounds are looked for in so much of a window's end: see
    :mod:`wakeword.embedding.embedder`. None: windows are heard as a whole only."""
    longest_seconds: float | None = None
    """Longest audio that is held against text at once; None: one window."""
    frame_samples: int = 0
    """Length of the frames that it makes of a window, each by itself, so that windows that
    overlap share them; 0: it does not."""
    frame_hop: int = 0
    """Samples from the start of one frame to the next."""
    logit_scale: float = 0.0
    """Likenesses of sound and text, times this, are what a softmax over labels takes; 0: its
    space holds no text."""
    vocabulary: tuple[str, ...] | None = None
    """Every name that it knows, where it reads names only; None: any text."""

    @property
    def hears_frames(self) -> bool:
        """Whether it has :meth:`frames` and :meth:`embed_frames`."""
        return self.frame_samples > 0

    @property
    def reads_text(self) -> bool:
        """Whether it has :meth:`embed_text`."""
        return self.logit_scale > 0

    @abstractmethod
    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embed a batch.

        Args:
            windows: each ``(n,) float32``, of any length from 1 sample to the longest window.

        Returns:
            ``(len(windows), dim) float32``, each row of length 1 (L2).

        Raises:
            AudioFormatError: a window is empty, too long, not mono float32 or not finite.
        """

    def embed_as_pipeline(self, windows: Sequence[FloatArray]) -> FloatArray:
        """As :meth:`embed`, for windows that are held against text, where that differs."""
        return self.embed(windows)

    def frames(self, samples: FloatArray) -> FloatArray:
        """The ``1 + (n - frame_samples) // frame_hop`` frames of ``(n,)`` samples, or none.

        Returns:
            ``(frames, values) float32``; each depends on its own samples alone.

        Raises:
            EncoderError: it makes none.
        """
        raise EncoderError(f"{self.id} hears windows as a whole")

    def embed_frames(self, windows: Sequence[FloatArray]) -> FloatArray:
        """What :meth:`embed` makes of windows with these frames, ``(len(windows), dim)``.

        Args:
            windows: of one frame or more each.

        Raises:
            EncoderError: it makes no frames.
        """
        raise EncoderError(f"{self.id} hears windows as a whole")

    def embed_text(self, labels: Sequence[str]) -> FloatArray:
        """``(len(labels), dim) float32``, each row of length 1 (L2).

        Raises:
            ConfigError: a label cannot be read, or no text can.
            EncoderError: it does not know a label.
        """
        raise ConfigError(f"the encoder {self.id} knows no words")


class EncoderWrapper(Encoder):
    """Another encoder in all that a subclass does not change.

    Args:
        encoder: what is wrapped.
    """

    changes: ClassVar[frozenset[str]] = frozenset()
    """Fields in which a wrapper of this class may differ from what it wraps."""

    def __init__(self, encoder: Encoder) -> None:
        self.wrapped = encoder
        for name in Encoder.__annotations__:
            setattr(self, name, getattr(encoder, name))

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embed a batch: see :meth:`Encoder.embed`."""
        return self.wrapped.embed(windows)

    def embed_as_pipeline(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embed a batch: see :meth:`Encoder.embed_as_pipeline`."""
        return self.wrapped.embed_as_pipeline(windows)

    def frames(self, samples: FloatArray) -> FloatArray:
        """Frames of samples: see :meth:`Encoder.frames`."""
        return self.wrapped.frames(samples)

    def embed_frames(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embed frames: see :meth:`Encoder.embed_frames`."""
        return self.wrapped.embed_frames(windows)

    def embed_text(self, labels: Sequence[str]) -> FloatArray:
        """Embed texts: see :meth:`Encoder.embed_text`."""
        return self.wrapped.embed_text(labels)


class Hearing(Protocol):
    """What hears one stream: the engine for enrolled sounds, a watch for labels."""

    @property
    def rate(self) -> int:
        """Samples per second that the frames must have."""
        ...

    @property
    def position(self) -> int:
        """Index of the next sample that is expected."""
        ...

    def push(self, frame: AudioFrame) -> Sequence[WakeEvent]:
        """Take the next frame, of any size; the events that it completes."""
        ...

    def flush(self) -> Sequence[WakeEvent]:
        """End the stream; the events that were still to come."""
        ...


@runtime_checkable
class Sink(Protocol):
    """What happens on a wake event. A user's function already is one."""

    def __call__(self, event: WakeEvent) -> object:
        """Take the event; may return a coroutine."""
        ...


def plugin_names(package: str) -> list[str]:
    """Names of the plug-ins in ``package``, e.g. ``"wakeword.gates"``; private ones left out."""
    path = importlib.import_module(package).__path__
    return sorted(m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_"))


def load_plugin(package: str, name: str) -> ModuleType:
    """Import the plug-in ``name`` of ``package``.

    Raises:
        ConfigError: there is none of that name.
    """
    known = plugin_names(package)
    if name not in known:
        kind = package.rpartition(".")[2].removesuffix("s").replace("_", " ")
        raise ConfigError(f"there is no {kind} {name!r}; known: {', '.join(known)}")
    return importlib.import_module(f"{package}.{name}")
