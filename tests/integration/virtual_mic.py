"""A microphone made of software: what is played into it is what it hears, bit for bit.

A private PulseAudio server with a null sink; its monitor is the default input device of any
program that is started with :attr:`VirtualMic.env`. Programs read the sound configuration when
they start, so record in a subprocess, never in the test's own process.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import wait_until

RATE = 48_000
"""Samples per second of the microphone."""
_PLUGIN = "*/alsa-lib/libasound_module_pcm_pulse.so"


def missing() -> str:
    """What a virtual microphone needs and this machine lacks; empty when all is there."""
    lacking = [p for p in ("pulseaudio", "pactl", "paplay") if shutil.which(p) is None]
    if not any(any(Path(lib).glob(_PLUGIN)) for lib in ("/usr/lib", "/usr/lib64")):
        lacking.append("libasound2-plugins")
    if importlib.util.find_spec("pyaudio") is None:
        lacking.append("PyAudio")
    return ", ".join(lacking)


def require() -> None:
    """Skip the test where there can be no virtual microphone; fail it in CI."""
    if lacking := missing():
        reason = f"the virtual microphone needs {lacking}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


class VirtualMic:
    """A null sink in a server of its own. Use :func:`virtual_mic` to get one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "pulse.sock"
        self._server: subprocess.Popen[bytes] | None = None
        self._module = ""
        (folder / ".asoundrc").write_text(
            "pcm.!default { type pulse }\nctl.!default { type pulse }\n"
        )
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PULSE", "ALSA", "XDG"))},
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_SERVER": f"unix:{self._socket}",
        }
        """Environment of programs that shall hear this microphone."""

    def start(self) -> None:
        """Start the server and plug the microphone in."""
        with (self._folder / "pulseaudio.log").open("ab") as log:
            self._server = subprocess.Popen(
                [
                    *("pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no"),
                    "--exit-idle-time=-1",
                    f"--load=module-native-protocol-unix auth-anonymous=1 socket={self._socket}",
                ],
                env=self.env,
                stdout=log,
                stderr=log,
            )
        server, log_path = self._server, self._folder / "pulseaudio.log"

        def answers() -> bool:
            assert server.poll() is None, log_path.read_text()
            return self._pactl("info", check=False) is not None

        wait_until(answers, log_path.read_text)
        self.plug_in()

    def stop(self) -> None:
        """Kill the server, as when it crashes; harmless when there is none."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None
            self._socket.unlink(missing_ok=True)

    def plug_in(self) -> None:
        """Add the microphone to the running server."""
        sink = f"sink_name=virtual rate={RATE} channels=1 format=s16le norewinds=1"
        self._module = self._pactl("load-module", "module-null-sink", *sink.split()) or ""
        self._pactl("set-default-source", "virtual.monitor")

    def show_to_browsers(self) -> None:
        """Offer it as a source of its own, since browsers list no monitor; it goes with it."""
        source = "source_name=browser master=virtual.monitor"
        self._pactl("load-module", "module-remap-source", *source.split())
        self._pactl("set-default-source", "browser")

    def pull_out(self) -> None:
        """Take the microphone away; the server goes on."""
        self._pactl("unload-module", self._module)

    def listeners(self) -> int:
        """How many programs record from it now."""
        return len((self._pactl("list", "short", "source-outputs") or "").splitlines())

    def wait_for_listener(self) -> None:
        """Wait until a program records from it."""
        wait_until(self.listeners, "nobody listens to the virtual microphone")

    def play(self, path: Path) -> None:
        """Play a file into it and wait for its end; 16-bit mono at ``RATE`` stays bit-exact."""
        subprocess.run(["paplay", "--device=virtual", path], env=self.env, check=True, timeout=300)

    def _pactl(self, *arguments: str, check: bool = True) -> str | None:
        done = subprocess.run(
            ["pactl", *arguments], env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode and check:
            raise RuntimeError(f"pactl {arguments}: {done.stderr}")
        return None if done.returncode else done.stdout.strip()


@contextmanager
def virtual_mic() -> Iterator[VirtualMic]:
    """A virtual microphone that is plugged in; skips or fails the test where none can be."""
    require()
    folder = Path(tempfile.mkdtemp(prefix="vmic-"))  # short: socket names have a limit
    mic = VirtualMic(folder)
    try:
        mic.start()
        yield mic
    finally:
        mic.stop()
        shutil.rmtree(folder, ignore_errors=True)
