"""Where the service can be offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.services.wyoming.announce import Address
from wakeword.errors import ConfigError


@pytest.mark.parametrize(
    ("uri", "address", "loopback"),
    [
        ("tcp://127.0.0.1:10400", Address("tcp", "127.0.0.1", 10400), True),
        ("tcp://localhost:0", Address("tcp", "localhost", 0), True),
        ("tcp://0.0.0.0:10400", Address("tcp", "0.0.0.0", 10400), False),
        ("tcp://[::1]:10400", Address("tcp", "::1", 10400), True),
        ("tcp://kitchen:10400", Address("tcp", "kitchen", 10400), False),
        ("unix:///run/w.sock", Address("unix", path=Path("/run/w.sock")), True),
        ("stdio://", Address("stdio"), True),
    ],
)
def test_addresses_are_read_and_written(uri: str, address: Address, loopback: bool) -> None:
    """Each kind comes through, and says whether others can reach it."""
    assert Address.parse(uri) == address
    assert str(address) == uri
    assert address.loopback is loopback


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "127.0.0.1:10400",
        "http://127.0.0.1:10400",
        "tcp://127.0.0.1",
        "tcp://:10400",
        "tcp://127.0.0.1:99999",
        "tcp://127.0.0.1:ten",
        "tcp://127.0.0.1:10400/path",
        "tcp://user@127.0.0.1:10400",
        "tcp://127.0.0.1:10400?x=1",
        "tcp://[::1:10400",
        "unix://",
        "unix://relative.sock",
        "unix:///",
        "stdio://x",
    ],
)
def test_others_are_refused(uri: str) -> None:
    """Anything else is an error that shows what to write."""
    with pytest.raises(ConfigError, match=r"tcp://127\.0\.0\.1:10400"):
        Address.parse(uri)
