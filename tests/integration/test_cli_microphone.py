"""Enrollment and detection at a microphone, through the command line and the real PortAudio."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.integration.cli_process import LENIENT, running, write_recordings
from tests.integration.virtual_mic import RATE, virtual_mic
from wakeword.audio.resampling import resample

pytestmark = [pytest.mark.slow, pytest.mark.alone]

SETTLE_SECONDS = 1.3
"""The guide listens to the room for a second before the first take; a gate for half of one."""

BETWEEN_SECONDS = 0.5
"""Pause after a sound, so that it is known to be over."""


def _for_microphone(path: Path) -> Path:
    """The sound in the recording with little around it, at the microphone's rate."""
    samples, rate = soundfile.read(path, dtype="float32", start=6000, frames=16_000)
    played = path.with_name(f"played-{path.name}")
    soundfile.write(played, resample(np.asarray(samples, np.float32), rate, RATE), RATE)
    return played


def test_sound_is_taught_and_heard_at_the_microphone(tmp_path: Path) -> None:
    """Three whistles make a sound; one more, in a new process, wakes it."""
    write_recordings(tmp_path)
    takes = [_for_microphone(tmp_path / f"whistle{number}.wav") for number in (1, 2, 3)]
    shared = ("--json", "--library", tmp_path / "library")
    with virtual_mic() as mic:
        with running("enroll", "whistle", "--takes", "3", *shared, env=mic.env) as process:
            mic.wait_for_listener()
            time.sleep(SETTLE_SECONDS)
            for take in takes:
                mic.play(take)
                time.sleep(BETWEEN_SECONDS)
            assert process.stdout is not None
            enrolled = json.loads(process.stdout.read())
        assert len(enrolled["takes"]) == 3

        with running("listen", LENIENT, *shared, env=mic.env) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            mic.wait_for_listener()
            time.sleep(SETTLE_SECONDS)
            mic.play(takes[1])
            wake = json.loads(process.stdout.readline())
            assert (wake["sound"], wake["source"]) == ("whistle", "mic")
            process.terminate()
            end = json.loads(process.stdout.read().splitlines()[-1])
            assert (end["event"], end["frames_dropped"]) == ("end", 0)
            assert process.stderr.read() == ""
        assert process.returncode == 0
