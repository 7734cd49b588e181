"""What waits to be published."""

from __future__ import annotations

import asyncio

import pytest

from runtime.services.mqtt.link import Outbox


class Clock:
    """Goes on when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Stands still."""
    return Clock()


@pytest.fixture
def outbox(clock: Clock) -> Outbox:
    """Keeps three events for ten seconds."""
    return Outbox(max_age_seconds=10.0, limit=3, clock=clock)


def drain(outbox: Outbox) -> list[tuple[str, str]]:
    """Send all there is."""

    async def send() -> list[tuple[str, str]]:
        sent = []
        while not outbox.empty:
            message = await outbox.next()
            sent.append((message.topic, message.payload))
            outbox.sent(message)
        return sent

    return asyncio.run(send())


def first(outbox: Outbox) -> tuple[str, str]:
    """What would be sent next; it stays."""
    message = asyncio.run(outbox.next())
    return message.topic, message.payload


def test_events_keep_their_order(outbox: Outbox) -> None:
    """And stay until they have arrived."""
    for number in "123":
        outbox.event("e", number)
    assert first(outbox) == first(outbox) == ("e", "1")
    assert outbox.events_waiting == 3
    assert drain(outbox) == [("e", "1"), ("e", "2"), ("e", "3")]
    assert outbox.empty


def test_old_events_are_dropped(outbox: Outbox, clock: Clock) -> None:
    """At their age, not a moment before, and counted."""
    outbox.event("e", "1")
    clock.now = 5.0
    outbox.event("e", "2")
    clock.now = 9.9
    assert outbox.events_waiting == 2
    clock.now = 10.0
    assert outbox.events_waiting == 1
    assert drain(outbox) == [("e", "2")]
    assert outbox.dropped == 1


def test_too_many_events_drop_the_oldest(outbox: Outbox) -> None:
    """The newest are worth most."""
    for number in "12345":
        outbox.event("e", number)
    assert drain(outbox) == [("e", "3"), ("e", "4"), ("e", "5")]
    assert outbox.dropped == 2


def test_a_dropped_event_on_its_way_harms_no_other(outbox: Outbox, clock: Clock) -> None:
    """Its confirmation does not count for the next one."""
    outbox.event("e", "1")
    message = asyncio.run(outbox.next())
    clock.now = 20.0
    outbox.event("e", "2")
    outbox.sent(message)
    assert drain(outbox) == [("e", "2")]


def test_the_latest_state_counts(outbox: Outbox) -> None:
    """One message for each topic, however often it changed; nothing when it did not."""
    for value in "123":
        outbox.state("a", value)
    outbox.state("b", "x")
    assert drain(outbox) == [("a", "3"), ("b", "x")]
    outbox.state("a", "3")
    assert outbox.empty


def test_a_state_that_changes_on_its_way_is_sent_again(outbox: Outbox) -> None:
    """The confirmation of the old one is not that of the new one."""
    outbox.state("a", "1")
    message = asyncio.run(outbox.next())
    outbox.state("a", "2")
    outbox.sent(message)
    assert drain(outbox) == [("a", "2")]


@pytest.mark.parametrize("again", ["renew", "notice"])
def test_a_state_asked_for_on_its_way_is_sent_again(outbox: Outbox, again: str) -> None:
    """Also when it is the same: whoever asks has not seen it."""
    outbox.state("a", "1")
    message = asyncio.run(outbox.next())
    outbox.renew() if again == "renew" else outbox.notice("a", "0")
    outbox.sent(message)
    assert drain(outbox)[-1] == ("a", "1")


def test_a_new_connection_gets_all_states(outbox: Outbox) -> None:
    """Before the events, in the order in which they came to be."""
    outbox.state("a", "1")
    outbox.state("b", "1")
    outbox.state("a", "2")
    drain(outbox)
    outbox.event("e", "1")
    outbox.renew()
    assert drain(outbox) == [("a", "2"), ("b", "1"), ("e", "1")]


def test_notices_come_first(outbox: Outbox) -> None:
    """Each once, none left out, and what holds from then on after them."""
    outbox.state("a", "1")
    drain(outbox)
    outbox.event("e", "1")
    outbox.notice("a", "bye 1")
    outbox.notice("a", "bye 2")
    assert drain(outbox) == [("a", "bye 1"), ("a", "bye 2"), ("a", "1"), ("e", "1")]


def test_only_events_are_not_kept_by_the_broker(outbox: Outbox) -> None:
    """Who comes later must not hear of a whistle of yesterday."""

    async def retained() -> list[bool]:
        outbox.notice("n", "")
        outbox.state("s", "")
        outbox.event("e", "")
        found = []
        while not outbox.empty:
            message = await outbox.next()
            found.append(message.retain)
            outbox.sent(message)
        return found

    assert asyncio.run(retained()) == [True, True, False]


def test_whoever_waits_is_woken(outbox: Outbox) -> None:
    """By the next message, whenever it comes."""

    async def wait() -> str:
        waiting = asyncio.ensure_future(outbox.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        outbox.event("e", "1")
        return (await asyncio.wait_for(waiting, 5)).payload

    assert asyncio.run(wait()) == "1"
