"""The HTTP service's endpoints, asked by a real client over a real connection."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import httpx
import numpy as np
import pytest
import requests
import soundfile

from tests.integration.http_server import (
    DEMO,
    JSON,
    KNOCKS,
    WHISTLES,
    Served,
    enrolled,
    serving,
    upload,
)
from tests.waiting import TIMEOUT_SECONDS
from wakeword.testing import RATE, noise, silence, tone

pytest.importorskip("fastapi")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return enrolled(tmp_path_factory.mktemp("http") / "library")


@pytest.fixture(scope="module")
def served(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose library no test changes."""
    folder = tmp_path_factory.mktemp("read") / "library"
    shutil.copytree(library, folder)
    with serving(folder) as served:
        yield served


@pytest.fixture
def changed(library: Path, tmp_path: Path) -> Iterator[Served]:
    """A server whose library is this test's own."""
    shutil.copytree(library, tmp_path / "library")
    with serving(tmp_path / "library") as served:
        yield served


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with served.client() as client:
        yield client


def _wav(samples: np.ndarray, rate: int = RATE) -> dict[str, tuple[str, bytes, str]]:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV")
    return {"audio": ("sample.wav", buffer.getvalue(), "audio/wav")}


def _problem(answer: httpx.Response, status: int, error: str) -> str:
    """The detail of an answer that must be this error."""
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, error), body
    assert body["detail"]
    return str(body["detail"])


# -- classify ------------------------------------------------------------------------------


def test_the_documented_loop_works_as_written(served: Served) -> None:
    """requests.post with a chunk and labels gives a dict of scores in 0..1 to iterate."""
    url = f"{served.url}/classify"
    chunk = _wav(soundfile.read(WHISTLES[0])[0], soundfile.info(WHISTLES[0]).samplerate)["audio"][1]
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
        sound = _wav(tone(1000.0, 1.0, rate=rate), rate)
        drawn = client.post("/spectrogram?points=50", files=sound).json()
        assert (drawn["seconds"], drawn["bands"], len(drawn["columns"])) == (1.0, 64, 50)
        loudest = max(range(64), key=lambda band: drawn["columns"][25][band])
        assert 15 < loudest < 35
    broken = {"audio": ("x.wav", b"no audio", "audio/wav")}
    _problem(client.post("/spectrogram", files=broken), 415, "not_audio")


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
    assert "audio" in _problem(
        client.post("/classify", data={"labels": "a, b"}, files={}), 422, "bad_request"
    )
    assert "labels" in _problem(
        client.post("/classify", files=upload(WHISTLES[0])), 422, "bad_request"
    )


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "empty.wav", "empty"),
        (b"no audio at all" * 50, "sample.wav", "not audio"),
        (b"RIFF\0\0\0\0WAVE", "cut.wav", "cut.wav"),
        (b"\0\0\0\x20ftypM4A " + bytes(100), "phone.m4a", "ffmpeg -i phone.m4a phone.wav"),
        (b"\x01\x02" * 500, "../../etc/x.pcm", "not audio"),
    ],
)
def test_what_is_not_audio_says_so_without_our_paths(
    client: httpx.Client, content: bytes, name: str, told: str
) -> None:
    """A file that cannot be read is a 415 that calls it by the client's name for it."""
    files = {"audio": (name, content, "audio/wav")}
    detail = _problem(
        client.post("/classify", files=files, data={"labels": "a, b"}), 415, "not_audio"
    )
    assert told in detail
    assert "/tmp" not in detail
    assert "wakesound-upload" not in detail


# -- sounds and takes ----------------------------------------------------------------------


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


def test_a_sound_is_renamed_adjusted_and_removed(changed: Served) -> None:
    """Changes are in the library at once and in the listening soon."""
    with changed.client() as client:
        named = client.patch("/sounds/whistle", json={"name": "low whistle", "threshold": 0.8})
        assert (named.json()["name"], named.json()["threshold"]) == ("low whistle", 0.8)
        _problem(client.get("/sounds/whistle"), 404, "sound_not_found")
        _problem(
            client.patch("/sounds/double knock", json={"name": "Low Whistle"}),
            409,
            "sound_exists",
        )
        _problem(client.patch("/sounds/low whistle", json={"name": "a/b"}), 422, "bad_name")
        for bad in ({}, {"threshold": 7}, {"threshold": "NaN"}, {"treshold": 0.5}):
            _problem(client.patch("/sounds/low whistle", json=bad), 422, "bad_request")
        assert client.delete("/sounds/low whistle").status_code == 204
        _problem(client.delete("/sounds/low whistle"), 404, "sound_not_found")
        assert [s["name"] for s in client.get("/sounds").json()["sounds"]] == ["double knock"]


def test_a_take_is_removed_but_not_the_last(changed: Served) -> None:
    """The threshold is fitted to the takes that are left; the last one stays."""
    with changed.client() as client:
        files = [take["file"] for take in client.get("/sounds/whistle/takes").json()]
        for file in files[:2]:
            assert client.delete(f"/sounds/whistle/takes/{file}").status_code == 204
        assert [t["file"] for t in client.get("/sounds/whistle/takes").json()] == files[2:]
        _problem(client.delete(f"/sounds/whistle/takes/{files[2]}"), 409, "last_take")
        _problem(client.delete(f"/sounds/whistle/takes/{files[0]}"), 404, "take_not_found")


def test_patterns_are_added_and_removed(changed: Served) -> None:
    """Exactly two in a row, by a name of its own, beside three."""
    with changed.client() as client:
        base = "/sounds/whistle/patterns"
        assert client.get(base).json() == []
        two = client.post(base, json={"beats": 2, "name": "twice"})
        assert two.status_code == 201, two.text
        both = client.post(base, json={"beats": 3, "wait_seconds": 1.5}).json()
        assert [(p["name"], p["beats"]) for p in both] == [("twice", 2), ("whistle x3", 3)]
        assert client.get("/sounds/whistle").json()["events"] == ["twice", "whistle x3"]
        _problem(client.post(base, json={"beats": 2, "name": "twice"}), 409, "sound_exists")
        for bad in ({"beats": 1}, {"beats": 99}, {"beats": 2, "wait_seconds": 60}, {}):
            _problem(client.post(base, json=bad), 422, "bad_request")
        assert client.delete(f"{base}/twice").status_code == 204
        _problem(client.delete(f"{base}/twice"), 404, "pattern_not_found")


def test_a_sound_travels_as_a_file(changed: Served, tmp_path: Path) -> None:
    """What one server exports another imports, whole or not at all."""
    with changed.client() as client, serving(tmp_path / "other") as other:
        packed = client.get("/sounds/whistle/export")
        assert packed.headers["content-type"] == "application/zip"
        assert 'filename="whistle.zip"' in packed.headers["content-disposition"]
        with other.client() as there:
            added = there.post("/import", files={"file": ("x.zip", packed.content)})
            assert (added.status_code, added.json()[0]["takes"]) == (201, 3)
            again = there.post("/import", files={"file": ("x.zip", packed.content)})
            _problem(again, 409, "sound_exists")
            form = {"replace": "true"}
            once_more = there.post("/import", files={"file": packed.content}, data=form)
            assert once_more.status_code == 201
            for bad in (b"no zip", packed.content[:-100], b""):
                refused = there.post("/import", files={"file": ("../x.zip", bad)})
                assert "/tmp" not in _problem(refused, 422, "bad_archive")


def test_labels_are_looked_at(client: httpx.Client) -> None:
    """Advice in words, and the labels with it taken."""
    advice = client.post("/labels/check", json={"labels": "dog barks, smoke alarm, 狗叫声"}).json()
    assert "verb" in [remark["kind"] for remark in advice["remarks"]]
    assert advice["understood"]["smoke alarm"]["how"] == "written"
    assert advice["better"]
    _problem(client.post("/labels/check", json={"labels": " , "}), 422, "bad_request")


# -- enrollment ----------------------------------------------------------------------------


def test_a_sound_is_enrolled_step_by_step(tmp_path: Path) -> None:
    """Draft, takes, a bad take refused in words, a try, the budget, the sound: as a page does."""
    with serving(tmp_path / "new") as served, served.client() as client:
        draft = client.post("/drafts", json={"name": "whistle"})
        assert draft.status_code == 201
        base = f"/drafts/{draft.json()['id']}"
        _problem(client.post(f"{base}/finish"), 422, "take_rejected")
        for number, path in enumerate(WHISTLES, start=1):
            added = client.post(f"{base}/takes", files=upload(path))
            assert added.status_code == 201, added.text
            assert added.json()[0]["label"] == f"take {number}"

        again = client.post(f"{base}/takes", files=upload(WHISTLES[0]))
        assert "same recording" in _problem(again, 422, "take_rejected")
        assert again.json()["findings"][0]["code"] == "duplicate"
        quiet = _wav(noise(1.5, level_db=-70.0))
        refused = client.post(f"{base}/takes", files=quiet)
        assert "no sound stands out" in _problem(refused, 422, "take_rejected")

        other = client.post(f"{base}/takes", files=upload(KNOCKS[0])).json()
        whole = client.get(base).json()
        unlike = whole["takes"][-1]
        assert "unlike" in [finding["code"] for finding in unlike["findings"]]
        stopped = client.post(f"{base}/finish")
        assert '"force": true' in _problem(stopped, 422, "take_rejected")
        assert client.delete(f"{base}/takes/{other[0]['id']}").status_code == 204

        heard = client.post(f"{base}/try", files=upload(WHISTLES[1])).json()
        assert heard["woke"]
        assert heard["score"] >= heard["threshold"]
        missed = client.post(f"{base}/try", files=upload(KNOCKS[0])).json()
        assert not missed["woke"]

        strict = client.patch(base, json={"budget_per_hour": 0.05}).json()["expectation"]
        loose = client.patch(base, json={"budget_per_hour": 5}).json()["expectation"]
        assert strict["threshold"] >= loose["threshold"]  # both may be at the least there is
        if strict["false_wakes_per_day"] is not None:  # enough is known to say
            assert strict["false_wakes_per_day"] <= loose["false_wakes_per_day"]
        assert "false wake" in loose["text"]

        take = whole["takes"][0]
        assert client.get(f"{base}/takes/{take['id']}/audio").content[:4] == b"RIFF"
        drawn = client.get(f"{base}/takes/{take['id']}/peaks").json()
        assert drawn["start_seconds"] == take["start_seconds"]

        done = client.post(f"{base}/finish")
        assert done.status_code == 201, done.text
        assert done.json()["sound"]["takes"] == 3
        assert done.json()["sound"]["budget_per_hour"] == 5
        expectation = done.json()["expectation"]
        assert expectation["threshold"] == done.json()["sound"]["threshold"]
        assert expectation["noisy_miss_rate"] == done.json()["sound"]["noisy_miss_rate"]
        assert done.json()["refitted"] == []
        _problem(client.get(base), 404, "draft_not_found")
        assert client.get("/sounds").json()["sounds"][0]["name"] == "whistle"
        _problem(client.post("/drafts", json={"name": "Whistle"}), 409, "sound_exists")
        redo = client.post("/drafts", json={"name": "Whistle", "replace": True})
        assert redo.status_code == 201


def test_two_drafts_of_one_name_lose_nothing(tmp_path: Path) -> None:
    """The second to finish is told, and goes on under another name or in place of the first."""
    with serving(tmp_path / "new") as served, served.client() as client:
        drafts = [client.post("/drafts", json={"name": "whistle"}).json() for _ in range(3)]
        bases = [f"/drafts/{draft['id']}" for draft in drafts]
        for base in bases:
            for path in WHISTLES[:2]:
                assert client.post(f"{base}/takes", files=upload(path)).status_code == 201
        first, second, third = bases
        before = client.get(second).json()["takes"]
        assert client.post(f"{first}/finish").status_code == 201
        for base in (second, third):
            _problem(client.post(f"{base}/finish"), 409, "sound_exists")
        _problem(client.patch(second, json={"name": "Whistle"}), 409, "sound_exists")
        _problem(client.patch(second, json={}), 422, "bad_request")
        renamed = client.patch(second, json={"name": "whistle two"}).json()
        assert renamed["name"] == "whistle two"
        assert [take["id"] for take in renamed["takes"]] == [take["id"] for take in before]
        done = client.post(f"{second}/finish", json={"force": True})
        assert done.json()["sound"]["name"] == "whistle two"
        assert client.patch(third, json={"replace": True}).status_code == 200
        assert client.post(f"{third}/finish", json={"force": True}).status_code == 201
        names = [sound["name"] for sound in client.get("/sounds").json()["sounds"]]
        assert names == ["whistle", "whistle two"]


def test_drafts_are_bounded_and_can_be_given_up(served: Served, client: httpx.Client) -> None:
    """There are so many drafts and takes and no more; giving one up makes room."""
    limits = served.service.config.limits
    ids = [
        client.post("/drafts", json={"name": f"s{i}"}).json()["id"] for i in range(limits.drafts)
    ]
    too_many = client.post("/drafts", json={"name": "one more"})
    _problem(too_many, 429, "too_many_drafts")
    assert "retry-after" in too_many.headers
    assert client.delete(f"/drafts/{ids[0]}").status_code == 204
    assert client.post("/drafts", json={"name": "one more"}).status_code == 201
    gap = silence(1.0)
    parts = [part for hz in range(400, 400 + 60 * 13, 60) for part in (tone(hz, 0.3), gap)]
    many = client.post(f"/drafts/{ids[1]}/takes", files=_wav(np.concatenate(parts)))
    _problem(many, 409, "too_many_takes")
    for draft in client.get("/drafts").json():
        client.delete(f"/drafts/{draft['id']}")
    assert client.get("/drafts").json() == []


# -- state ---------------------------------------------------------------------------------


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
    assert "/openapi.json" in _problem(client.get("/nope"), 404, "not_found")
    assert "/openapi.json" in _problem(client.put("/sounds"), 405, "method_not_allowed")
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
