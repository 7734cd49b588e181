"""The :class:`Monitor`: sources watched for labels, alerts to actions and to who iterates."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import cast

from runtime.action import ANY
from runtime.assembly import ActionEntry, ActionSpec, SourceSpec, open_sources
from runtime.clip_recorder import ClipConfig, ClipRecorder
from runtime.clips import ClipStore
from runtime.conditions import ALWAYS, Conditions
from runtime.session import Session
from runtime.sinks import TIMEOUT_SECONDS
from runtime.stats import Stats
from wakeword.alarm import AlarmConfig, Alert
from wakeword.errors import ConfigError
from wakeword.label_watch import LabelWatch, WatchConfig
from wakeword.labels import Classifier


class Monitor:
    """Watches one or more sources for labels.

    Nothing is heard before :meth:`start`, ``with`` or the first step of an iteration. After
    its end it can be started again.

    Args:
        classifier: holds windows against words; see :func:`runtime.classifier.make_classifier`.
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
        self._session: Session | None = None
        self._lock = threading.Lock()  # one thread at a time starts or closes

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

    def start(self) -> Monitor:
        """Begin to listen in the background; does nothing while listening.

        Raises:
            SourceError: a source cannot be heard.
            WakesoundError: an action cannot be set up.
        """
        with self._lock:
            if self._session is None or self._session.done:
                self._session, self._recorders = self._assembled()
                self._session.start()
        return self

    def stop(self, *, wait: bool = True) -> None:
        """End soon; from any thread, any number of times.

        Args:
            wait: return when everything has ended, clips of alerts that were on included.
        """
        session = self._session
        if session is not None:
            session.stop(wait=wait)
            if session.done:
                self._close_clips()

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait until all sources have ended and the actions are done; whether that came."""
        ended = self._session is None or self._session.wait(timeout_seconds)
        if ended:
            self._close_clips()
        return ended

    @property
    def listening(self) -> bool:
        """Whether it was started and has not ended."""
        return self._session is not None and not self._session.done

    @property
    def stats(self) -> Stats:
        """What happened since the last start; its events are beginnings and ends of alerts."""
        return self._session.stats() if self._session else Stats()

    @property
    def errors(self) -> dict[str, BaseException]:
        """Why sources failed since the last start, by their name."""
        return self._session.errors if self._session else {}

    def __enter__(self) -> Monitor:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def __iter__(self) -> Iterator[Alert]:
        """Yield beginnings and ends of alerts until all sources have ended or it is stopped.

        An iteration that started the listening stops it when it is left.

        Raises:
            WakesoundError: as :meth:`start`; or every source has failed: what the first said.
        """
        session = self._session
        own = session is None or (session.done and not session.unread)
        try:
            if own:
                session = self.start()._session
            assert session is not None
            subscription = session.subscribe()
            try:
                yield from (cast(Alert, event) for event in subscription)
            finally:
                subscription.close()
            if own:
                self.wait()
            if session.failed:
                raise next(iter(session.errors.values()))
        finally:
            if own:
                self.stop()

    def _assembled(self) -> tuple[Session, list[ClipRecorder]]:
        session, recorders = Session(), []
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
        return session, recorders

    def _close_clips(self) -> None:
        with self._lock:
            for recorder in self._recorders:
                recorder.close()
