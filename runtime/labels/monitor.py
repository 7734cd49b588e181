"""The :class:`Monitor`: sources watched for labels, alerts to actions and to who iterates."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import cast

from runtime.history.clips import ClipConfig, ClipRecorder, ClipStore
from runtime.hooks.action import ANY
from runtime.hooks.conditions import ALWAYS, Conditions
from runtime.listening.assembly import (
    ActionEntry,
    ActionSpec,
    SourceSpec,
    open_sources,
)
from runtime.listening.running import Running
from runtime.listening.session import Session
from runtime.sinks import TIMEOUT_SECONDS
from wakeword.errors import ConfigError
from wakeword.labels import Classifier
from wakeword.labels.watch import AlarmConfig, Alert, LabelWatch, WatchConfig


class Monitor(Running[Alert]):
    """Watches one or more sources for labels.

    Alerts go to the actions given with :meth:`on` and to whoever iterates: each when it begins
    and when it ends. How it begins and ends itself is in
    :class:`~runtime.listening.running.Running`; clips of alerts that are on when it is
    stopped are written too.

    Args:
        classifier: holds windows against words; see
            :func:`runtime.labels.classifier.make_classifier`.
        alarms: labels, each with when its alert begins and ends.
        sources: what to hear, one or several: see :func:`runtime.sources.open_source`.
        against: further labels, which compete but never alert.
        config: how often is looked, and at how much.
        realtime: play recordings by the clock.
        clips: where alerts are recorded; None records none.
        clip_config: what a clip holds.
        action_timeout_seconds: how long one call of an action may take.

    Raises:
        ConfigError: no labels, or labels that make no sense.
        EncoderError: the encoder does not know a label.
    """

    def __init__(
        self,
        classifier: Classifier,
        alarms: Mapping[str, AlarmConfig],
        sources: SourceSpec | Sequence[SourceSpec] = "mic",
        *,
        against: Sequence[str] = (),
        config: WatchConfig | None = None,
        realtime: bool = False,
        clips: ClipStore | None = None,
        clip_config: ClipConfig | None = None,
        action_timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        super().__init__()
        self.config = config or WatchConfig()
        self.question = classifier.question([*alarms, *against], fewest=1)
        names = self.question.labels  # as they are spelled once they have been looked at
        self.alarms = dict(zip(names, alarms.values(), strict=False))
        self._classifier = classifier
        self._sources = sources
        self._realtime = realtime
        self._clips = clips
        self._clip_config = clip_config
        self._action_timeout = action_timeout_seconds
        self._actions: list[ActionEntry] = []
        self._recorders: list[ClipRecorder] = []

    def on(
        self,
        label: str | Collection[str],
        action: ActionSpec | Callable[[Alert], object],
        *,
        ends: bool = False,
        timeout_seconds: float | None = None,
        conditions: Conditions = ALWAYS,
        concurrency: int = 1,
    ) -> Monitor:
        """Do this when an alert begins, or when it ends; before the start.

        Args:
            label: one of those watched, several, or ``"*"`` for all.
            action: a function or coroutine function that takes the alert or nothing, or a URI:
                ``"exec:COMMAND"``, ``"https://..."``; see :mod:`runtime.sinks`.
            ends: at the end of the alert, when its clip is there, instead of the beginning.
            timeout_seconds: how long one call may take; the monitor's own by default.
            conditions: what else must hold: a score, a source, not at night.
            concurrency: how many calls may run at once; above 1 they keep no order.

        Returns:
            The monitor, for another ``on`` or for ``start``.

        Raises:
            ConfigError: there is no such label.
        """
        labels = (label,) if isinstance(label, str) else tuple(label)
        known = {name.casefold() for name in self.alarms}
        for name in labels:
            if name != ANY and name.casefold() not in known:
                raise ConfigError(
                    f"{name!r} is not watched for; watched are: {', '.join(self.alarms)}"
                )
        conditions = conditions.at_end() if ends else conditions
        timeout_seconds = timeout_seconds or self._action_timeout
        action = cast(ActionSpec, action)  # all events here are alerts
        self._actions.append(ActionEntry(labels, action, timeout_seconds, conditions, concurrency))
        return self

    def _new_session(self, loop: asyncio.AbstractEventLoop | None) -> Session:
        session, recorders = Session(loop), []
        with contextlib.ExitStack() as undo:
            undo.callback(session.dispatcher.close)
            rate = self._classifier.encoder.rate
            for name, source in open_sources(self._sources, rate, realtime=self._realtime):
                undo.callback(source.close)
                watch = LabelWatch(self._classifier, self.question, self.alarms, self.config)
                if self._clips is None:
                    session.add(source, watch, called=name)
                    continue
                named = name or source.name
                recorder = ClipRecorder(watch, self._clips, named, self._clip_config)
                recorders.append(recorder)
                session.add(source, recorder, called=name)
            for entry in self._actions:
                session.dispatcher.add(
                    entry.sounds,
                    entry.action,
                    entry.timeout_seconds,
                    conditions=entry.conditions,
                    concurrency=entry.concurrency,
                )
            undo.pop_all()
        self._recorders = recorders
        return session

    def _ended(self) -> None:
        """Write the clips of alerts that were on."""
        with self._lock:
            for recorder in self._recorders:
                recorder.close()
