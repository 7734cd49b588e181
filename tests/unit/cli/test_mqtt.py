from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a broker that is not there, with a password."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"mqtt://me:hush@127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--broker", "me:hush@host"], "must begin with mqtt://"),
        (["--broker", "mqtt://me:hu/hush@host"], "% codes for special characters"),
        (["--broker", "mqtt://me:hush@host/topic"], "--topic names a topic"),
        (["--broker", "mqtt://me:hush@host", "--id", "a b"], "must be letters, digits"),
        (["--broker", "mqtt://me:hush@host", "--topic", "a/#"], "cannot hold '#'"),
        (["--broker", "mqtt://me:hush@host", "--discovery-prefix", "+"], "cannot hold '+'"),
        (["--broker", "mqtt://me:hush@host", "--max-age", "0"], "--max-age"),
        (["--broker", "mqtt://me:hush@host", "--ca", "/no/such/file"], "does not exist"),
        (["--broker", "mqtt://me:hush@host", "--listen", "-", "--listen", "-"], "only once"),
        ([], "missing option '--broker'"),
    ],
)
def test_nonsense_is_one_line_without_the_password(
    wakesound, options: list[str], says: str
) -> None:
    """Exit status 2, and what to do about it; passwords are never repeated."""
    result = wakesound("mqtt", *options)
    assert result.status == 2
    assert says in result.err
    assert len(result.err.splitlines()) == 1
    assert "hush" not in result.err


def test_the_environment_may_name_the_broker(wakesound, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the password is in no list of processes; it is not repeated either."""
    monkeypatch.setenv("WAKESOUND_BROKER", "mqtt://me:hush@host:port")
    result = wakesound("mqtt")
    assert result.status == 2
    assert "makes no sense" in result.err
    assert "hush" not in result.err


def test_no_sounds_are_told(wakesound, nobody: str) -> None:
    """As by 'listen': there is nothing to do yet."""
    result = wakesound("mqtt", "--broker", nobody)
    assert result.status == 2
    assert "no sounds are enrolled yet" in result.err
    assert "hush" not in result.err


def test_forgetting_needs_the_broker(wakesound, nobody: str) -> None:
    """It is done now or not at all."""
    result = wakesound("mqtt", "--broker", nobody, "--forget")
    assert result.status == 2
    assert "cannot be reached" in result.err
    assert "hush" not in result.err
