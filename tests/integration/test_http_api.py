"""Requests and answers of the HTTP service: labels, sounds, state."""

from __future__ import annotations

import io
import json
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
import requests
import soundfile

from tests.integration.http_server import DEMO, JSON, KNOCKS, WHISTLES, Served, serving, upload
from tests.integration.http_sounds import client, library, problem_of, served, wav_of
from tests.waiting import TIMEOUT_SECONDS
from wakeword.testing import tone

pytest.importorskip("fastapi")

pytestmark = pytest.mark.slow
__all__ = ["client", "library", "served"]


def test_the_documented_loop_works_as_written(served: Served) -> None:
    """requests.post with a chunk and labels gives a dict of scores in 0..1 to iterate."""
    url = f"{served.url}/classify"
    chunk = wav_of(soundfile.read(WHISTLES[0])[0], soundfile.info(WHISTLES[0]).samplerate)["audio"][
        1
    ]
    labels = "whistling, glass breaking, smoke alarm"
    for _ in range(3):
        scores = requests.post(
            url, files={"audio": ("sample.wav", chunk, "audio/wav")}, data={"labels": labels}
        ).json()
        for label, score in scores.items():
            assert isinstance(label, str)
            assert 0.0 <= score <= 1.0
        assert list(scores) == ["whistling", "glass breaking", "smoke alarm"]
        assert max(scores, key=scores.get) == "whistling"


def test_chinese_labels_and_a_timeline(client: httpx.Client) -> None:
    """Labels in Chinese are read, and the long answer says how and when."""
    form = {"labels": "口哨\uff0c狗叫", "closed": "true"}
    heard = client.post("/classify/timeline", files=upload(WHISTLES[0]), data=form).json()
    assert heard["top"] == "口哨"
    assert heard["understood"]["口哨"]["how"] == "glossary"
    assert sum(heard["scores"].values()) == pytest.approx(1.0, abs=1e-4)
    assert heard["windows"][0]["start"] == 0


def test_any_recording_can_be_drawn(client: httpx.Client) -> None:
    """/spectrogram draws what is sent, at any rate, in as many columns as are wanted."""
    for rate in (8_000, 44_100):
        sound = wav_of(tone(1000.0, 1.0, rate=rate), rate)
        drawn = client.post("/spectrogram?points=50", files=sound).json()
        assert (drawn["seconds"], drawn["bands"], len(drawn["columns"])) == (1.0, 64, 50)
        loudest = max(range(64), key=lambda band: drawn["columns"][25][band])
        assert 15 < loudest < 35
    broken = {"audio": ("x.wav", b"no audio", "audio/wav")}
    problem_of(client.post("/spectrogram", files=broken), 415, "not_audio")


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ("", "labels"),
        ("whistling", "only label"),
        ("whistling, Whistling", "twice"),
        (", ".join(f"sound {i}" for i in range(10_000)), "too many"),
        ("x" * 5000 + ", whistling", ""),
        ("whistling, звонок", ""),
        ("whistling, qwrtzpsdf", ""),
    ],
)
def test_labels_that_make_no_sense_say_why(client: httpx.Client, labels: str, told: str) -> None:
    """Bad labels are a 422 whose body says what is wrong."""
    answer = client.post("/classify", files=upload(WHISTLES[0]), data={"labels": labels})
    assert answer.status_code == 422
    assert told in answer.json()["detail"]


def test_a_request_without_a_part_says_which(client: httpx.Client) -> None:
    """Without audio or labels the answer names the missing part."""
    assert "audio" in problem_of(
        client.post("/classify", data={"labels": "a, b"}, files={}), 422, "bad_request"
    )
    assert "labels" in problem_of(
        client.post("/classify", files=upload(WHISTLES[0])), 422, "bad_request"
    )


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "empty.wav", "empty"),
        (b"no audio at all" * 50, "sample.wav", "not audio"),
        (b"RIFF\0\0\0\0WAVE", "cut.wav", "cut.wav"),
        (b"\0\0\0\x20ftypM4A " + bytes(100), "phone.m4a", "cut off before it was finished"),
        (b"\x01\x02" * 500, "../../etc/x.pcm", "x.pcm: raw samples carry no rate"),
    ],
)
def test_what_is_not_audio_says_so_without_our_paths(
    client: httpx.Client, content: bytes, name: str, told: str
) -> None:
    """A file that cannot be read is a 415 that calls it by the client's name for it."""
    files = {"audio": (name, content, "audio/wav")}
    detail = problem_of(
        client.post("/classify", files=files, data={"labels": "a, b"}), 415, "not_audio"
    )
    assert told in detail
    assert "/tmp" not in detail
    assert "wakesound-upload" not in detail


def test_sounds_are_listed_with_what_matters(client: httpx.Client) -> None:
    """The list and the single sound agree; case does not matter."""
    listed = client.get("/sounds").json()
    assert [sound["name"] for sound in listed["sounds"]] == ["double knock", "whistle"]
    assert listed["problems"] == {}
    one = client.get("/sounds/WHISTLE").json()
    assert one == listed["sounds"][1]
    assert one["takes"] == 3
    assert one["listening"]


def test_a_take_can_be_played_and_drawn(client: httpx.Client) -> None:
    """The WAV holds the take's samples; peaks and spectrogram have its length and the sound."""
    take = client.get("/sounds/whistle/takes").json()[0]
    base = f"/sounds/whistle/takes/{take['file']}"
    audio = client.get(f"{base}/audio")
    assert audio.headers["content-type"] == "audio/wav"
    samples, rate = soundfile.read(io.BytesIO(audio.content))
    assert len(samples) / rate == pytest.approx(take["seconds"], abs=0.001)
    drawn = client.get(f"{base}/peaks", params={"points": 50}).json()
    assert len(drawn["low"]) == len(drawn["high"]) == 50
    assert max(drawn["high"]) == pytest.approx(samples.max(), abs=1e-3)
    assert 0 < drawn["start_seconds"] < drawn["end_seconds"] < drawn["seconds"]
    image = client.get(f"{base}/spectrogram", params={"points": 20}).json()
    assert (len(image["columns"]), len(image["columns"][0])) == (20, image["bands"])


@pytest.mark.parametrize(
    "path",
    [
        "/sounds/..",
        "/sounds/%2e%2e",
        "/sounds/..%2f..%2flibrary.json",
        "/sounds/whistle%00",
        "/sounds/" + "x" * 3000,
        "/sounds/whistle/takes/..%2fsound.json/audio",
        "/sounds/whistle/takes/%2e%2e/audio",
        "/sounds/whistle/takes/sound.json/peaks",
        "/sounds/whistle/takes/%2fetc%2fpasswd/audio",
        "/drafts/..%2f..%2fwhistle",
        "/drafts/%2e%2e/takes/%2e%2e/audio",
        "/ui/../config.py",
        "/ui/%2e%2e/config.py",
        "//etc/passwd",
    ],
)
def test_no_path_leads_to_a_file(served: Served, path: str) -> None:
    """Whatever a client puts into a path names a sound, a take or a draft, or nothing."""
    connection = HTTPConnection("127.0.0.1", served.port, timeout=TIMEOUT_SECONDS)
    for method in ("GET", "DELETE", "PATCH"):
        connection.request(method, path, b'{"threshold": 0.5}', JSON)  # as it is, dots and all
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status in (404, 405), body
        assert set(json.loads(body)) == {"error", "detail"}
    connection.close()


def test_labels_are_looked_at(client: httpx.Client) -> None:
    """Advice in words, and the labels with it taken."""
    advice = client.post("/labels/check", json={"labels": "dog barks, smoke alarm, 狗叫声"}).json()
    assert "same" in [remark["kind"] for remark in advice["remarks"]]
    assert advice["understood"]["smoke alarm"]["how"] == "written"
    assert advice["better"]
    problem_of(client.post("/labels/check", json={"labels": " , "}), 422, "bad_request")


def test_health_and_metrics_tell_the_state(client: httpx.Client) -> None:
    """Alive and ready, and figures that Prometheus understands."""
    health = client.get("/health").json()
    assert (health["status"], health["ready"], health["sounds"]) == ("ok", True, 2)
    assert client.get("/health/ready").status_code == 200
    metrics = client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert "wakesound_sounds 2.0" in metrics.text
    assert 'route="/health",status="200"' in metrics.text


def test_the_root_and_unknown_paths_help(client: httpx.Client) -> None:
    """Nothing is fetched from elsewhere, and a wrong path says where to look."""
    assert client.get("/").status_code == 200
    assert "/openapi.json" in problem_of(client.get("/nope"), 404, "not_found")
    assert "/openapi.json" in problem_of(client.put("/sounds"), 405, "method_not_allowed")
    assert client.get("/docs").status_code == 404


def test_an_encoder_without_words_says_so(library: Path, tmp_path: Path) -> None:
    """/classify with an encoder that knows no words is a clear 422; --label-encoder helps."""
    for label_encoder, status in ((None, 422), ("mini", 200)):
        with (
            serving(tmp_path / "empty", encoder="logmel", label_encoder=label_encoder) as served,
            served.client() as client,
        ):
            form = {"labels": "whistling, dog barking"}
            answer = client.post("/classify", files=upload(WHISTLES[0]), data=form)
            assert answer.status_code == status
            assert status == 200 or "no text side" in answer.json()["detail"]
            assert client.get("/health").json()["words"] is (status == 200)


def test_the_demo_is_here() -> None:
    """The recordings that these tests use ship with Wakesound."""
    assert len(WHISTLES) == len(KNOCKS) == 3
    assert (DEMO / "noisy_minute.flac").exists()
