"""Webhooks: a real server on the loopback interface."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from runtime.sinks import SinkSpec, http, open_sink
from runtime.sinks._messages import (
    BodyMessage,
    FeishuMessage,
    Message,
    NtfyMessage,
    WecomMessage,
)
from runtime.sinks.http import HttpSink
from wakeword.errors import ConfigError, SinkError
from wakeword.events import WakeEvent

EVENT = WakeEvent("bell", 0.9, 0.5, 16000, 24000, 16000, source="mic", id="abc")
NOON = datetime(2026, 3, 1, 12, 30, 5, 999)


def post(hook: Hook, message: Message | None = None, path: str = "/200", **options: Any) -> None:
    """Post the event once, at noon."""
    sink = HttpSink(f"{hook.url}{path}", 10, message=message, now=lambda: NOON, **options)
    try:
        sink(EVENT)
    finally:
        sink.close()


class Hook(ThreadingHTTPServer):
    """Answers with the statuses that the path names, one after the other, the last for ever.

    ``/slow`` is not answered before it is told to.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[str, str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.answer = b""
        self.retry_after = ""
        self.go = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers["Content-Type"]
        told = json.loads(body) if kind == "application/json" else body.decode()
        self.server.got.append((self.path, kind, told))
        self.server.headers.append(dict(self.headers.items()))
        self.server.bodies.append(body)
        if self.path == "/slow":
            self.server.go.wait(10)
            return
        statuses = [int(word) for word in re.findall("[2-5][0-9][0-9]", self.path)] or [200]
        self.send_response(statuses[min(len(self.server.got), len(statuses)) - 1])
        self.send_header("Location", "/200")
        if self.server.retry_after:
            self.send_header("Retry-After", self.server.retry_after)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *args: object) -> None: ...


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts that follow a failure come soon."""
    monkeypatch.setattr(http, "FIRST_DELAY_SECONDS", 0.01)


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A running server."""
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.go.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def free_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_the_event_is_posted_as_json(hook: Hook) -> None:
    """The body is the event's JSON object, once for each event."""
    sink = HttpSink(f"{hook.url}/200", 10)
    sink(EVENT)
    sink(EVENT)
    sink.close()
    assert hook.got == [("/200", "application/json", EVENT.to_dict())] * 2


@pytest.mark.parametrize("status", [204, 201])
def test_any_success_will_do(hook: Hook, status: int) -> None:
    """Every status 2xx is success."""
    sink = open_sink(f"{hook.url}/{status}")
    sink(EVENT)
    sink.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [302, 400, 404])
def test_other_answers_are_failures(hook: Hook, status: int) -> None:
    """Told with the status; redirects are not followed, since the event would get lost."""
    sink = HttpSink(f"{hook.url}/{status}", 10)
    with pytest.raises(SinkError, match=f"answered {status} "):
        sink(EVENT)
    sink.close()
    assert len(hook.got) == 1


def test_no_server_is_a_failure(free_port: int) -> None:
    """A refused connection is told in a line."""
    sink = HttpSink(f"http://127.0.0.1:{free_port}/x", 10)
    with pytest.raises(SinkError, match="cannot be reached"):
        sink(EVENT)
    sink.close()


def test_no_answer_is_a_timeout(hook: Hook) -> None:
    """A server that takes too long is given up on."""
    sink = HttpSink(f"{hook.url}/slow", 0.3)
    with pytest.raises(TimeoutError, match=r"within 0\.3 s"):
        sink(EVENT)
    sink.close()


def test_secrets_are_not_told(free_port: int) -> None:
    """Neither the path, nor the query, nor a password is in messages and names."""
    sink = HttpSink(f"http://user:hush@127.0.0.1:{free_port}/secret?token=quiet", 10)
    with pytest.raises(SinkError) as error:
        sink(EVENT)
    sink.close()
    for text in (str(sink), str(error.value)):
        assert f"http://127.0.0.1:{free_port}" in text
        assert not {"hush", "secret", "quiet"} & set(text.replace("/", " ").split())
        assert "hush" not in text
        assert "secret" not in text


# -- trying again --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(hook: Hook, status: int) -> None:
    """A server that fails twice still gets the event, told apart from a new one by its id."""
    post(hook, path=f"/{status}/{status}/200")
    assert len(hook.got) == 3
    assert {h["X-Wakesound-Event"] for h in hook.headers} == {"abc"}
    assert {h["Idempotency-Key"] for h in hook.headers} == {"abc"}
    assert len(set(hook.bodies)) == 1


def test_attempts_come_to_an_end(hook: Hook) -> None:
    """After so many the event is given up on, with what the server said last."""
    with pytest.raises(SinkError, match="answered 503"):
        post(hook, path="/503", retries=4)
    assert len(hook.got) == 5


def test_delays_grow(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is twice the one before, and none longer than the longest."""
    monkeypatch.setattr(http, "LONGEST_DELAY_SECONDS", 0.03)
    delays: list[float] = []
    monkeypatch.setattr(HttpSink, "_pause", lambda self, seconds: delays.append(seconds))
    with pytest.raises(SinkError):
        post(hook, path="/500", retries=4)
    assert delays == [0.01, 0.02, 0.03, 0.03]


@pytest.mark.parametrize(("asked", "waits"), [("7", 7.0), ("3600", 30.0), ("soon", 0.01)])
def test_the_server_may_ask_for_time(
    hook: Hook, monkeypatch: pytest.MonkeyPatch, asked: str, waits: float
) -> None:
    """Retry-After in seconds is kept, up to a limit; what cannot be read is no reason to fail."""
    delays: list[float] = []
    monkeypatch.setattr(HttpSink, "_pause", lambda self, seconds: delays.append(seconds))
    hook.retry_after = asked
    post(hook, path="/429/200")
    assert delays == [waits]


def test_closing_ends_the_waiting(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the listening does not wait for the next attempt."""
    monkeypatch.setattr(http, "FIRST_DELAY_SECONDS", 30.0)
    sink = HttpSink(f"{hook.url}/500", 10)
    errors: list[str] = []

    def call() -> None:
        try:
            sink(EVENT)
        except SinkError as error:
            errors.append(str(error))

    thread = threading.Thread(target=call)
    thread.start()
    deadline = time.monotonic() + 10
    while not hook.got:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    sink.close()
    thread.join(5)
    assert not thread.is_alive()
    assert "listening has ended" in errors[0]
    with pytest.raises(SinkError, match="listening has ended"):
        sink(EVENT)


def test_the_dispatcher_gives_it_the_time_for_all_attempts(hook: Hook) -> None:
    """Its own time limit is one attempt's; that of the call has room for all of them."""
    sink = HttpSink(f"{hook.url}/200", 2, retries=3)
    sink.close()
    assert sink.longest_seconds >= 2 * 4 + 3 * http.LONGEST_DELAY_SECONDS


# -- what is sent --------------------------------------------------------------------------


def test_a_receiver_can_verify_the_signature(hook: Hook) -> None:
    """HMAC-SHA256 over timestamp, a dot and the body; another body or secret does not fit."""
    post(hook, secret="hush")
    (headers,), (body,) = hook.headers, hook.bodies
    timestamp = headers["X-Wakesound-Timestamp"]
    assert int(timestamp) == int(NOON.timestamp())

    def signature(secret: bytes, body: bytes) -> str:
        message = timestamp.encode() + b"." + body
        return "sha256=" + hmac.new(secret, message, hashlib.sha256).hexdigest()

    assert headers["X-Wakesound-Signature"] == signature(b"hush", body)
    assert headers["X-Wakesound-Signature"] != signature(b"hush", body + b" ")
    assert headers["X-Wakesound-Signature"] != signature(b"loud", body)
    assert b"hush" not in body


def test_without_a_secret_nothing_is_signed(hook: Hook) -> None:
    """No header claims what is not there."""
    post(hook)
    assert not {name for name in hook.headers[0] if "Signature" in name or "Timestamp" in name}


def test_headers_are_sent_along(hook: Hook) -> None:
    """Those that were asked for, and who we are."""
    post(hook, headers={"Authorization": "Bearer x"})
    assert hook.headers[0]["Authorization"] == "Bearer x"
    assert hook.headers[0]["User-Agent"].startswith("wakesound/")


@pytest.mark.parametrize("headers", [{"X": "a\nb"}, {"": "x"}, {"X Y": "x"}, {"X": "é" * 3}])
def test_a_header_that_is_none_breaks_nothing(hook: Hook, headers: dict[str, str]) -> None:
    """It is refused in words, at once or when it is sent, and splits no request."""
    with pytest.raises((ConfigError, SinkError)):
        post(hook, headers=headers, retries=0)
    assert hook.got == []


def test_a_body_of_ones_own_stays_json(hook: Hook) -> None:
    """What is filled in is escaped; a place alone keeps its kind; other values stay."""
    body = {
        "say": 'heard "{sound}" at {time:%H:%M}',
        "score": "{score}",
        "list": ["{start}", 1, True],
    }
    post(hook, BodyMessage(body))
    assert hook.got == [
        (
            "/200",
            "application/json",
            {"say": 'heard "bell" at 12:30', "score": 0.9, "list": [1.0, 1, True]},
        )
    ]


def test_a_text_is_sent_as_it_is(hook: Hook) -> None:
    """As UTF-8, with doubled braces for single ones."""
    post(hook, BodyMessage("{{ {sound} 响了, {score:.1f} }}"))
    assert hook.got == [("/200", "text/plain; charset=utf-8", "{ bell 响了, 0.9 }")]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{soud}", r"\{soud\}.*is no placeholder; did you mean \{sound\}"),
        ({"a": ["{nothing_like_it}"]}, "known: .*event, sound"),
        ("{sound", "cannot be filled in"),
        ("{}", "is no placeholder"),
        ("{score:q}", "cannot be filled in"),
        ("{sound.__class__}", "is no placeholder"),
        ("{sound[0]}", "is no placeholder"),
    ],
)
def test_a_body_that_cannot_be_filled_is_told(body: Any, says: str) -> None:
    """When it is set up; and no place reaches into the program."""
    with pytest.raises(ConfigError, match=says):
        BodyMessage(body)


# -- messengers ----------------------------------------------------------------------------


def test_wecom_gets_a_text(hook: Hook) -> None:
    """In the form of WeChat Work's robots, umlauts and characters as they are."""
    hook.answer = b'{"errcode": 0, "errmsg": "ok"}'
    post(hook, WecomMessage("{sound} 响了"), path="/cgi-bin/webhook/send?key=secret")
    ((path, kind, told),) = hook.got
    assert (path, kind) == ("/cgi-bin/webhook/send?key=secret", "application/json")
    assert told == {"msgtype": "text", "text": {"content": "bell 响了"}}
    assert "响了".encode() in hook.bodies[0]


def test_feishu_gets_a_signed_text(hook: Hook) -> None:
    """The sign is made of timestamp and secret, as Feishu's robots check it."""
    hook.answer = b'{"code": 0, "msg": "success"}'
    post(hook, FeishuMessage("{sound}", secret="hush"), path="/open-apis/bot/v2/hook/x")
    ((_, _, told),) = hook.got
    assert told["msg_type"] == "text"
    assert told["content"] == {"text": "bell"}
    timestamp = str(int(NOON.timestamp()))
    assert told["timestamp"] == timestamp
    key = f"{timestamp}\nhush".encode()
    expected = hmac.new(key, b"", hashlib.sha256).digest()
    assert base64.b64decode(told["sign"]) == expected


def test_feishu_without_a_secret_is_not_signed(hook: Hook) -> None:
    """The robot without signature verification wants no such fields."""
    hook.answer = b'{"code": 0}'
    post(hook, FeishuMessage())
    assert hook.got[0][2] == {
        "msg_type": "text",
        "content": {"text": "bell was heard by mic at 12:30:05 (score 0.90)"},
    }


def test_ntfy_gets_a_message_for_its_topic(hook: Hook) -> None:
    """Posted to the server as JSON, so that titles may hold any character."""
    message = NtfyMessage("{sound}!", "Küche", priority=5, tags=("dog",))
    post(hook, message, path="/my-topic")
    assert hook.got == [
        (
            "/",
            "application/json",
            {
                "topic": "my-topic",
                "title": "Küche",
                "message": "bell!",
                "priority": 5,
                "tags": ["dog"],
            },
        )
    ]


def test_ntfy_needs_a_topic(hook: Hook) -> None:
    """An address without one is refused when it is set up."""
    with pytest.raises(ConfigError, match="looks like https://ntfy"):
        post(hook, NtfyMessage(), path="/")


@pytest.mark.parametrize(
    ("message", "answer", "says", "attempts"),
    [
        (WecomMessage(), {"errcode": 93000, "errmsg": "invalid webhook"}, "invalid webhook", 1),
        (WecomMessage(), {"errcode": 45009, "errmsg": "freq out of limit"}, "45009", 3),
        (FeishuMessage(), {"code": 19021, "msg": "sign match fail"}, "sign match fail", 1),
        (FeishuMessage(), {"code": 11232, "msg": "frequency limited"}, "11232", 3),
        (FeishuMessage(), ["what?"], "not that of such a robot", 1),
    ],
)
def test_a_robot_that_refuses_is_a_failure(
    hook: Hook, message: Message, answer: object, says: str, attempts: int
) -> None:
    """They answer 200 and say in the body that they did not take it; too many is tried again."""
    hook.answer = json.dumps(answer).encode()
    with pytest.raises(SinkError, match=says):
        post(hook, message)
    assert len(hook.got) == attempts


def test_settings_travel_with_the_uri(hook: Hook) -> None:
    """A sink with settings is made from its URI and those."""
    sink = open_sink(SinkSpec(f"{hook.url}/500", {"retries": 0, "headers": {"X-A": "b"}}))
    with pytest.raises(SinkError):
        sink(EVENT)
    sink.close()  # type: ignore[attr-defined]
    assert len(hook.got) == 1
    assert hook.headers[0]["X-A"] == "b"


def test_what_a_server_says_is_told_in_one_line(hook: Hook) -> None:
    """A robot's words, however many lines and escape sequences they have."""
    hook.answer = json.dumps({"errcode": 1, "errmsg": "no\n\x1b[31m" + 10_000 * "x"}).encode()
    with pytest.raises(SinkError) as caught:
        post(hook, WecomMessage())
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300
    hook.answer = b"\x1b[2J\n" * 1000
    with pytest.raises(SinkError) as caught:
        post(hook, WecomMessage())
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300
