"""Addresses of brokers, and topics."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.sinks._broker import Broker, check_topic, parse
from wakeword.errors import ConfigError


@pytest.mark.parametrize(
    ("uri", "broker", "topic"),
    [
        ("mqtt://host", Broker("host", 1883), ""),
        ("mqtts://host/", Broker("host", 8883, True), ""),
        ("mqtt://host:1884/a/b", Broker("host", 1884), "a/b"),
        ("mqtt://me@host", Broker("host", 1883, user="me"), ""),
        ("mqtt://me:@host", Broker("host", 1883, user="me", password=""), ""),
        (
            "mqtt://m%40e:p%3Aw%2F%23%25@host/%E5%8F%A3%20x",
            Broker("host", 1883, user="m@e", password="p:w/#%"),
            "口 x",
        ),
        ("mqtt://[::1]:1884", Broker("::1", 1884), ""),
        ("MQTT://Host", Broker("host", 1883), ""),
    ],
)
def test_addresses_are_read(uri: str, broker: Broker, topic: str) -> None:
    """Host, port, encryption, user, password and topic; percent codes are decoded."""
    assert parse(uri) == (broker, topic)


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("", "must begin with mqtt://"),
        ("host", "must begin with mqtt://"),
        ("http://me:hush@host", "must begin with mqtt://"),
        ("mqtt:host", "names no host"),
        ("mqtt://", "names no host"),
        ("mqtt://me:hush@", "names no host"),
        ("mqtt://me:hu#sh@host", "makes no sense|cannot hold"),
        ("mqtt://me:hu/hush@host", "makes no sense"),
        ("mqtt://host:port", "makes no sense"),
        ("mqtt://me:hush@host:99999", "makes no sense"),
        ("mqtt://me:hush@host:0", "1 to 65535"),
        ("mqtt://me:hush@host/a?qos=1", "cannot hold"),
        ("mqtt://me:hush@host/a/#", "cannot hold"),
        ("mqtt://[::1", "makes no sense"),
    ],
)
def test_nonsense_is_told_without_the_password(uri: str, says: str) -> None:
    """Nothing of the address is repeated."""
    with pytest.raises(ConfigError, match=says) as error:
        parse(uri)
    assert "hush" not in str(error.value)
    assert error.value.__cause__ is None


def test_no_password_is_printed() -> None:
    """Neither as text nor for those who debug."""
    broker, _ = parse("mqtts://me:hush@[::1]:99")
    assert str(broker) == "mqtts://[::1]:99"
    assert "hush" not in repr(broker)


def test_a_certificate_needs_encryption(tmp_path: Path) -> None:
    """And must be one."""
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ConfigError, match="begin with mqtts://"):
        parse("mqtt://host", tmp_path / "ca.pem")
    with pytest.raises(ConfigError, match="no certificate that can be used"):
        parse("mqtts://host", tmp_path / "ca.pem")
    with pytest.raises(ConfigError, match="no certificate that can be used"):
        parse("mqtts://host", tmp_path / "absent.pem")


@pytest.mark.parametrize("topic", ["a", "a/b", "/a", "口哨/x y", "a$"])
def test_topics_for_all(topic: str) -> None:
    """Of any script, with any number of levels."""
    assert check_topic(topic) == topic


@pytest.mark.parametrize("topic", ["", "a/+", "#", "a/#", "a\0b", "a\nb", "$SYS/x", "x" * 70_000])
def test_topics_for_none(topic: str) -> None:
    """No wildcards, no control characters, not the broker's own."""
    with pytest.raises(ConfigError, match="topic"):
        check_topic(topic)
