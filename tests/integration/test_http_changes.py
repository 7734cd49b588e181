"""Sounds that are enrolled and changed over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from runtime.services.http.config import Limits
from tests.integration.http_server import KNOCKS, WHISTLES, Served, serving, upload
from tests.integration.http_sounds import client, library, problem_of, served, wav_of
from wakeword.testing import noise, silence, tone

pytest.importorskip("fastapi")

pytestmark = pytest.mark.slow
__all__ = ["client", "library", "served"]


@pytest.fixture
def changed(library: Path, tmp_path: Path) -> Iterator[Served]:
    """A server whose library is this test's own."""
    shutil.copytree(library, tmp_path / "library")
    with serving(tmp_path / "library") as served:
        yield served


def test_a_sound_is_renamed_adjusted_and_removed(changed: Served) -> None:
    """Changes are in the library at once and in the listening soon."""
    with changed.client() as client:
        named = client.patch("/sounds/whistle", json={"name": "low whistle", "threshold": 0.8})
        assert (named.json()["name"], named.json()["threshold"]) == ("low whistle", 0.8)
        problem_of(client.get("/sounds/whistle"), 404, "sound_not_found")
        problem_of(
            client.patch("/sounds/double knock", json={"name": "Low Whistle"}),
            409,
            "sound_exists",
        )
        problem_of(client.patch("/sounds/low whistle", json={"name": "a/b"}), 422, "bad_name")
        for bad in ({}, {"threshold": 7}, {"threshold": "NaN"}, {"treshold": 0.5}):
            problem_of(client.patch("/sounds/low whistle", json=bad), 422, "bad_request")
        assert client.delete("/sounds/low whistle").status_code == 204
        problem_of(client.delete("/sounds/low whistle"), 404, "sound_not_found")
        assert [s["name"] for s in client.get("/sounds").json()["sounds"]] == ["double knock"]


def test_a_take_is_removed_but_not_the_last(changed: Served) -> None:
    """The threshold is fitted to the takes that are left; the last one stays."""
    with changed.client() as client:
        files = [take["file"] for take in client.get("/sounds/whistle/takes").json()]
        for file in files[:2]:
            assert client.delete(f"/sounds/whistle/takes/{file}").status_code == 204
        assert [t["file"] for t in client.get("/sounds/whistle/takes").json()] == files[2:]
        problem_of(client.delete(f"/sounds/whistle/takes/{files[2]}"), 409, "last_take")
        problem_of(client.delete(f"/sounds/whistle/takes/{files[0]}"), 404, "take_not_found")


def test_takes_are_added_to_a_sound(changed: Served) -> None:
    """Several recordings in one change; what is there already is left out and told."""
    with changed.client() as client:
        before = client.get("/sounds/whistle/takes").json()
        for take in before[1:]:
            client.delete(f"/sounds/whistle/takes/{take['file']}")
        files = [("audio", upload(path)["audio"]) for path in WHISTLES]
        added = client.post("/sounds/Whistle/takes", files=files)
        assert added.status_code == 201, added.text
        told = added.json()
        assert (told["added"], told["sound"]["takes"]) == (2, 3)
        assert [finding["code"] for finding in told["findings"]] == ["left_out"]
        assert [one["file"] for one in told["recordings"]] == [path.name for path in WHISTLES]
        assert told["expectation"]["threshold"] == client.get("/sounds/whistle").json()["threshold"]
        assert len(client.get("/sounds/whistle/takes").json()) == 3
        again = client.post("/sounds/whistle/takes", files=upload(WHISTLES[1]))
        assert "a take of the sound already" in problem_of(again, 422, "take_rejected")
        quiet = client.post("/sounds/whistle/takes", files=wav_of(noise(1.5, level_db=-70.0)))
        assert "no sound stands out" in problem_of(quiet, 422, "take_rejected")
        unlike = client.post("/sounds/whistle/takes", files=upload(KNOCKS[0]))
        assert '"force": true' in problem_of(unlike, 422, "take_rejected")
        nobody = client.post("/sounds/nobody/takes", files=upload(WHISTLES[0]))
        problem_of(nobody, 404, "sound_not_found")
        problem_of(client.post("/sounds/whistle/takes"), 422, "bad_request")
        assert len(client.get("/sounds/whistle/takes").json()) == 3


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
        problem_of(client.post(base, json={"beats": 2, "name": "twice"}), 409, "sound_exists")
        for bad in ({"beats": 1}, {"beats": 99}, {"beats": 2, "wait_seconds": 60}, {}):
            problem_of(client.post(base, json=bad), 422, "bad_request")
        assert client.delete(f"{base}/twice").status_code == 204
        problem_of(client.delete(f"{base}/twice"), 404, "pattern_not_found")


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
            problem_of(again, 409, "sound_exists")
            form = {"replace": "true"}
            once_more = there.post("/import", files={"file": packed.content}, data=form)
            assert once_more.status_code == 201
            for bad in (b"no zip", packed.content[:-100], b""):
                refused = there.post("/import", files={"file": ("../x.zip", bad)})
                assert "/tmp" not in problem_of(refused, 422, "bad_archive")


def test_a_sound_is_enrolled_step_by_step(tmp_path: Path) -> None:
    """Draft, takes, a bad take refused in words, a try, the budget, the sound: as a page does."""
    with serving(tmp_path / "new") as served, served.client() as client:
        draft = client.post("/drafts", json={"name": "whistle"})
        assert draft.status_code == 201
        base = f"/drafts/{draft.json()['id']}"
        problem_of(client.post(f"{base}/finish"), 422, "take_rejected")
        for number, path in enumerate(WHISTLES, start=1):
            added = client.post(f"{base}/takes", files=upload(path))
            assert added.status_code == 201, added.text
            assert added.json()[0]["label"] == f"take {number}"

        again = client.post(f"{base}/takes", files=upload(WHISTLES[0]))
        assert "same recording" in problem_of(again, 422, "take_rejected")
        assert again.json()["findings"][0]["code"] == "duplicate"
        quiet = wav_of(noise(1.5, level_db=-70.0))
        refused = client.post(f"{base}/takes", files=quiet)
        assert "no sound stands out" in problem_of(refused, 422, "take_rejected")

        other = client.post(f"{base}/takes", files=upload(KNOCKS[0])).json()
        whole = client.get(base).json()
        unlike = whole["takes"][-1]
        assert "unlike" in [finding["code"] for finding in unlike["findings"]]
        stopped = client.post(f"{base}/finish")
        assert '"force": true' in problem_of(stopped, 422, "take_rejected")
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
        problem_of(client.get(base), 404, "draft_not_found")
        assert client.get("/sounds").json()["sounds"][0]["name"] == "whistle"
        problem_of(client.post("/drafts", json={"name": "Whistle"}), 409, "sound_exists")
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
            problem_of(client.post(f"{base}/finish"), 409, "sound_exists")
        problem_of(client.patch(second, json={"name": "Whistle"}), 409, "sound_exists")
        problem_of(client.patch(second, json={}), 422, "bad_request")
        renamed = client.patch(second, json={"name": "whistle two"}).json()
        assert renamed["name"] == "whistle two"
        assert [take["id"] for take in renamed["takes"]] == [take["id"] for take in before]
        done = client.post(f"{second}/finish", json={"force": True})
        assert done.json()["sound"]["name"] == "whistle two"
        assert client.patch(third, json={"replace": True}).status_code == 200
        assert client.post(f"{third}/finish", json={"force": True}).status_code == 201
        names = [sound["name"] for sound in client.get("/sounds").json()["sounds"]]
        assert names == ["whistle", "whistle two"]


def test_a_recording_gives_as_many_takes_as_sounds(tmp_path: Path) -> None:
    """More than a draft may have are refused together, and none of them is added."""
    parts = [part for hz in range(400, 1100, 150) for part in (tone(hz, 0.3), silence(1.0))]
    five = wav_of(np.concatenate(parts))
    with (
        serving(tmp_path / "new", limits=Limits(draft_takes=7)) as served,
        served.client() as client,
    ):
        base = f"/drafts/{client.post('/drafts', json={'name': 'beeps'}).json()['id']}/takes"
        assert len(client.post(base, files=five).json()) == 5
        problem_of(client.post(base, files=five), 409, "too_many_takes")
        assert len(client.get(base.removesuffix("/takes")).json()["takes"]) == 5
    assert Limits().draft_takes == 50


def test_drafts_are_bounded_and_can_be_given_up(served: Served, client: httpx.Client) -> None:
    """There are so many drafts and no more; giving one up makes room."""
    limits = served.service.config.limits
    ids = [
        client.post("/drafts", json={"name": f"s{i}"}).json()["id"] for i in range(limits.drafts)
    ]
    too_many = client.post("/drafts", json={"name": "one more"})
    problem_of(too_many, 429, "too_many_drafts")
    assert "retry-after" in too_many.headers
    assert client.delete(f"/drafts/{ids[0]}").status_code == 204
    assert client.post("/drafts", json={"name": "one more"}).status_code == 201
    for draft in client.get("/drafts").json():
        client.delete(f"/drafts/{draft['id']}")
    assert client.get("/drafts").json() == []
