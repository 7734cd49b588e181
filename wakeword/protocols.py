"""The seams of the engine. Whatever has these members fits, without a base class.

Finding encoders, gates, sources and sinks: one module each, known by the module's name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from wakeword.errors import ConfigError

if TYPE_CHECKING:
    from wakeword.audio.frames import AudioFrame, FloatArray
    from wakeword.events import WakeEvent


@runtime_checkable
class Source(Protocol):
    """Where audio comes from. Iterating blocks until the next frame is there."""

    @property
    def name(self) -> str:
        """What events say they came from, e.g. ``"mic"`` or ``"file:kitchen.wav"``."""
        ...

    @property
    def rate(self) -> int:
        """Samples per second of the frames."""
        ...

    @property
    def live(self) -> bool:
        """Whether the audio arrives by the clock and is lost when nobody listens."""
        ...

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield frames; a gap in their sample times means that audio was lost."""
        ...

    def close(self) -> None:
        """Stop, from any thread; iteration then ends soon. Closing twice is harmless."""
        ...


@runtime_checkable
class Gate(Protocol):
    """Is anything there? Asked once for each block of the hop grid, in order."""

    def __call__(self, frame: AudioFrame) -> bool:
        """Whether something other than background is in this block."""
        ...

    def reset(self) -> None:
        """Forget the past."""
        ...


@runtime_checkable
class Encoder(Protocol):
    """Turns windows of sound into embeddings. The same audio always gives the same one.

    Several threads may embed at once: one for each source that is listened to. An encoder that
    hears short windows well may say how short as ``short_seconds``: see
    :mod:`wakeword.embedding.embedder`.
    """

    @property
    def id(self) -> str:
        """Identity of the vectors: name and version. Vectors of two ids never mix."""
        ...

    @property
    def rate(self) -> int:
        """Samples per second that the windows must have."""
        ...

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        ...

    @property
    def window_seconds(self) -> float:
        """Longest window, in seconds; shorter ones are padded by the encoder."""
        ...

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embed a batch.

        Args:
            windows: each ``(n,) float32``, of any length from 1 sample to the longest window.

        Returns:
            ``(len(windows), dim) float32``, each row of length 1 (L2).

        Raises:
            AudioFormatError: a window is empty, too long, not mono float32 or not finite.
        """
        ...


@runtime_checkable
class FrameEncoder(Encoder, Protocol):
    """An encoder that hears a window as frames, each of a few samples and by itself.

    Windows that overlap then share frames: see :mod:`wakeword.embedding.embedder`.
    """

    @property
    def frame_samples(self) -> int:
        """Length of a frame."""
        ...

    @property
    def frame_hop(self) -> int:
        """Samples from the start of one frame to the next."""
        ...

    def frames(self, samples: FloatArray) -> FloatArray:
        """The ``1 + (n - frame_samples) // frame_hop`` frames of ``(n,)`` samples, or none.

        Returns:
            ``(frames, values) float32``; each depends on its own samples alone.
        """
        ...

    def embed_frames(self, windows: Sequence[FloatArray]) -> FloatArray:
        """What :meth:`embed` makes of windows with these frames, ``(len(windows), dim)``.

        Args:
            windows: of one frame or more each.
        """
        ...


@runtime_checkable
class TextEncoder(Encoder, Protocol):
    """An encoder whose space also holds text.

    One that knows names only has them as ``vocabulary``; one that can hear more than a window
    at a time says how much as ``longest_seconds``; one whose windows are held against text in a
    way of their own has ``embed_as_pipeline``, which takes and gives what ``embed`` does.
    """

    @property
    def logit_scale(self) -> float:
        """Likenesses of sound and text, times this, are what a softmax over labels takes."""
        ...

    def embed_text(self, labels: Sequence[str]) -> FloatArray:
        """``(len(labels), dim) float32``, each row of length 1 (L2)."""
        ...


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
