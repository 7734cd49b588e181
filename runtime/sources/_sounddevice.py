"""The microphone through sounddevice, which needs no compiler to install."""

from __future__ import annotations

import contextlib
from typing import Any
from weakref import WeakSet

from runtime.sources._portaudio import Deliver, Microphone, portaudio
from wakeword.audio.frames import FloatArray
from wakeword.errors import SourceError


class SoundDeviceBackend:
    """sounddevice holds PortAudio from its import on; this takes a share of it.

    Raises:
        ImportError: sounddevice is not installed.
        OSError: the PortAudio library is missing.
    """

    def __init__(self) -> None:
        with portaudio():
            import sounddevice

            self._module = sounddevice
            self._error = sounddevice.PortAudioError
            _refresh(sounddevice)

    def microphones(self) -> list[Microphone]:
        """The input devices."""
        with portaudio():
            infos = self._module.query_devices()
            default = int(self._module.default.device[0])
        return [
            Microphone(
                index=int(info["index"]),
                name=str(info["name"]),
                channels=int(info["max_input_channels"]),
                rate=round(info["default_samplerate"]),
                default=info["index"] == default,
            )
            for info in infos
            if info["max_input_channels"] > 0
        ]

    def open(
        self, device: Microphone, rate: int, channels: int, block: int, deliver: Deliver
    ) -> SoundDeviceCapture:
        """Open a device without starting it."""

        def callback(data: FloatArray, _count: int, _times: Any, _status: Any) -> None:
            deliver(data.copy())  # the buffer is used again

        with portaudio():
            try:
                stream = self._module.InputStream(
                    samplerate=rate,
                    channels=channels,
                    dtype="float32",
                    device=device.index,
                    blocksize=block,
                    latency="high",
                    callback=callback,
                )
            except (self._error, ValueError) as error:
                raise SourceError(f"{device.name!r} cannot be opened: {error}") from error
        return SoundDeviceCapture(stream, self._error)

    def close(self) -> None:
        """Nothing to do: sounddevice keeps PortAudio until the process ends."""


_open_streams: WeakSet[SoundDeviceCapture] = WeakSet()
"""Streams of this process: while there are any, PortAudio must not be restarted."""


def _refresh(module: Any) -> None:
    """Look for devices anew, which PortAudio does only when it starts."""
    if not _open_streams:
        with contextlib.suppress(module.PortAudioError):
            module._terminate()
        try:
            module._initialize()
        except module.PortAudioError as error:
            raise SourceError(f"the sound system does not answer: {error}") from error


class SoundDeviceCapture:
    """An open stream."""

    def __init__(self, stream: Any, error: type[Exception]) -> None:
        self._stream = stream
        self._error = error
        _open_streams.add(self)

    def start(self) -> None:
        """Begin to deliver."""
        with portaudio():
            try:
                self._stream.start()
            except self._error as error:
                raise SourceError(f"the microphone cannot be started: {error}") from error

    def alive(self) -> bool:
        """Whether it still runs."""
        try:
            return bool(self._stream.active)
        except self._error:
            return False

    def close(self) -> None:
        """Stop and release the device."""
        with portaudio():
            with contextlib.suppress(self._error):
                self._stream.close(ignore_errors=True)
            _open_streams.discard(self)
