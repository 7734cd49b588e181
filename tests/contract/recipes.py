"""How to make one of each encoder, gate, source and sink, so that the contracts can be tried.

What needs nothing is made by its name alone, so a new plug-in is tried without a word here;
what needs a file, a server or a device says so below.
"""

from __future__ import annotations

import io
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from runtime.sinks import open_sink
from runtime.sources import open_source
from runtime.sources._portaudio import Deliver, Microphone
from runtime.sources._resampled import Resampled
from runtime.sources.mic import MicSource
from tests.integration.mosquitto import mosquitto
from wakeword.audio.frames import FloatArray
from wakeword.encoders import create_encoder
from wakeword.protocols import Encoder, Sink, Source

ROOT = Path(__file__).parents[2]

# -- encoders ------------------------------------------------------------------------------


def make_encoder(name: str, folder: Path) -> Encoder:
    """The encoder ``name``; ``folder`` is for a checkpoint, and may hold it already."""
    if name == "clap":
        pytest.importorskip("torch", reason="needs the clap extra")
        pytest.importorskip("transformers", reason="needs the clap extra")
        from tests import clap_checkpoint

        if not any(folder.iterdir()):
            clap_checkpoint.build(folder)
        return create_encoder(f"clap:{folder}")
    if name == "mini" and not (ROOT / "assets/models/mini/mini.json").exists():
        pytest.skip("the weights of mini are not in assets/")
    return create_encoder(name)


# -- sources -------------------------------------------------------------------------------


def make_source(
    name: str, samples: FloatArray, rate: int, wanted: int, folder: Path, block_seconds: float
) -> Source:
    """The source ``name``, which plays ``(n,) float32`` of 16 bit and is heard at ``wanted``."""
    makers: dict[str, Callable[[], Source]] = {
        "file": lambda: _file(samples, rate, wanted, folder, block_seconds),
        "mic": lambda: Resampled(
            MicSource(rate=rate, backend=lambda: _Card(samples, rate)), wanted
        ),
        "stdin": lambda: _stdin(samples, rate, wanted, block_seconds),
    }
    if name not in makers:
        pytest.fail(f"say in {__file__} how to make a {name!r} source that plays samples")
    return makers[name]()


def _file(
    samples: FloatArray, rate: int, wanted: int, folder: Path, block_seconds: float
) -> Source:
    soundfile.write(folder / "tape.wav", samples, rate, subtype="PCM_16")
    return open_source(f"file:{folder / 'tape.wav'}", wanted, block_seconds=block_seconds)


def _stdin(samples: FloatArray, rate: int, wanted: int, block_seconds: float) -> Source:
    pcm = np.rint(samples * 32768).astype("<i2").tobytes()
    stand_in = SimpleNamespace(buffer=io.BytesIO(pcm), isatty=lambda: False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", stand_in)
        return open_source(f"-?rate={rate}", wanted, block_seconds=block_seconds)


class _Card:
    """A sound card that delivers the samples once, from a thread of its own."""

    def __init__(self, samples: FloatArray, rate: int) -> None:
        self._samples = samples
        self._rate = rate

    def microphones(self) -> list[Microphone]:
        return [Microphone(0, "Stand-in", 1, self._rate, True)]

    def open(
        self, device: Microphone, rate: int, channels: int, block: int, deliver: Deliver
    ) -> _Capture:
        return _Capture(self._samples, block, deliver)

    def close(self) -> None: ...


class _Capture:
    def __init__(self, samples: FloatArray, block: int, deliver: Deliver) -> None:
        self._samples = samples
        self._block = block
        self._deliver = deliver
        self._closed = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        for offset in range(0, len(self._samples), self._block):
            if self._closed.is_set():
                return
            self._deliver(self._samples[offset : offset + self._block, None])
            time.sleep(0.001)

    def alive(self) -> bool:
        return not self._closed.is_set()

    def close(self) -> None:
        self._closed.set()


# -- sinks ---------------------------------------------------------------------------------


@contextmanager
def make_sink(name: str, folder: Path, *, good: bool) -> Iterator[Sink]:
    """The sink ``name``: one that does its work, or one that must fail."""
    with _server() as port, _broker(name == "mqtt" and good) as broker:
        target = f"//127.0.0.1:{port}/{'200' if good else '500'}/secret"
        function = f"{__name__}:{'accept' if good else 'refuse'}"
        uris = {
            "exec": f"exec:{'true' if good else 'false'}",
            "shell": f"shell:exit {0 if good else 1}",
            "http": f"http:{target}",
            "https": f"https:{target}",
            "json": f"json:{folder / 'events.jsonl' if good else '/dev/full'}",
            "log": "log:",
            "mqtt": f"mqtt://me:secret@127.0.0.1:{broker}/wakes",
            "mqtts": f"mqtts://me:secret@127.0.0.1:{broker}/wakes",
            "py": f"py:{function}",
        }
        if name not in uris:
            pytest.fail(f"say in {__file__} how to make a {name!r} sink that works or fails")
        sink = open_sink(uris[name], timeout_seconds=5)
        yield sink
        close = getattr(sink, "close", None)
        if close is not None:
            close()


@contextmanager
def _broker(running: bool) -> Iterator[int]:
    """The port of an MQTT broker, or one where nobody listens."""
    if running:
        with mosquitto() as broker:
            yield broker.port
    else:
        with socket.socket() as bound:  # and thus nobody else's
            bound.bind(("127.0.0.1", 0))
            yield int(bound.getsockname()[1])


def accept(event: object) -> None:
    """A function for the ``py`` sink."""


def refuse(event: object) -> None:
    """A function for the ``py`` sink that fails."""
    raise ValueError("refused")


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(int(self.path.split("/")[1]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None: ...


@contextmanager
def _server() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()
