"""FFmpeg, through PyAV, as a stream of blocks: what a file's first sound stream decodes to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.files.formats import CODECS, DEMUXERS
from wakeword.audio.files.parts import ByteView
from wakeword.audio.frames import FloatArray
from wakeword.audio.resampling import Resampler

MOST_RETRIES = 64
"""How often a container is asked to go on behind damage."""
LONGEST_LOST_SECONDS = 1.0
"""A packet without sound is worth so much silence at most."""

_KINDS: dict[str, tuple[Any, float]] = {
    "u8": (np.uint8, 2.0**-7),
    "s16": (np.int16, 2.0**-15),
    "s32": (np.int32, 2.0**-31),
    "s64": (np.int64, 2.0**-63),
    "flt": (np.float32, 1.0),
    "dbl": (np.float64, 1.0),
}
"""FFmpeg's kinds of samples, and what makes full scale 1."""
_STATING = {
    *("flac", "aiff", "au", "caf", "w64", "voc", "wv", "tta", "ape", "tak", "asf"),
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
}
"""Containers whose length is written in them; elsewhere FFmpeg's is an estimate."""
_TIMED = frozenset({"amrnb", "amrwb", "amr_nb", "amr_wb"})
"""Codecs of telephones that leave pauses out: a packet that gives nothing is a pause."""
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBE")
"""What stands between the parts of a joined MP3 file, where a frame is looked for in vain."""
_LINEAR = ("pcm_f", "pcm_s", "pcm_u")


class Unreadable(Exception):
    """FFmpeg cannot make sound of it.

    Attributes:
        kind: ``"format"`` it is none that may be opened; ``"silent"`` there is no stream of
            sound in it; ``"codec"`` nobody here can decode it; ``"index"`` the index of an MP4
            file is missing.
        detail: the name of the codec.
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail


class Decoder:
    """The first sound stream of a file.

    Args:
        file: open for reading, and seekable; it is not closed.
        rate: samples per second to deliver; None for the stream's own.
        channels: to deliver; None for the stream's own.

    Raises:
        Unreadable: see there.
    """

    def __init__(
        self, file: BinaryIO | ByteView, rate: int | None = None, channels: int | None = None
    ) -> None:
        import av

        self._errors = (av.error.FFmpegError, ValueError, OverflowError)
        self.damaged = 0
        """How many packets could not be decoded."""
        self._lost = 0
        self._resampler: Resampler | None = None
        try:
            self._container = av.open(
                file,
                mode="r",
                options={
                    "format_whitelist": DEMUXERS,
                    "codec_whitelist": CODECS,
                    "protocol_whitelist": "",
                    "err_detect": "0",
                },
                metadata_errors="ignore",
                buffer_size=1 << 16,
            )
        except self._errors as error:
            raise Unreadable(_why_not_opened(file)) from error
        try:
            self._open(rate, channels)
        except BaseException:
            self.close()
            raise

    def _open(self, rate: int | None, channels: int | None) -> None:
        streams = self._container.streams.audio
        if not streams:
            raise Unreadable("silent")
        self._stream = streams[0]
        context = self._stream.codec_context
        if context is None or context.name.split(",")[0] not in CODECS.split(","):
            raise Unreadable("codec", "" if context is None else context.name)
        self.codec = context.name
        context.thread_type = "NONE"
        context.options = {"err_detect": "0"}
        self.is_float = self.codec.startswith("pcm_f")
        """Whether the samples were written as floats, which may lie beyond -1..1."""
        self._linear = self.codec.startswith(_LINEAR)
        frames = self._decoded()
        first = next(frames, None)
        self._frames = itertools.chain([] if first is None else [first], frames)
        self.own_rate = (first.sample_rate if first else context.sample_rate) or 0
        """Samples per second as they were written."""
        self.rate = rate or self.own_rate
        self.channels = channels or (len(first.layout.channels) if first else 0)

    @property
    def stated_seconds(self) -> float | None:
        """How long the container says the sound is; None where it does not say."""
        name = self._container.format.name
        if name not in _STATING:
            return None
        stream, base = self._stream, self._stream.time_base
        if stream.duration and base is not None:
            seconds = float(stream.duration * base)
        elif self._container.duration:
            seconds = self._container.duration / 1e6
        else:
            return None
        return seconds if 0 < seconds < 1e9 else None

    @property
    def exact(self) -> bool:
        """Whether the stated length is one in samples, and not in packets."""
        return self._container.format.name in ("flac", "aiff", "au", "w64", "tta", "wv", "voc")

    def close(self) -> None:
        """Let the file go."""
        self._container.close()

    def chunks(self, size: int) -> Iterator[FloatArray]:
        """Yield ``(channels, n) float32`` at :attr:`rate`, ``n`` about ``size``; once.

        The rate of a file may change on its way, and so may its channels: what comes later is
        made like the beginning.
        """
        import av

        fifo, rate = av.AudioFifo(), self.rate
        queued: tuple[int, int, str] | None = None
        resamplers: list[Resampler] = []
        for frame in self._frames:
            if self._lost:
                yield from self._made(fifo.read(0, partial=True), resamplers)
                lost, self._lost = self._lost, 0
                yield np.zeros((self.channels, lost), np.float32)
            # The queue itself does not look at the number of channels.
            kind = frame.sample_rate, frame.layout.nb_channels, frame.format.name
            if kind != queued:
                yield from self._made(fifo.read(0, partial=True), resamplers)
                fifo, queued = av.AudioFifo(), kind
            frame.pts = None
            fifo.write(frame)
            if frame.sample_rate != rate:
                yield from _flushed(resamplers)
                rate = frame.sample_rate
                made = range(0 if rate == self.rate else self.channels)
                resamplers = [Resampler(rate, self.rate) for _ in made]
            while fifo.samples >= size:
                yield from self._made(fifo.read(size), resamplers)
        yield from self._made(fifo.read(0, partial=True), resamplers)
        yield from _flushed(resamplers)
        if self._lost and self.channels:
            yield np.zeros((self.channels, self._lost), np.float32)
            self._lost = 0

    def _made(self, frame: Any, resamplers: list[Resampler]) -> Iterator[FloatArray]:
        """What a frame of the queue, if there is one, is to the listener."""
        if frame is None or not frame.samples:
            return
        samples = self._checked(_as_float(frame))
        if len(samples) != self.channels:
            mean = samples.mean(axis=0, keepdims=True, dtype=np.float32)
            samples = np.repeat(mean, self.channels, axis=0)
        if resamplers:
            both = zip(resamplers, samples, strict=True)
            samples = np.stack([resampler.push(own) for resampler, own in both])
        if samples.shape[1]:
            yield samples

    def _checked(self, samples: FloatArray) -> FloatArray:
        """What a codec made of damage is left out; what was written as it is, is not."""
        if self._linear or (samples.max() < 64.0 and samples.min() > -64.0):
            return samples
        self.damaged += 1
        return np.zeros_like(samples)

    def _decoded(self) -> Iterator[Any]:
        """The frames, past whatever damage there is."""
        retries = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except self._errors:
                self.damaged += 1
                retries += 1
                if retries > MOST_RETRIES:
                    return
                packets = self._container.demux(self._stream)
                continue
            try:
                frames = packet.decode()
            except self._errors:
                frames = []
                if self.codec not in _TIMED and not bytes(packet)[:8].startswith(_TAGS):
                    self.damaged += 1
            if not frames and self.codec in _TIMED and packet.size:
                self._pause(packet)
            for frame in frames:
                if frame.samples and frame.sample_rate > 0:
                    yield frame

    def _pause(self, packet: Any) -> None:
        """Count what a pause takes, for silence in its place."""
        if packet.duration and packet.time_base:
            seconds = min(float(packet.duration * packet.time_base), LONGEST_LOST_SECONDS)
            self._lost += round(seconds * (self._stream.codec_context.sample_rate or 8000))


def _flushed(resamplers: list[Resampler]) -> Iterator[FloatArray]:
    if resamplers:
        rest = np.stack([resampler.flush() for resampler in resamplers])
        if rest.shape[1]:
            yield rest


def _as_float(frame: Any) -> FloatArray:
    """``(channels, n) float32`` of a frame, full scale at 1."""
    name = frame.format.name
    channels, count = len(frame.layout.channels), frame.samples
    kind = name.removesuffix("p")
    dtype, scale = _KINDS[kind]
    if name == kind:
        packed = np.frombuffer(frame.planes[0], dtype, count * channels)
        return scaled(packed.reshape(-1, channels).T, scale)
    planes = [np.frombuffer(plane, dtype, count) for plane in frame.planes[:channels]]
    return scaled(planes[0][None] if channels == 1 else np.stack(planes), scale)


def scaled(samples: NDArray[Any], scale: float) -> FloatArray:
    """``(channels, n) float32`` of samples of any type; unsigned ones have their zero at 128."""
    floats = samples.astype(np.float32, order="C", copy=False)
    if samples.dtype == np.uint8:
        floats -= np.float32(128)
    if scale != 1.0:
        floats *= np.float32(scale)
    return floats


def _why_not_opened(file: BinaryIO | ByteView) -> str:
    """What is wrong with a file that no container opens."""
    file.seek(0)
    head = file.read(1 << 16)
    return "index" if head[4:8] == b"ftyp" else "format"
