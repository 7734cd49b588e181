"""``/monitor``: audio or the server's own sources held against labels, alerts out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.websockets import WebSocket, WebSocketDisconnect

from enroll.words import fit_labels
from runtime.foreign import printable
from runtime.services.http.connection import FAULT, Connection, Message
from runtime.services.http.ears import LabelListener, LabelTask
from runtime.services.http.problems import Refusal
from runtime.services.http.service import Service
from runtime.services.pcm import PcmFormat
from wakeword.audio.frames import AudioFrame
from wakeword.errors import EncoderError
from wakeword.labels.watch import AlarmConfig, WatchConfig
from wakeword.labels.wording import split_labels

WAITING_FRAMES = 100
"""Frames of the server's sources that may wait for one client; others are left out and counted."""

router = APIRouter()

Threshold = Annotated[float, Field(gt=0, le=1)]


class MonitorWanted(BaseModel):
    """What a client declares: in the address, in its first message, or some here and some there."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    labels: str = Field(default="", max_length=5000)
    """With commas between them, in English or Chinese."""
    against: str = Field(default="", max_length=5000)
    """Further labels, which compete but never alert."""
    source: Literal["client", "server"] = "client"
    """Whose audio: what this client sends, or what the server hears."""
    name: str = Field(default="", max_length=64)
    """What alerts say they came from."""
    rate: int = 16_000
    width: int = 2
    channels: int = 1
    levels: bool = False
    """Whether levels are told, for meters."""
    threshold: Threshold | None = None
    """Of labels that have none of their own; without it they are fitted to ``budget``."""
    thresholds: dict[str, Threshold] = {}
    """By label."""
    budget: float = Field(default=0.5, gt=0, le=3600)
    """False alerts per hour that are borne for each label."""
    release: float = AlarmConfig.release
    min_seconds: float = AlarmConfig.min_seconds
    hold_seconds: float = AlarmConfig.hold_seconds
    every_seconds: float = WatchConfig.every_seconds
    window_seconds: float = WatchConfig.window_seconds


class MonitorChange(BaseModel):
    """What may be changed while it watches."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    thresholds: dict[str, Threshold] = Field(min_length=1)


@router.websocket("/monitor")
async def monitor(websocket: WebSocket) -> None:
    """Watch for labels.

    The first text message says what to watch for, later ones change thresholds. Binary
    messages are PCM, little-endian, as for ``/ws``; with ``source=server`` none are sent.
    """
    await _MonitorConnection(websocket, websocket.app.state.service).answer()


class _MonitorConnection(Connection):
    """A client that wants to know of sounds by words."""

    ear: LabelListener | None = None
    following: asyncio.Task[None] | None = None

    async def greet(self, query: Mapping[str, str]) -> None:
        """Begin at once if the address names labels."""
        self._query = dict(query)
        if self._query.get("labels"):
            await self._begin(self._query)

    async def told(self, message: Message) -> None:
        """What to watch for, or what to change of it."""
        if self.ear is None:
            await self._begin({**self._query, **message})
            return
        change = MonitorChange.model_validate(message)
        await self.service.hearing_jobs.run(self.ear.adjust, change.thresholds)
        await self.tell({"event": "changed", "thresholds": change.thresholds})

    def close(self) -> None:
        """Let go of everything."""
        if self.following is not None:
            self.following.cancel()
        super().close()

    async def _begin(self, declared: Mapping[str, object]) -> None:
        wanted = MonitorWanted.model_validate(declared)
        format = PcmFormat(wanted.rate, wanted.width, wanted.channels)
        if wanted.source == "server" and not self.service.hearing.listening:
            reason = self.service.hearing.problem or "start it with serve --source mic"
            raise Refusal(409, "no_sources", f"the server itself does not listen: {reason}")
        task = await self.service.hearing_jobs.run(_task, self.service, wanted)
        shown = printable(wanted.name)
        self.ear = LabelListener(task, format, f"ws:{shown}" if shown else "ws")
        self.listener = self.ear
        await self.tell(_ready(wanted, task))
        if wanted.source == "server":
            self.following = asyncio.create_task(self._follow(self.ear))

    async def _follow(self, ear: LabelListener) -> None:
        """Watch what the server hears until the client goes."""
        waiting = WaitingFrames(self.service.metrics.frames_left_out.labels("monitor").inc)
        leave = self.service.hearing.follow(waiting.put)
        try:
            while True:
                source, frame = await waiting.get()
                await self.tell(*await self.service.hearing_jobs.run(ear.frame, source, frame))
        except (WebSocketDisconnect, asyncio.TimeoutError, RuntimeError):
            pass  # the client is gone, or does not read
        except Refusal as refusal:
            await self.fail(refusal.error, refusal.detail, FAULT)
        finally:
            leave()


class WaitingFrames:
    """Frames of the server's sources on their way to one client; made on its event loop.

    Args:
        left_out: called for each frame for which there was no room.
        most: how many may wait.
    """

    def __init__(self, left_out: Callable[[], object], most: int = WAITING_FRAMES) -> None:
        self._loop = asyncio.get_running_loop()
        self._left_out = left_out
        self._queue: asyncio.Queue[tuple[str, AudioFrame]] = asyncio.Queue(most)

    def put(self, source: str, frame: AudioFrame) -> None:
        """Add a frame of a source; from any thread, never waits."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._put, source, frame)

    async def get(self) -> tuple[str, AudioFrame]:
        """The next frame, and its source."""
        return await self._queue.get()

    def _put(self, source: str, frame: AudioFrame) -> None:
        if self._queue.full():
            self._left_out()
        else:
            self._queue.put_nowait((source, frame))


def _task(service: Service, wanted: MonitorWanted) -> LabelTask:
    """Read the labels; blocking.

    Raises:
        Refusal: the encoder does not know a label.
        ConfigError: the labels or the settings make no sense.
    """
    classifier = service.watcher()
    config = WatchConfig(wanted.every_seconds, wanted.window_seconds)
    labels, against = split_labels(wanted.labels), split_labels(wanted.against)
    try:
        question = classifier.question([*labels, *against], fewest=1)
    except EncoderError as error:
        raise Refusal(422, "unknown_label", str(error)) from None
    own = {label.casefold(): threshold for label, threshold in wanted.thresholds.items()}
    given = {
        label: own.get(label.casefold(), wanted.threshold)
        for label in question.labels[: len(labels)]
    }
    fits = fit_labels(classifier, question, given, wanted.budget)
    alarms = {
        label: AlarmConfig(fit.threshold, wanted.release, wanted.min_seconds, wanted.hold_seconds)
        for label, fit in fits.items()
    }
    expected = {label: fit.false_alerts_per_hour for label, fit in fits.items()}
    return LabelTask(classifier, question, alarms, config, wanted.levels, expected)


def _ready(wanted: MonitorWanted, task: LabelTask) -> Message:
    return {
        "event": "ready",
        "source": wanted.source,
        "rate": wanted.rate,
        "width": wanted.width,
        "channels": wanted.channels,
        "labels": [
            {
                "label": wording.label,
                "text": wording.text,
                "how": wording.how,
                "threshold": task.alarms[wording.label].threshold,
                "false_alerts_per_hour": task.expected.get(wording.label),
            }
            for wording in task.question.wordings
            if wording.label in task.alarms
        ],
        "release": wanted.release,
        "min_seconds": wanted.min_seconds,
        "hold_seconds": wanted.hold_seconds,
        "every_seconds": wanted.every_seconds,
        "window_seconds": wanted.window_seconds,
    }
