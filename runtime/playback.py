"""Playing a short recording on the default loudspeaker."""

from __future__ import annotations

import contextlib
import importlib.util
import io

import soundfile

from runtime.sources._portaudio import portaudio
from wakeword.audio import FloatArray
from wakeword.errors import MissingExtra, SinkError


def play_flac(content: bytes) -> None:
    """Play a FLAC file to its end.

    Raises:
        SinkError: there is no loudspeaker, or it cannot be used.
        MissingExtra: no audio package is installed.
    """
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    try:
        if importlib.util.find_spec("pyaudio"):
            _with_pyaudio(samples[:, 0], rate)
        elif importlib.util.find_spec("sounddevice"):
            _with_sounddevice(samples[:, 0], rate)
        else:
            raise MissingExtra("playing", "mic")
    except (ImportError, OSError, ValueError, RuntimeError) as error:
        raise SinkError(
            f"it cannot be played here ({error}); write it to a file with --export"
        ) from error


def _with_pyaudio(samples: FloatArray, rate: int) -> None:
    with contextlib.redirect_stdout(io.StringIO()):  # it prints when it cannot be imported
        import pyaudio
    with portaudio():
        audio = pyaudio.PyAudio()
        try:
            stream = audio.open(rate=rate, channels=1, format=pyaudio.paFloat32, output=True)
            try:
                stream.write(samples.tobytes())
                stream.stop_stream()
            finally:
                stream.close()
        finally:
            audio.terminate()


def _with_sounddevice(samples: FloatArray, rate: int) -> None:
    with portaudio():
        import sounddevice

        try:
            sounddevice.play(samples, rate, blocking=True)
        except sounddevice.PortAudioError as error:
            raise OSError(str(error)) from error
