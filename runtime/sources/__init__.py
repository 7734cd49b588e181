"""Sources: where audio comes from. A module each, named like the scheme of its URI.

A source module has ``create(rest: str, options: SourceOptions) -> Source``; ``rest`` is what
follows the scheme and its colon. It may deliver at any rate: :func:`open_source` resamples.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wakeword.audio.channels import MIX, Choice, parse_choice
from wakeword.errors import AudioFormatError, SourceError
from wakeword.protocols import Source, load_plugin, plugin_names


@dataclass(frozen=True)
class SourceOptions:
    """What a source is told when it is opened."""

    rate: int
    """Samples per second that the engine wants; one that can deliver it should."""
    realtime: bool = False
    """Play recordings by the clock instead of as fast as possible."""
    block_seconds: float = 0.1
    """Length of the frames of a source that may choose it."""


def open_source(
    uri: str, rate: int, *, realtime: bool = False, block_seconds: float = 0.1
) -> Source:
    """Open what ``uri`` names, resampled to ``rate``.

    Args:
        uri: ``mic``, ``mic:NAME``, ``file:PATH`` or the path of a file, ``-`` for raw 16-bit
            little-endian PCM on standard input (``-?rate=48000&channels=2``; 16000 and 1
            unless stated), or any ``SCHEME:REST`` of an installed source. Behind a microphone
            or a file, ``?channel=1`` names one of its channels, from 0.
        rate: samples per second of the frames.
        realtime: play recordings by the clock.
        block_seconds: length of a frame, where the source may choose it.

    Raises:
        SourceError: there is no such source, or it cannot be heard.
        AudioDecodeError: a file that is not audio.
        MissingExtra: the source needs a package that is not installed.
    """
    from runtime.sources._resampled import Resampled

    scheme, rest = _split(uri)
    options = SourceOptions(rate, realtime, block_seconds)
    source: Source = load_plugin(__name__, scheme).create(rest, options)
    return Resampled(source, rate)


def split_channel(rest: str) -> tuple[str, Choice]:
    """What is named, and the choice of its channels: ``x.wav?channel=1``, ``?channels=best``.

    A question mark before anything else is a part of the name, and so is one in the name of a
    file that is there.

    Raises:
        SourceError: there is no such channel, or ``channels`` is neither ``mix`` nor ``best``.
    """
    name, mark, query = rest.rpartition("?")
    key, equals, value = query.partition("=")
    if not (mark and equals and key in ("channel", "channels")) or Path(rest).is_file():
        return rest, MIX
    try:
        return name, parse_choice(value)
    except AudioFormatError as error:
        raise SourceError(f"{rest}: {error}") from None


def _split(uri: str) -> tuple[str, str]:
    """Scheme and rest; a bare path is a file."""
    known = plugin_names(__name__)
    scheme, _, rest = uri.partition(":")
    if scheme in known:
        return scheme, rest
    if uri == "-" or uri.startswith("-?"):
        return "stdin", uri[1:]
    if any(Path(path).expanduser().exists() for path in (uri, split_channel(uri)[0])):
        return "file", uri
    raise SourceError(
        f"there is no file and no source {uri!r}; sources are a file, "
        f"'-' for standard input, or one of: {', '.join(known)}"
    )
