"""Which microphones there are, which one is meant, and by which package they are reached.

Playing a short recording on the default loudspeaker.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
from collections.abc import Sequence

import soundfile

from runtime.sources._portaudio import Backend, Microphone, portaudio
from wakeword.audio.frames import FloatArray
from wakeword.errors import MissingExtra, SinkError, SourceError

_HARDWARE_NUMBER = re.compile(r"\s*\(hw:\d+,\d+\)$")
"""What ALSA adds to a name; it may be another one when the device is plugged in again."""

__all__ = ["Microphone", "find_microphone", "list_microphones", "open_backend"]


def open_backend() -> Backend:
    """PyAudio where it is installed and works, sounddevice otherwise.

    Raises:
        MissingExtra: neither is installed.
        SourceError: the PortAudio library itself is missing.
    """
    trouble: list[str] = []
    if importlib.util.find_spec("pyaudio"):
        from runtime.sources._pyaudio import PyAudioBackend

        try:
            return PyAudioBackend()
        except ImportError as error:
            trouble.append(f"PyAudio: {error}")
    if importlib.util.find_spec("sounddevice"):
        from runtime.sources._sounddevice import SoundDeviceBackend

        try:
            return SoundDeviceBackend()
        except (ImportError, OSError) as error:
            trouble.append(f"sounddevice: {error}")
    if trouble:
        raise SourceError(
            "the PortAudio library is missing or broken; on Debian and Ubuntu: "
            f"apt-get install libportaudio2 ({'; '.join(trouble)})"
        )
    raise MissingExtra("the microphone", "mic")


def list_microphones() -> list[Microphone]:
    """The input devices of this machine as they are now; may be empty.

    Raises:
        MissingExtra: no audio package is installed.
        SourceError: the PortAudio library is missing, or the sound system does not answer.
    """
    backend = open_backend()
    try:
        return backend.microphones()
    finally:
        backend.close()


def find_microphone(microphones: Sequence[Microphone], wanted: str = "") -> Microphone:
    """Choose one.

    Args:
        microphones: those there are.
        wanted: an index, a name, or a part of one in any case; empty for the default one.

    Raises:
        SourceError: there is none, or none that is meant, or more than one could be meant.
    """
    if not microphones:
        raise SourceError("there is no microphone: connect one and see 'wakesound devices'")
    if not wanted:
        return next((m for m in microphones if m.default), microphones[0])
    name = wanted.casefold()
    exact = [m for m in microphones if name in (m.name.casefold(), str(m.index))]
    found = exact
    for part in (name, _HARDWARE_NUMBER.sub("", name)):
        found = found or [m for m in microphones if part in m.name.casefold()]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{m.index}: {m.name}" for m in found or microphones)
    if found:
        raise SourceError(f"{wanted!r} could be several microphones, say which one: {listed}")
    raise SourceError(f"there is no microphone {wanted!r}; there are: {listed}")


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
