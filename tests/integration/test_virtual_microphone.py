"""The microphone source over the real PortAudio, fed by a virtual microphone."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.integration.virtual_mic import RATE, VirtualMic, virtual_mic
from tests.waiting import TIMEOUT_SECONDS, wait_until

ROOT = Path(__file__).parents[2]
RECORDER = Path(__file__).with_name("microphone_recorder.py")
BACKENDS = ["pyaudio", "sounddevice"]
OUTAGE_SECONDS = 1.5
"""How long the microphone is away."""
TAIL_SECONDS = 0.3
"""More than the device's buffers hold of what was played."""
pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture
def vmic() -> Iterator[VirtualMic]:
    """A virtual microphone, plugged in."""
    with virtual_mic() as plugged_in:
        yield plugged_in


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    """A second of noise, 16 bit, at the microphone's rate."""
    noise = np.random.default_rng(5).normal(0, 3000, RATE).astype(np.int16)
    soundfile.write(tmp_path / "noise.wav", noise, RATE)
    return tmp_path / "noise.wav"


@dataclass
class Recording:
    """What a recorder heard; filled in when it has ended."""

    samples: NDArray[np.float32]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    lost: int
    log: str

    def find(self, wav: Path) -> list[int]:
        """Where the file stands in the recording, every sample of it exactly."""
        wanted, _ = soundfile.read(wav, dtype="float32")
        first = np.flatnonzero(self.samples == wanted[0])
        return [int(i) for i in first if np.array_equal(self.samples[i : i + len(wanted)], wanted)]


class Recorder:
    """A running recorder."""

    def __init__(self, process: subprocess.Popen[str], out: Path) -> None:
        self._process = process
        self._out = out
        self._heard = 0
        self._reader = threading.Thread(target=self._count)
        self._reader.start()

    def hear(self, seconds: float) -> None:
        """Wait until it has heard so much more than by now, by the device's clock."""
        wanted = self._heard + seconds * RATE
        wait_until(lambda: self._heard >= wanted, lambda: f"only {self._heard} samples were heard")

    def stop(self) -> Recording:
        """End it and read what it heard."""
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        self._process.stdin.close()
        log = self._process.stderr.read()
        assert self._process.wait(TIMEOUT_SECONDS) == 0, log
        self._reader.join(TIMEOUT_SECONDS)
        with np.load(self._out) as data:
            return Recording(
                data["samples"], data["starts"], data["lengths"], int(data["lost"]), log
            )

    def _count(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line[:1].isdigit():
                self._heard = int(line)


@contextmanager
def recording(vmic: VirtualMic, backend: str, out: Path) -> Iterator[Recorder]:
    """Record from the virtual microphone in a process that listens now."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    with subprocess.Popen(
        [sys.executable, RECORDER, backend, out],
        env=vmic.env | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            vmic.wait_for_listener()
            yield Recorder(process, out)
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_played_is_heard_bit_for_bit(
    vmic: VirtualMic, wav: Path, tmp_path: Path, backend: str
) -> None:
    """A file played into the microphone arrives once, exact, without a gap or a word on stderr."""
    with recording(vmic, backend, tmp_path / "heard.npz") as recorder:
        vmic.play(wav)
        recorder.hear(TAIL_SECONDS)
        heard = recorder.stop()
    assert len(heard.find(wav)) == 1
    assert heard.lost == 0
    np.testing.assert_array_equal(heard.starts[1:], (heard.starts + heard.lengths)[:-1])
    assert heard.log == ""


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("how", ["the device is pulled out", "the sound server dies"])
def test_a_microphone_that_vanished_is_heard_again(
    vmic: VirtualMic, wav: Path, tmp_path: Path, how: str, backend: str
) -> None:
    """Taken away for over a second and brought back: heard again, the gap as long as the outage."""
    with recording(vmic, backend, tmp_path / "heard.npz") as recorder:
        vmic.play(wav)
        recorder.hear(TAIL_SECONDS)
        gone_at = time.monotonic()
        if how == "the device is pulled out":
            vmic.pull_out()
            time.sleep(OUTAGE_SECONDS)
            vmic.plug_in()
        else:
            vmic.stop()
            time.sleep(OUTAGE_SECONDS)
            vmic.start()
        vmic.wait_for_listener()
        away = time.monotonic() - gone_at
        recorder.hear(0.1)
        vmic.play(wav)
        recorder.hear(TAIL_SECONDS)
        heard = recorder.stop()
    assert len(heard.find(wav)) == 2
    gaps = heard.starts[1:] - (heard.starts + heard.lengths)[:-1]
    assert np.count_nonzero(gaps) == 1
    assert abs(gaps.max() / RATE - away) < 1.0
    assert heard.lost == gaps.max()
    assert heard.log.count("is gone") == 1
    assert heard.log.count("is back") == 1


def test_it_can_be_closed_while_the_microphone_is_away(vmic: VirtualMic, tmp_path: Path) -> None:
    """The device never returns: what was heard is kept, and closing is not held up."""
    with recording(vmic, "pyaudio", tmp_path / "heard.npz") as recorder:
        recorder.hear(0.1)
        vmic.stop()
        time.sleep(OUTAGE_SECONDS)  # the more often it is looked for
        heard = recorder.stop()
    assert len(heard.samples)
    assert heard.log.count("is gone") == 1


def test_devices_are_listed(vmic: VirtualMic) -> None:
    """The virtual microphone is the default device, and nothing else is printed."""
    code = (
        "from runtime.sources._devices import list_microphones\n"
        "for m in list_microphones(): print(m.index, m.name, m.channels > 0, m.rate, m.default)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=vmic.env | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[1] for line in lines if line[-1] == "True"] == ["default"]
    assert done.stderr == ""


def test_no_microphone_is_one_clear_error(vmic: VirtualMic) -> None:
    """With the sound server dead from the start, opening says what is wrong and does not hang."""
    vmic.stop()
    code = (
        "from runtime.sources import open_source\n"
        "from wakeword.errors import SourceError\n"
        "try: open_source('mic', 16000)\n"
        "except SourceError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=vmic.env | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "there is no microphone" in done.stdout
    assert done.stderr == ""
