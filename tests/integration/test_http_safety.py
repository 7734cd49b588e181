"""Who is let in by the HTTP service: tokens, names and origins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from runtime.services.http.config import ServerConfig, read_token
from tests.integration.http_limited import served
from tests.integration.http_server import Served, serving
from tests.waiting import TIMEOUT_SECONDS
from wakeword.errors import ConfigError

pytest.importorskip("fastapi")

pytestmark = pytest.mark.slow
__all__ = ["served"]

TOKEN = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with a token."""
    with serving(tmp_path_factory.mktemp("guarded"), token=TOKEN) as served:
        yield served


def test_other_machines_need_a_token() -> None:
    """A server that others can reach does not start without a token, and says how to give one."""
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):
        with pytest.raises(ConfigError, match="--token-file"):
            ServerConfig(host)
        ServerConfig(host, token=TOKEN)
    for host in ("127.0.0.1", "127.0.0.9", "::1", "localhost"):
        ServerConfig(host)


@pytest.mark.parametrize(
    "token", ["short", "with spaces in it are not fine", "ünïcödé-is-not-fine"]
)
def test_a_weak_token_is_refused(token: str) -> None:
    """A token is long and of plain characters."""
    with pytest.raises(ConfigError, match="at least 16"):
        ServerConfig(token=token)


def test_the_token_is_read_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first line counts; an unreadable or empty file is an error that names it."""
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\nmore\n")
    assert read_token(file) == TOKEN
    monkeypatch.setenv("WAKESOUND_TOKEN", f" {TOKEN} ")
    assert read_token(None) == TOKEN
    file.write_text("\n")
    for bad in (file, tmp_path / "none", tmp_path):
        with pytest.raises(ConfigError, match=bad.name):
            read_token(bad)


def test_the_token_opens_everything_and_nothing_else_does(guarded: Served) -> None:
    """Without it all but the bare state is 401; a token in a header or, to read, the address."""
    with guarded.client() as client:
        document = client.get("/openapi.json", headers=_bearer(TOKEN)).json()
        assert document["security"] == [{"token": []}]
        paths = document["paths"]
        for path in [*paths, "/openapi.json", "/nope", "/sounds/x/takes/y/audio"]:
            if path.startswith("/health"):
                continue
            for headers in ({}, _bearer("wrong"), _bearer(TOKEN[:-1]), {"authorization": TOKEN}):
                for method in ("GET", "POST", "PATCH", "DELETE"):
                    answer = client.request(method, path, headers=headers)
                    assert answer.status_code == 401, (method, path)
                    assert answer.headers["www-authenticate"] == "Bearer"
                    assert answer.json()["error"] == "unauthorized"
        assert client.get("/sounds", headers=_bearer(TOKEN)).status_code == 200
        assert client.get("/sounds", params={"token": TOKEN}).status_code == 200
        assert client.post("/drafts", params={"token": TOKEN}, json={}).status_code == 401


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_health_is_open_but_tells_little(guarded: Served) -> None:
    """A health check needs no token, and learns nothing about sounds and sources."""
    with guarded.client() as client:
        assert set(client.get("/health").json()) == {"status", "ready", "version"}
        assert client.get("/health/ready").status_code == 200
        assert "encoder" in client.get("/health", headers=_bearer(TOKEN)).json()


def test_a_websocket_needs_the_token_too(guarded: Served) -> None:
    """In the address, as a subprotocol, or in a header where the client can send one."""
    url = f"ws://127.0.0.1:{guarded.port}/ws"
    for wrong in (url, f"{url}?token=wrong"):
        with pytest.raises(InvalidStatus) as refused, connect(wrong):
            pass
        assert refused.value.response.status_code == 401
    with connect(f"{url}?token={TOKEN}") as websocket:
        assert "ready" in str(websocket.recv(timeout=TIMEOUT_SECONDS))
    with connect(url, additional_headers=_bearer(TOKEN)) as websocket:
        assert "ready" in str(websocket.recv(timeout=TIMEOUT_SECONDS))
    protocols = [Subprotocol("wakesound.bearer"), Subprotocol(TOKEN)]
    with connect(url, subprotocols=protocols) as websocket:
        assert websocket.subprotocol == "wakesound.bearer"
        assert "ready" in str(websocket.recv(timeout=TIMEOUT_SECONDS))


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil", "a b", "["],
)
def test_another_name_is_refused(served: Served, host: str) -> None:
    """A page that made its own name lead here (DNS rebinding) gets nothing."""
    with served.client() as client:
        answer = client.get("/sounds", headers={"host": host})
    assert (answer.status_code, answer.json()["error"]) == (403, "wrong_host")


@pytest.mark.parametrize("host", ["localhost", "localhost:1234", "127.0.0.1", "[::1]:80"])
def test_loopback_names_are_answered(served: Served, host: str) -> None:
    """However this machine is called by itself."""
    with served.client() as client:
        assert client.get("/sounds", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "x", "http://["]
)
def test_a_foreign_page_changes_nothing(served: Served, origin: str) -> None:
    """A page from elsewhere may neither post, patch nor delete, nor open a WebSocket."""
    with served.client() as client:
        headers = {"origin": origin}
        for method, path in (("POST", "/drafts"), ("PATCH", "/sounds/x"), ("DELETE", "/sounds/x")):
            answer = client.request(method, path, headers=headers, json={"name": "x"})
            assert (answer.status_code, answer.json()["error"]) == (403, "foreign_page")
        assert "access-control-allow-origin" not in client.get("/sounds", headers=headers).headers
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://127.0.0.1:{served.port}/ws", origin=Origin(origin)),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_its_own_page_and_the_allowed_one_may(served: Served) -> None:
    """The server's own origin always, another one with --cors, preflight and all."""
    for origin in (served.url, "https://home.example.org"):
        headers = {"origin": origin, "host": served.url.removeprefix("http://")}
        with served.client() as client:
            answer = client.post("/drafts", json={"name": "mine"}, headers=headers)
            assert answer.status_code == 201
            client.delete(f"/drafts/{answer.json()['id']}", headers=headers)
    with served.client() as client:
        preflight = {
            "origin": "https://home.example.org",
            "access-control-request-method": "PATCH",
            "access-control-request-headers": "authorization",
        }
        allowed = client.options("/sounds/x", headers=preflight)
        assert allowed.headers["access-control-allow-origin"] == "https://home.example.org"
        refused = client.options("/sounds/x", headers={**preflight, "origin": "https://evil.org"})
        assert "access-control-allow-origin" not in refused.headers


def test_origins_are_spelled_out() -> None:
    """Neither a star nor a path is an origin."""
    for origin in ("*", "https://*", "example.org", "https://example.org/page", "ftp://x"):
        with pytest.raises(ConfigError, match="--cors"):
            ServerConfig(cors=(origin,))
