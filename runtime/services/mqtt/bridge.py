"""Reading what others command.

The bridge: what is heard goes to the broker, what Home Assistant commands is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from runtime.foreign import printable
from runtime.listening.listener import WakeListener
from runtime.services.mqtt import bridge as commands
from runtime.services.mqtt import device as discovery
from runtime.services.mqtt.device import Device, identifier
from runtime.services.mqtt.link import FIRST_PAUSE_SECONDS, MAX_AGE_SECONDS, Link, Outbox, end
from runtime.services.mqtt.problems import explained
from runtime.sinks._broker import Broker
from wakeword.errors import WakesoundError
from wakeword.events import WakeEvent
from wakeword.library.records import HIGHEST_THRESHOLD, LOWEST_THRESHOLD, SoundRecord

if TYPE_CHECKING:
    from aiomqtt import Message


def text(payload: object) -> str:
    """The message as text; what is no text is no command either."""
    if isinstance(payload, (bytes, bytearray)):
        return payload.decode(errors="replace")
    return "" if payload is None else str(payload)


def on_or_off(command: str) -> bool | None:
    """Whether ``ON`` or ``OFF`` is wanted; None when it is neither."""
    return {"ON": True, "OFF": False}.get(command.strip().upper())


def threshold(command: str) -> float | None:
    """A threshold that the library takes; None when it is none."""
    try:
        value = float(command)
    except ValueError:
        return None
    return value if LOWEST_THRESHOLD <= value <= HIGHEST_THRESHOLD else None


_log = logging.getLogger(__name__)

PERIOD_SECONDS = 1.0
"""How often the library and the levels are looked at."""
GRACE_SECONDS = 2.0
"""How long what waits may still be sent once the bridge was told to stop."""
POLL_SECONDS = 0.02
"""How soon it is noticed that all was sent."""
LATEST_ANSWER_SECONDS = 1.0
"""A device waits a moment, each another one, when Home Assistant has started."""


class Bridge:
    """Runs a listener as a device of Home Assistant.

    Args:
        listener: what listens; not started yet.
        broker: where the events go.
        device: who we are there.
        max_age_seconds: how long an event may wait for a connection.
        period_seconds: how often the library and the levels are looked at.
        latest_answer_seconds: the longest pause before Home Assistant's birth is answered.
        first_pause_seconds: before the second attempt to connect.
        clock: seconds that only grow, for the age of events.
        rng: for pauses.
    """

    def __init__(
        self,
        listener: WakeListener,
        broker: Broker,
        device: Device,
        *,
        max_age_seconds: float = MAX_AGE_SECONDS,
        period_seconds: float = PERIOD_SECONDS,
        latest_answer_seconds: float = LATEST_ANSWER_SECONDS,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self.listener = listener
        self.device = device
        self._broker = broker
        self._rng = rng or random.Random()
        self._max_age = max_age_seconds
        self._period = period_seconds
        self._latest_answer = latest_answer_seconds
        self._first_pause = first_pause_seconds
        self._clock = clock
        self._sources: list[str] = []
        self._sounds: dict[str, SoundRecord] = {}
        self._platforms: dict[str, str] = {}
        self._scores: dict[str, float] = {}
        self._seen = ""
        self._problem = ""
        self._listening = False
        self._off = False

    async def run(self, stop: asyncio.Event) -> None:
        """Listen and publish until told to stop, or until all sources have ended.

        A broker that cannot be reached is waited for; what goes wrong with it is logged.

        Raises:
            LibraryError: there are no sounds, or they cannot be used.
            SourceError: a source cannot be heard.
            WakesoundError: the encoder cannot be set up.
        """
        loop = asyncio.get_running_loop()
        self._outbox = Outbox(max_age_seconds=self._max_age, clock=self._clock)
        self.listener.on("*", lambda event: self._hand_over(loop, event))
        stopped = asyncio.ensure_future(stop.wait())
        tasks: list[asyncio.Future[Any]] = [stopped]
        try:
            await asyncio.to_thread(self.listener.start)
            self._listening = True
            self._sources = [source.name for source in self.listener.stats.sources]
            await self._look()
            self._report_listening()
            link = self._link()
            linked = asyncio.ensure_future(link.run())
            tasks += [linked, asyncio.ensure_future(self._watch())]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            await asyncio.to_thread(self.listener.stop)
            await self._send_rest(link, stopped)
            link.leave()
            await asyncio.wait([linked], timeout=GRACE_SECONDS)
        finally:
            await asyncio.to_thread(self.listener.stop)
            await end(*tasks)

    def _link(self) -> Link:
        device = self.device
        topics = [
            device.config,
            device.birth,
            device.listening_command,
            device.threshold_command("+"),
        ]
        return Link(
            self._broker,
            device.client,
            device.availability,
            self._outbox,
            topics,
            self._received,
            first_pause_seconds=self._first_pause,
        )

    async def _send_rest(self, link: Link, stopped: asyncio.Future[Any]) -> None:
        """Wait until what waits was sent: as long as events may wait, a moment once stopped."""
        left = GRACE_SECONDS
        while self._outbox.events_waiting or (link.connected and not self._outbox.empty):
            if stopped.done() and (not link.connected or left <= 0):
                return
            await asyncio.sleep(POLL_SECONDS)
            left -= POLL_SECONDS if stopped.done() else 0

    # -- what is heard ---------------------------------------------------------------------

    def _hand_over(self, loop: asyncio.AbstractEventLoop, event: WakeEvent) -> None:
        """Bring an event from the listener's thread to ours."""
        now = datetime.now(timezone.utc)
        with contextlib.suppress(RuntimeError):  # the loop has ended under us
            loop.call_soon_threadsafe(self._heard, event, now)

    def _heard(self, event: WakeEvent, when: datetime) -> None:
        if self._off:
            return
        fields = event.to_dict()
        message = {
            "event_type": event.name,
            "type_id": identifier(event.name),
            "sound": event.sound,
            **{key: fields[key] for key in ("score", "threshold", "source", "id", "start", "end")},
            "time": when.isoformat(timespec="milliseconds"),
        }
        self._scores[event.source] = fields["score"]
        self._outbox.event(
            self.device.events(identifier(event.source)), json.dumps(message, ensure_ascii=False)
        )

    async def _watch(self) -> None:
        """Keep the states up to date until all sources have ended."""
        while True:
            await asyncio.sleep(self._period)
            ended = self._listening and not self.listener.listening
            await self._look()
            self._report_sources()
            if ended:
                return

    async def _look(self) -> None:
        """Describe the device anew if the sounds have changed."""
        library = self.listener.library
        try:
            seen = await asyncio.to_thread(library.fingerprint)
            if seen == self._seen:
                return
            sounds = await asyncio.to_thread(library.sounds)
        except (WakesoundError, OSError) as error:
            if str(error) != self._problem:
                _log.warning("the sounds cannot be read, those before stay: %s", explained(error))
            self._problem = str(error)
            return
        self._seen, self._problem = seen, ""
        self._sounds = {identifier(sound.name): sound for sound in sounds}
        self._describe()
        thresholds = {key: round(sound.threshold, 4) for key, sound in self._sounds.items()}
        self._outbox.state(self.device.thresholds, json.dumps(thresholds))

    def _describe(self, before: Mapping[str, str] | None = None) -> None:
        """Publish what the device consists of.

        Args:
            before: platforms of what it consisted of; what is not there any more is removed.
        """
        before = self._platforms if before is None else before
        sounds = {sound.name: sound.events for sound in self._sounds.values()}
        found = discovery.components(self.device, sounds, self._sources)
        self._platforms = {key: component["p"] for key, component in found.items()}
        self._outbox.state(self.device.config, discovery.payload(self.device, found, {}))
        if removed := {key: p for key, p in before.items() if key not in found}:
            farewell = discovery.payload(self.device, found, removed)
            self._outbox.notice(self.device.config, farewell)
            for key in discovery.sources(removed):
                self._outbox.notice(self.device.state(key), "")

    def _report_listening(self) -> None:
        self._outbox.state(self.device.listening, "ON" if self._listening else "OFF")
        self._report_sources()

    def _report_sources(self) -> None:
        for source in self.listener.stats.sources:
            heard = self._listening and source.state == "listening"
            state: dict[str, Any] = {
                "level": round(source.level_db) if heard else None,
                "score": self._scores.get(source.name),
            }
            self._outbox.state(self.device.state(identifier(source.name)), json.dumps(state))

    # -- what is commanded -----------------------------------------------------------------

    async def _received(self, message: Message) -> None:
        topic, text = message.topic.value, commands.text(message.payload)
        if topic == self.device.config:
            if message.retain:  # what an earlier run of ours left behind
                self._describe(discovery.platforms(text))
        elif topic == self.device.birth:
            if text == "online":
                await asyncio.sleep(self._rng.uniform(0, self._latest_answer))
                self._outbox.renew()
        elif topic == self.device.listening_command:
            await self._switch(text)
        elif not message.retain:  # a threshold that was wanted some other day
            await self._set_threshold(topic, text)

    async def _switch(self, text: str) -> None:
        """Begin or cease to listen; the microphone is let go of meanwhile."""
        wanted = commands.on_or_off(text)
        if wanted is None or wanted == self._listening:
            self._report_listening()
            return
        if not wanted:
            self._off, self._listening = True, False
            await asyncio.to_thread(self.listener.stop)
            _log.warning("listening was turned off from %s", self._broker)
        else:
            self._off = False
            try:
                await asyncio.to_thread(self.listener.start)
                self._listening = True
                _log.warning("listening was turned on from %s", self._broker)
            except (WakesoundError, OSError) as error:
                _log.error("listening cannot be turned on: %s", explained(error))
        self._report_listening()

    async def _set_threshold(self, topic: str, text: str) -> None:
        sound = next(
            (s for key, s in self._sounds.items() if topic == self.device.threshold_command(key)),
            None,
        )
        value = commands.threshold(text)
        if sound is None or value is None:
            _log.warning(
                "%s: no such sound, or %r is no threshold", printable(topic), printable(text, 40)
            )
            return
        library = self.listener.library
        try:
            await asyncio.to_thread(library.set_threshold, sound.name, value, sound.budget_per_hour)
        except (WakesoundError, OSError) as error:
            _log.error("the threshold of %r stays as it is: %s", sound.name, explained(error))
            return
        _log.info("the threshold of %r is now %g", sound.name, value)
        await self._look()
