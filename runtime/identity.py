"""Identifiers of events, by which feedback names them."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from wakeword.events import WakeEvent
from wakeword.labels.alarm import Alert


def identified(event: WakeEvent, source: str, session: str = "") -> WakeEvent:
    """The event with its source and an identifier of 16 hex digits.

    The beginning and the end of an alert have the same one.

    Args:
        event: as the engine made it.
        source: name of the source that heard it.
        session: tells apart streams that have the same name and times, such as two days at
            one microphone; empty for recordings, so that every run over one names its
            events alike.
    """
    end = event.confirmed if isinstance(event, Alert) else event.end
    parts = (session, source, event.sound, str(event.start), str(end), str(event.rate))
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return replace(event, source=source, id=digest[:16])
