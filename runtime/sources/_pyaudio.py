"""The microphone through PyAudio."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np

from runtime.sources._portaudio import Deliver, Microphone, portaudio
from wakeword.errors import SourceError


class PyAudioBackend:
    """One ``PyAudio()``.

    Raises:
        ImportError: PyAudio or the PortAudio library under it is missing.
    """

    def __init__(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints when it cannot be imported
            import pyaudio
        self._module = pyaudio
        with portaudio():
            try:
                self._audio = pyaudio.PyAudio()
            except OSError as error:
                raise SourceError(f"the sound system does not answer: {error}") from error

    def microphones(self) -> list[Microphone]:
        """The input devices."""
        with portaudio():
            try:
                default = int(self._audio.get_default_input_device_info()["index"])
            except OSError:
                default = -1
            infos = [
                self._audio.get_device_info_by_index(i)
                for i in range(self._audio.get_device_count())
            ]
        return [
            Microphone(
                index=int(info["index"]),
                name=str(info["name"]),
                channels=int(info["maxInputChannels"]),
                rate=round(info["defaultSampleRate"]),
                default=info["index"] == default,
            )
            for info in infos
            if info["maxInputChannels"] > 0
        ]

    def open(
        self, device: Microphone, rate: int, channels: int, block: int, deliver: Deliver
    ) -> PyAudioCapture:
        """Open a device without starting it."""

        def callback(data: bytes, _count: int, _times: Any, _status: int) -> tuple[None, int]:
            deliver(np.frombuffer(data, np.float32).reshape(-1, channels))
            return None, self._module.paContinue

        with portaudio():
            try:
                stream = self._audio.open(
                    rate=rate,
                    channels=channels,
                    format=self._module.paFloat32,
                    input=True,
                    input_device_index=device.index,
                    frames_per_buffer=block,
                    stream_callback=callback,
                    start=False,
                )
            except (OSError, ValueError) as error:
                raise SourceError(f"{device.name!r} cannot be opened: {error}") from error
        return PyAudioCapture(stream)

    def close(self) -> None:
        """Release PortAudio."""
        with portaudio(), contextlib.suppress(OSError):
            self._audio.terminate()


class PyAudioCapture:
    """An open stream."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def start(self) -> None:
        """Begin to deliver."""
        with portaudio():
            try:
                self._stream.start_stream()
            except OSError as error:
                raise SourceError(f"the microphone cannot be started: {error}") from error

    def alive(self) -> bool:
        """Whether it still runs."""
        try:
            return bool(self._stream.is_active())
        except OSError:
            return False

    def close(self) -> None:
        """Stop and release the device."""
        with portaudio(), contextlib.suppress(OSError):
            self._stream.close()
