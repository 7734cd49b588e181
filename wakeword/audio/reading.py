"""Reading recordings, piece by piece, whole, and from whatever program they come.

Whatever cannot be used ends in one ``AudioDecodeError`` line that names the file and says what to
do. A recording of which a part is missing gives what is there, with a warning and an account.

FFmpeg decodes all of it, through PyAV. What FFmpeg takes on trust is looked at before: the sizes
in WAV files, the links of chained Ogg files, tags before MP3 files.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from wakeword.audio.channels import BEST, MIX, Choice, Mixer
from wakeword.audio.files.decoder import Decoder, Unreadable
from wakeword.audio.files.formats import READABLE
from wakeword.audio.files.linear import LinearDecoder
from wakeword.audio.files.mpeg import after_tags, mpeg_layout
from wakeword.audio.files.ogg import ogg_layout
from wakeword.audio.files.parts import Layout, Part
from wakeword.audio.files.riff import wav_layout
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.errors import AudioDecodeError, AudioTooLong

_log = logging.getLogger(__name__)

RAW = (".raw", ".pcm")
"""Files of samples without a header."""
MIN_RATE, MAX_RATE = 1_000, 768_000
"""Sample rates in Hz outside of which a header is wrong."""
MAX_CHANNELS = 64
"""More channels than this are no recording."""
MAX_LEVEL = 64.0
"""Float samples beyond this (+36 dBFS) are not audio in -1..1 but integers kept as floats."""
FULL_SCALE = 0.9
"""Where the loudest sample of a float recording above 0 dBFS is brought down to."""
SHORT_SECONDS = 0.25
"""How much shorter than stated a recording may be where packets are counted, not samples."""
MOST_AT_ONCE = 1 << 18
"""Samples of each channel that are decoded together at most."""
LONGEST_SECONDS = 400 * 24 * 3600.0
"""A stated length beyond this is none."""


@dataclass(frozen=True)
class Account:
    """What was heard of a recording, beside what it says of itself."""

    heard_seconds: float
    """How much sound was read."""
    stated_seconds: float | None
    """How long it says it is; None where it does not say."""
    complete: bool
    """Whether nothing is known to be missing."""
    warnings: tuple[str, ...] = ()
    """What the user should know, each a clause that follows the file's name."""

    def as_json(self) -> dict[str, Any]:
        """The lengths, and whether it is all of it, as a JSON object."""
        stated = self.stated_seconds
        return {
            "heard_seconds": round(self.heard_seconds, 3),
            "stated_seconds": None if stated is None else round(stated, 3),
            "complete": self.complete,
        }


@dataclass(frozen=True, eq=False)
class AudioClip:
    """A whole recording."""

    samples: FloatArray
    """``(n,) float32`` mono, at least one sample."""
    rate: int
    """Samples per second."""
    account: Account | None = None
    """What was heard of the file it comes from; None for one that comes from none."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate


class Recording:
    """A recording that is read front to back, once. Its header is read when it is opened.

    Args:
        path: the file.
        channel: ``"mix"`` for all channels in one, ``"best"`` for the one in which most stands
            out from its background (the file is then read twice), or a channel's number, from 0.
        shown: what messages call it; its path by default.
        most_seconds: longest recording that may be read.
        most_samples: most samples of all channels together that may be.

    Raises:
        AudioDecodeError: missing, empty, not audio, or there is no such channel.
        AudioTooLong: it says of itself that it is longer than may be read.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        channel: Choice = MIX,
        shown: str | None = None,
        most_seconds: float = math.inf,
        most_samples: float = math.inf,
    ) -> None:
        self._path = Path(path)
        self._shown = printable(self._path) if shown is None else shown
        self._account: Account | None = None
        self._damaged = 0
        self._file = self._opened()
        try:
            self._layout = self._looked_at()
            self._decoder = self._decode(self._layout.parts[0])
            self.rate = self._decoder.rate
            """Samples per second."""
            self.channels = self._decoder.channels
            """How many the file has."""
            self._most = min(most_seconds * self.rate, most_samples / self.channels)
            if self.stated_seconds is not None:
                self._check_length(self.stated_seconds * self.rate)
            self._channel = self._chosen(channel)
        except BaseException:
            self.close()
            raise
        self._mixer = Mixer(self.channels if self._channel is None else 1, self.rate)
        self.is_float = self._decoder.is_float
        """Whether the samples are floats, which may lie beyond -1..1."""

    def __enter__(self) -> Recording:
        """The recording itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; again does no harm."""
        for held in ("_decoder", "_file"):
            if (one := getattr(self, held, None)) is not None:
                one.close()

    def __del__(self) -> None:
        """A source that nobody hears to its end is let go of without a word."""
        self.close()

    @property
    def stated_seconds(self) -> float | None:
        """How long the file says it is; None where it does not say."""
        if self._account is not None:
            return self._account.stated_seconds
        stated = self._layout.stated_seconds
        if stated is None and len(self._layout.parts) == 1:
            stated = self._decoder.stated_seconds
        return stated if stated is not None and 0 < stated < LONGEST_SECONDS else None

    @property
    def finished(self) -> bool:
        """Whether it was read to its end, so that there is an account."""
        return self._account is not None

    @property
    def account(self) -> Account:
        """What was heard; once :meth:`blocks` has come to its end.

        Raises:
            RuntimeError: it has not.
        """
        if self._account is None:
            raise RuntimeError("the recording is not read to its end")
        return self._account

    def blocks(self, seconds: float) -> Iterator[AudioFrame]:
        """Yield the sound as mono frames, none of them empty; once.

        At the end the account is made, and its warnings are logged.

        Args:
            seconds: length of a frame; the last one may be shorter.

        Raises:
            AudioDecodeError: there is no sound in it, or NaN or infinite samples.
            AudioTooLong: it is longer than may be read.
        """
        size = max(1, round(seconds * self.rate))
        held: list[FloatArray] = []
        count = start = 0
        for mono in self._mono(min(size, MOST_AT_ONCE)):
            held.append(mono)
            count += len(mono)
            if count >= size:
                joined = held[0] if len(held) == 1 else np.concatenate(held)
                for at in range(0, count - size + 1, size):
                    yield AudioFrame(joined[at : at + size], start, self.rate)
                    start += size
                count %= size
                held = [joined[len(joined) - count :].copy()] if count else []
        if count:
            yield AudioFrame(np.concatenate(held), start, self.rate)
        self._finish(start + count)

    def _mono(self, size: int) -> Iterator[FloatArray]:
        for samples in self.chunks(size):
            mono = self._mixer.push(self._checked(self._picked(samples)))
            if len(mono):
                yield mono
        mono = self._mixer.flush()
        if len(mono):
            yield mono

    def chunks(self, size: int) -> Iterator[FloatArray]:
        """Yield all channels, ``(channels, n) float32``; once, and instead of :meth:`blocks`.

        Args:
            size: about how many samples of each to yield together.
        """
        count = 0
        for number, part in enumerate(self._layout.parts):
            if number:
                self._damaged += self._decoder.damaged
                self._decoder.close()
                try:
                    self._decoder = self._decode(part, following=True)
                except AudioDecodeError:
                    self._damaged += 1
                    continue
            left = part.most_samples
            if left is not None and self._decoder.own_rate != self.rate:
                left = round(left * self.rate / self._decoder.own_rate)
            for samples in self._decoder.chunks(size):
                if left is not None:
                    samples = samples[:, :left]
                    left -= samples.shape[1]
                if samples.shape[1]:
                    count += samples.shape[1]
                    self._check_length(count)
                    yield samples
                if left == 0:
                    break

    def _check_length(self, count: float) -> None:
        if count > self._most:
            seconds = self._most / self.rate
            raise AudioTooLong(
                f"{self._shown}: is longer than the {seconds:.0f} s that may be read here", seconds
            )

    def _picked(self, samples: FloatArray) -> FloatArray:
        if self._channel is None:
            return samples
        return samples[self._channel : self._channel + 1]

    def _checked(self, samples: FloatArray) -> FloatArray:
        if not self._decoder.is_float:  # integers are in range, and decoders were watched
            return samples
        peak = max(float(samples.max()), -float(samples.min()))  # NaN where any of them is
        if not np.isfinite(peak):
            raise self._error("the audio holds NaN or infinite samples; export it again as 16-bit")
        if peak > MAX_LEVEL:
            raise self._error("the float samples go far beyond -1..1; export it again as 16-bit")
        return samples

    def _finish(self, count: int) -> None:
        """Make the account, and say what is wrong."""
        damaged = self._damaged + self._decoder.damaged
        stated = self.stated_seconds
        heard = count / self.rate
        if not count:
            self._account = Account(0.0, stated, False)
            raise self._error("there is no audio in it (0 samples); record it again")
        warnings = list(self._layout.notes)
        exact = self._layout.stated_seconds is None and self._decoder.exact
        short = (1.5 / self.rate) if exact or self._exact_wav() else SHORT_SECONDS
        missing = stated is not None and heard + short < stated
        if missing and stated is not None:
            warnings.append(f"looks cut off: {heard:.1f} of its {stated:.1f} seconds are there")
        elif self._layout.cut_off:
            warnings.append(f"looks cut off: it has no end mark; {heard:.1f} seconds are there")
        if damaged:
            places = "one place" if damaged == 1 else f"{damaged} places"
            warnings.append(f"is damaged in {places}; what can be heard of it was")
        if (apart := self._mixer.disagreement()) is not None:
            warnings.append(apart + "N")
        complete = not (missing or self._layout.cut_off or damaged)
        self._account = Account(heard, stated, complete, tuple(warnings))
        for warning in warnings:
            _log.warning("%s: %s", self._shown, warning)

    def _exact_wav(self) -> bool:
        return bool(self._layout.parts[0].head) and self._decoder.codec.startswith("pcm")

    def _chosen(self, channel: Choice) -> int | None:
        """The number of the channel to read; None for the mix of all."""
        if channel == MIX or (channel == BEST and self.channels == 1):
            return None
        if channel == BEST:
            return _best_channel(self._path, self.channels)
        number = int(channel)
        if not 0 <= number < self.channels:
            only = (
                "its only channel is 0"
                if self.channels == 1
                else (f"its channels are 0 to {self.channels - 1}")
            )
            raise self._error(f"there is no channel {number}; {only}")
        return number

    def _decode(self, part: Part, *, following: bool = False) -> Decoder | LinearDecoder:
        """The decoder of a part; what comes later is made like the first."""
        decoder: Decoder | LinearDecoder | None = LinearDecoder.of(self._file, part)
        if (
            following
            and decoder is not None
            and ((decoder.rate, decoder.channels) != (self.rate, self.channels))
        ):
            decoder = None
        if decoder is None:
            try:
                rate, channels = (self.rate, self.channels) if following else (None, None)
                decoder = Decoder(part.open(self._file), rate, channels)
            except Unreadable as error:
                raise self._unreadable(error) from error
        try:
            if not decoder.channels:
                raise self._error("there is no audio in it (0 samples); record it again")
            if not MIN_RATE <= decoder.rate <= MAX_RATE:
                raise self._error(f"a sample rate of {decoder.rate} Hz cannot be right")
            if decoder.channels > MAX_CHANNELS:
                raise self._error(f"{decoder.channels} channels are too many")
        except AudioDecodeError:
            decoder.close()
            raise
        return decoder

    def _opened(self) -> BinaryIO:
        """The file, if it can be one that holds sound."""
        path = self._path
        try:
            if path.is_dir():
                raise self._error("is a folder; name the audio files in it")
            if path.exists() and not path.is_file():
                raise self._error("is not a regular file")
            return path.open("rb")
        except FileNotFoundError:
            raise self._error("no such file") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise self._error(f"cannot be opened: {reason}") from error

    def _looked_at(self) -> Layout:
        """What the file is by its first bytes."""
        file = self._file
        size = file.seek(0, os.SEEK_END)
        if not size:
            raise self._error("the file is empty (zero bytes); record or copy it again")
        if self._path.suffix.lower() in RAW:
            name = self._shown
            raise self._error(
                "raw samples carry no rate; convert it: "
                f"ffmpeg -f s16le -ar 16000 -ac 1 -i {name} {_stem(name)}.wav"
            )
        start = after_tags(file, size)
        file.seek(start)
        head = file.read(16)
        if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
            layout = wav_layout(file, size, start)
            if layout is None:
                raise self._unreadable(Unreadable("format"))
            self._check_rate(layout)
            return layout
        if head[:4] == b"OggS":
            return ogg_layout(file, size, start)
        if head[:1] == b"\xff" and head[1:2] and head[1] & 0xE0 == 0xE0 and head[1] & 6 != 0:
            return mpeg_layout(file, size, start)
        return Layout((Part(start, size),))

    def _check_rate(self, layout: Layout) -> None:
        rate = int.from_bytes(layout.parts[0].head[24:28], "little")
        if not MIN_RATE <= rate <= MAX_RATE:
            raise self._error(f"a sample rate of {rate} Hz cannot be right")
        if layout.parts[0].end <= layout.parts[0].start:
            raise self._error("there is no audio in it (0 samples); record it again")

    def _error(self, reason: str) -> AudioDecodeError:
        return AudioDecodeError(f"{self._shown}: {reason}")

    def _unreadable(self, error: Unreadable) -> AudioDecodeError:
        if error.kind == "silent":
            return self._error("there is no sound in it; record it again")
        if error.kind == "codec" and error.detail:
            return self._error(f"its sound is coded as {error.detail}, which cannot be read here")
        if error.kind == "index":
            return self._error(
                "the index of its sound is missing, so it was cut off before it was finished;"
                " record or copy it again"
            )
        return self._error(f"not audio that can be read ({READABLE}); record or export it again")


def open_recording(
    path: str | os.PathLike[str], *, channel: Choice = MIX, shown: str | None = None
) -> Recording:
    """Open a recording; see :class:`Recording`."""
    return Recording(path, channel=channel, shown=shown)


def read_audio(
    path: str | os.PathLike[str], *, channel: Choice = MIX, shown: str | None = None
) -> AudioClip:
    """Read a whole recording of any format, rate, depth and channel count.

    One of floats whose peak is above 0 dBFS is brought down, so that it is not taken for clipped.

    Args:
        path: the file.
        channel: as for :class:`Recording`.
        shown: what messages call it.

    Raises:
        AudioDecodeError: missing, empty, not audio, or with NaN or infinite samples.
    """
    with Recording(path, channel=channel, shown=shown) as recording:
        samples = np.concatenate([frame.samples for frame in recording.blocks(10.0)])
        return whole_clip(samples, recording)


def whole_clip(samples: FloatArray, recording: Recording) -> AudioClip:
    """A clip of all samples of a recording that was read to its end."""
    peak = float(np.abs(samples).max())
    if recording.is_float and peak > 1.0:
        samples = samples * np.float32(FULL_SCALE / peak)
    return AudioClip(samples, recording.rate, recording.account)


def read_blocks(
    path: str | os.PathLike[str], seconds: float, *, channel: Choice = MIX
) -> Iterator[AudioFrame]:
    """Read a file piece by piece, for recordings that need not fit into memory.

    The file is opened and its header checked at once, not at the first block.

    Args:
        path: the file, as for :func:`read_audio`.
        seconds: length of a block; the last one may be shorter.
        channel: as for :class:`Recording`.

    Yields:
        Frames at the file's own rate, at least one, none of them empty.

    Raises:
        AudioDecodeError: as :func:`read_audio`, while iterating too.
    """
    return _closing(Recording(path, channel=channel), seconds)


def _closing(recording: Recording, seconds: float) -> Iterator[AudioFrame]:
    with recording:
        yield from recording.blocks(seconds)


def printable(path: str | os.PathLike[str]) -> str:
    """A path as text that can be written anywhere: bytes that are no UTF-8 become ``\\xe9``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]  # noqa: PTH122


def _best_channel(path: Path, channels: int) -> int:
    """The channel whose loud moments stand out most from its background."""
    levels: list[list[float]] = [[] for _ in range(channels)]
    with contextlib.closing(Recording(path)) as recording:
        frame = max(1, recording.rate // 50)
        for samples in recording.chunks(recording.rate):
            whole = samples[:, : samples.shape[1] - samples.shape[1] % frame]
            power = np.square(whole).reshape(channels, -1, frame).mean(axis=2)
            for channel in range(channels):
                levels[channel] += power[channel].tolist()
    stands = []
    for own in levels:
        decibels = 10 * np.log10(np.maximum(np.asarray(own or [0.0]), 10**-7.5))
        stands.append(float(np.percentile(decibels, 99) - np.percentile(decibels, 50)))
    return int(np.argmax(stands))
