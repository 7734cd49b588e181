"""Reading events from peers that are not to be trusted."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("wyoming", reason="the extra 'wyoming' is not installed")

from wyoming.audio import AudioChunk
from wyoming.event import Event, write_event

from runtime.services.wyoming import framing
from runtime.services.wyoming.framing import FramingError, encodable, read_event


def _read(data: bytes, *, eof: bool = True, body_seconds: float = 20.0) -> list[Event]:
    """All events in the bytes."""

    async def read() -> list[Event]:
        reader = asyncio.StreamReader(limit=framing.MAX_LINE_BYTES)
        reader.feed_data(data)
        if eof:
            reader.feed_eof()
        events = []
        while (event := await read_event(reader, body_seconds)) is not None:
            events.append(event)
        return events

    return asyncio.run(read())


def _written(*events: Event) -> bytes:
    """What the package writes."""
    import io

    stream = io.BytesIO()
    for event in events:
        write_event(event, stream)
    return stream.getvalue()


def test_what_the_package_writes_is_read() -> None:
    """Events with and without data and payload come through, in order."""
    events = [
        Event("describe"),
        AudioChunk(16000, 2, 1, bytes(range(256)), 7).event(),
        Event("detect", {"names": ["口哨"]}),
    ]
    assert _read(_written(*events)) == events


def test_data_in_the_line_and_behind_it_are_one() -> None:
    """Data may stand in the line, behind it, or in both; what is behind counts."""
    line = json.dumps({"type": "x", "data": {"a": 1, "b": 1}, "data_length": 8}).encode()
    (event,) = _read(line + b"\n" + b'{"a": 2}')
    assert event.data == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "not JSON"),
        (b"\x16\x03\x01\x02\x00\x01\n", "not JSON"),
        (b"[1, 2]\n", "must be a JSON object"),
        (b"{}\n", "needs a type"),
        (b'{"type": 5}\n', "needs a type"),
        (b'{"type": "x", "data": [1]}\n', "data must be"),
        (b'{"type": "x", "data_length": 2}\n[]', "data must be"),
        (b'{"type": "x", "data_length": -1}\n', "no length"),
        (b'{"type": "x", "data_length": "9"}\n', "no length"),
        (b'{"type": "x", "payload_length": true}\n', "no length"),
        (b'{"type": "x", "payload_length": 1e9}\n', "no length"),
        (b'{"type": "x", "payload_length": 99999999999}\n', "the most is"),
        (b'{"type": "x", "data_length": 999999}\n', "the most is"),
        (b'{"type": "x", "payload_length": 5}\nabc', "in the middle"),
        (b'{"type": "x"', "in the middle"),
        (b" " * 100_000 + b"\n", "too long"),
        (b"[" * 60_000 + b"\n", "not JSON"),
    ],
)
def test_anything_else_is_refused(data: bytes, says: str) -> None:
    """Whatever is no event, or longer than it may be, is named and read no further."""
    with pytest.raises(FramingError, match=says):
        _read(data)


def test_rest_of_an_event_must_come_in_time() -> None:
    """A peer that states a payload and never sends it is not waited for."""
    with pytest.raises(FramingError, match="did not come"):
        _read(b'{"type": "x", "payload_length": 5}\nabc', eof=False, body_seconds=0.01)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
_HEADS = st.fixed_dictionaries(
    {},
    optional={
        "type": _JSON | st.just("audio-chunk"),
        "data": _JSON,
        "data_length": _JSON | st.integers(0, 40),
        "payload_length": _JSON | st.integers(0, 40),
    },
)


@settings(max_examples=200, deadline=None)
@given(heads=st.lists(_HEADS | st.binary(max_size=60), max_size=4), tail=st.binary(max_size=60))
def test_nothing_else_ever_happens(heads: list[Any], tail: bytes) -> None:
    """Whatever bytes come, they are events, the end or a FramingError."""
    data = b"".join(
        head if isinstance(head, bytes) else json.dumps(head).encode() + b"\n" for head in heads
    )
    try:
        events = _read(data + tail)
    except FramingError:
        return
    assert all(isinstance(event.type, str) for event in events)
    assert all(isinstance(event.data, dict) for event in events)


def test_half_a_character_can_be_told() -> None:
    """JSON may hold half of a surrogate pair, which no UTF-8 can; it is replaced."""
    assert encodable("a\ud800b").encode() == b"a?b"
