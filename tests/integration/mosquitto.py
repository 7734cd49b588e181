"""A real broker of one's own, on a port of its own, and somebody who listens to it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
import trustme
from paho.mqtt.enums import CallbackAPIVersion

from tests.ports import free_port
from tests.waiting import TIMEOUT_SECONDS, wait_until

_PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def require() -> None:
    """Skip the test where there is no broker; fail it in CI."""
    if _PROGRAM is None:
        reason = "needs the broker mosquitto: scripts/system-packages broker"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


class Mosquitto:
    """A broker. Use :func:`mosquitto` to get one.

    Args:
        folder: for its files.
        password: the one that the user ``wake`` must show; None lets everybody in.
        tls: whether connections are encrypted; ``ca`` then is the certificate to trust.
    """

    def __init__(self, folder: Path, password: str | None = None, *, tls: bool = False) -> None:
        self.port = free_port()
        self.ca = folder / "ca.pem"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._tls = tls
        self._login = ("wake", password) if password is not None else None
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"allow_anonymous {'true' if password is None else 'false'}",
            "persistence true",
            f"persistence_location {folder}/",
            "max_queued_messages 0",
            "log_dest stderr",
        ]
        if os.geteuid() == 0:
            lines.append("user root")
        if password is not None:
            file = folder / "passwords"
            lines.append(f"password_file {file}")
            subprocess.run(["mosquitto_passwd", "-c", "-b", file, "wake", password], check=True)
        if tls:
            authority = trustme.CA()
            authority.cert_pem.write_to_path(self.ca)
            certificate = authority.issue_cert("127.0.0.1", "localhost")
            certificate.private_key_pem.write_to_path(folder / "key.pem")
            certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
            lines += [f"certfile {folder / 'cert.pem'}", f"keyfile {folder / 'key.pem'}"]
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def uri(self) -> str:
        """``mqtt://127.0.0.1:PORT``, with what it takes to get in."""
        login = f"{self._login[0]}:{self._login[1]}@" if self._login else ""
        return f"{'mqtts' if self._tls else 'mqtt'}://{login}{self.address}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(_PROGRAM), "-c", self._folder / "mosquitto.conf"], stdout=log, stderr=log
            )
        wait_until(self._answers, lambda: "the broker does not start: " + self.log())

    def stop(self) -> None:
        """End it; it keeps what it was to keep. Harmless when it is not running."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(TIMEOUT_SECONDS)
            self._process = None

    def log(self) -> str:
        """What it wrote."""
        return (self._folder / "log").read_text(errors="replace")

    def client(self, identifier: str = "", *, clean: bool = True) -> Ear:
        """A client that is connected."""
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=identifier, clean_session=clean)
        if self._login:
            client.username_pw_set(*self._login)
        if self._tls:
            client.tls_set(str(self.ca))
        client.reconnect_delay_set(1, 1)
        return Ear(client, self.port)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0


class Ear:
    """A client that keeps what it hears. A context manager."""

    def __init__(self, client: paho.Client, port: int) -> None:
        self.messages: list[paho.MQTTMessage] = []
        self._client = client
        self._port = port
        self._subscribed: set[int] = set()
        client.on_message = lambda _, __, message: self.messages.append(message)
        client.on_subscribe = lambda _, __, mid, ___, ____: self._subscribed.add(mid)

    def __enter__(self) -> Ear:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        wait_until(self._client.is_connected, "no connection to the broker")
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def hear(self, *topics: str) -> Ear:
        """Subscribe, also again after the broker was away."""
        for topic in topics:
            mid = self._client.subscribe(topic, 1)[1]
            assert mid is not None
            self._wait_for(mid)
        return self

    def _wait_for(self, mid: int) -> None:
        wait_until(lambda: mid in self._subscribed, "the broker lets nobody subscribe")

    def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Publish, and wait until the broker has it."""
        self._client.publish(topic, payload, 1, retain).wait_for_publish(TIMEOUT_SECONDS)

    def on(self, topic: str) -> list[str]:
        """What was said on that topic so far, in order; a topic may hold wildcards."""
        return [
            message.payload.decode()
            for message in list(self.messages)
            if paho.topic_matches_sub(topic, message.topic)
        ]

    def json(self, topic: str) -> list[Any]:
        """The same, read as JSON."""
        return [json.loads(text) for text in self.on(topic)]

    def wait(self, topic: str, found: Callable[[list[str]], bool] = bool) -> list[str]:
        """Wait until what was said on that topic is as wanted."""
        wait_until(
            lambda: bool(self.on(topic)) and found(self.on(topic)),
            lambda: f"{topic}: {self.on(topic)[-3:]}",
        )
        return self.on(topic)


@contextmanager
def mosquitto(password: str | None = None, *, tls: bool = False) -> Iterator[Mosquitto]:
    """A broker that runs; skips or fails the test where there is none."""
    require()
    folder = Path(tempfile.mkdtemp(prefix="mosquitto-"))
    broker = Mosquitto(folder, password, tls=tls)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)
