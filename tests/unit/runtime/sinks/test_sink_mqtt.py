"""Single hooks to an MQTT broker: a real one on the loopback interface."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from runtime.sinks import open_sink
from tests.integration.mosquitto import Mosquitto, mosquitto
from wakeword.errors import ConfigError, SinkError
from wakeword.events import WakeEvent

EVENT = WakeEvent("große Glocke", 0.9, 0.5, 16000, 24000, 16000, source="mic", id="abc")


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    """A broker that lets everybody in."""
    with mosquitto() as running:
        yield running


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_the_event_is_published_as_json(broker: Mosquitto) -> None:
    """Its JSON object on the topic of the address, decoded; confirmed, not retained."""
    with broker.client() as ear:
        ear.hear("#")
        sink = open_sink(f"{broker.uri}/home/große%20Glocke")
        sink(EVENT)
        sink(EVENT)
        ear.wait("home/+", lambda said: len(said) == 2)
        assert ear.json("home/große Glocke") == [EVENT.to_dict()] * 2
        assert {(m.qos, m.retain) for m in ear.messages} == {(1, False)}


def test_encrypted_and_with_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom the system trusts is trusted; another password is told, without it."""
    with mosquitto("hu/sh", tls=True) as broker, broker.client() as ear:
        ear.hear("#")
        monkeypatch.setenv("SSL_CERT_FILE", str(broker.ca))
        open_sink(f"mqtts://wake:hu%2Fsh@{broker.address}/a")(EVENT)
        ear.wait("a")
        for login in ("wake:quiet@", ""):
            sink = open_sink(f"mqtts://{login}{broker.address}/a")
            with pytest.raises(SinkError, match=r"refuses the user 'wake'|wants a user") as error:
                sink(EVENT)
            assert "quiet" not in f"{sink} {error.value}"


def test_no_broker_is_a_failure() -> None:
    """A refused connection is told in a line."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(SinkError, match=f"mqtt://127.0.0.1:{port} cannot be reached"):
            open_sink(f"mqtt://127.0.0.1:{port}/a")(EVENT)


def test_no_answer_is_a_timeout(deaf: int) -> None:
    """A broker that takes too long is given up on."""
    sink = open_sink(f"mqtt://127.0.0.1:{deaf}/a", timeout_seconds=0.3)
    with pytest.raises(TimeoutError, match=r"within 0\.3 s"):
        sink(EVENT)


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("mqtt://host", "needs a name"),
        ("mqtt://host/", "needs a name"),
        ("mqtt://u:hush@host/a/+/b", "cannot hold"),
        ("mqtt://u:hush@host/a/#", "cannot hold"),
        ("mqtts://u:hush@host/%23", "cannot hold"),
        ("mqtt:host/a", "names no host"),
    ],
)
def test_nonsense_is_told_at_once(uri: str, says: str) -> None:
    """When it is set up, not when the sound is heard; and without the password."""
    with pytest.raises(ConfigError, match=says) as error:
        open_sink(uri)
    assert "hush" not in str(error.value)


def test_secrets_are_not_told() -> None:
    """The name in logs has neither user nor password."""
    assert str(open_sink("mqtt://me:hush@host/a/b")) == "mqtt://host:1883/a/b"


def test_a_missing_library_is_told() -> None:
    """With the command that installs it."""
    code = (
        "import sys; sys.modules['aiomqtt'] = None\n"
        "from runtime.sinks import open_sink\n"
        "try: open_sink('mqtt://host/a')\n"
        "except Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "MQTT needs more packages: pip install 'wakesound[mqtt]'\n"
