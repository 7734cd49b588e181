"""Recordings over HTTP: what people send, which channel is meant, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from tests.codecs import require, shell
from tests.integration.http_server import DEMO, serving
from wakeword.testing import noise, tone

LABELS = {"labels": "whistling, glass breaking, dog barking"}
RATE = 16_000


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a service with an empty library."""
    with (
        serving(tmp_path_factory.mktemp("served") / "library") as served,
        served.client() as client,
    ):
        yield client


def post(client: httpx.Client, path: Path, name: str | None = None, **form: str) -> httpx.Response:
    """The answer to a recording."""
    files = {"audio": (name or path.name, path.read_bytes())}
    return client.post("/classify/timeline", files=files, data=LABELS | form)


def test_what_phones_record(client: httpx.Client, tmp_path: Path) -> None:
    """An M4A file, whatever it is called, scores as the FLAC file does."""
    require("ffmpeg")
    source = DEMO / "whistle_1.flac"
    shell(f"ffmpeg -v error -i '{source}' -ar 48000 -c:a alac a.m4a", tmp_path)
    shell(f"ffmpeg -v error -i '{source}' -ar 48000 a.wav", tmp_path)
    expected = post(client, tmp_path / "a.wav").json()
    for name in ("a.m4a", "memo", "memo.wav"):
        heard = post(client, tmp_path / "a.m4a", name).json()
        assert heard["scores"] == expected["scores"]
        assert (heard["complete"], heard["warnings"]) == (True, [])
    assert expected["top"] == "whistling"


def test_what_is_not_all_there(client: httpx.Client, tmp_path: Path) -> None:
    """The answer says so, in its body and its headers, and names no file of ours."""
    samples = tone(900.0, 2.0, rate=RATE) + noise(2.0)
    soundfile.write(tmp_path / "whole.wav", samples, RATE)
    cut = (tmp_path / "whole.wav").read_bytes()[: 44 + RATE]
    (tmp_path / "cut.wav").write_bytes(cut)
    answer = post(client, tmp_path / "cut.wav", "memo.wav")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["heard_seconds"], body["stated_seconds"], body["complete"]) == (0.5, 2.0, False)
    assert body["warnings"] == ["looks cut off: 0.5 of its 2.0 seconds are there"]
    assert answer.headers["wakesound-complete"] == "false"
    assert answer.headers["wakesound-stated-seconds"] == "2.000"
    assert "looks cut off" in answer.headers["wakesound-warning"]
    assert "/" not in answer.headers["wakesound-warning"]


def test_the_log_names_no_temporary_file(
    client: httpx.Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is logged of an upload has the name that the client gave it."""
    soundfile.write(tmp_path / "a.wav", noise(2.0), RATE)
    (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:20_000])
    post(client, tmp_path / "a.wav", "../memo.wav")
    warned = [record.getMessage() for record in caplog.records if "cut off" in record.getMessage()]
    assert warned
    assert all(text.startswith("memo.wav: looks cut off") for text in warned)


def test_a_channel_is_chosen(client: httpx.Client, tmp_path: Path) -> None:
    """Of anti-phase stereo the mix hears what each channel does; one may be named."""
    samples, rate = soundfile.read(DEMO / "whistle_1.flac", dtype="float32")
    soundfile.write(tmp_path / "one.wav", samples, rate)
    soundfile.write(tmp_path / "two.wav", np.stack([samples, -samples], axis=1), rate)
    expected = post(client, tmp_path / "one.wav").json()
    mixed = post(client, tmp_path / "two.wav").json()
    assert mixed["scores"] == pytest.approx(expected["scores"], abs=0.02)
    assert "channels 0 and 1 are turned round" in mixed["warnings"][0]
    named = post(client, tmp_path / "two.wav", channel="0").json()
    assert named["scores"] == pytest.approx(expected["scores"], abs=1e-4)
    assert named["warnings"] == []
    for channel, status in (("2", 415), ("left", 422)):
        assert post(client, tmp_path / "two.wav", channel=channel).status_code == status
