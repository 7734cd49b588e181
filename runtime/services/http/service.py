"""Work that would block the event loop, in a bounded number of threads.

Everything that the endpoints share: the sounds, the encoder, the streams and the counts.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from runtime.history.recorder import HistoryWriter, Recorder
from runtime.history.store import History, HistoryConfig, HistoryEntry
from runtime.hooks.book import HookBook
from runtime.labels.classifier import make_classifier, watching_classifier
from runtime.listening.stats import Stats
from runtime.listening.watch import LibraryWatch
from runtime.models.encoder import LibraryEncoder
from runtime.services.http.config import ServerConfig
from runtime.services.http.drafts import DraftTable
from runtime.services.http.feed import EventFeed
from runtime.services.http.hearing import Loaded, ServerListening
from runtime.services.http.metrics import MeteredEncoder, Metrics
from runtime.services.http.problems import Refusal
from runtime.sinks import TIMEOUT_SECONDS
from wakeword.encoders import create_encoder
from wakeword.engine import Engine, EngineConfig
from wakeword.errors import SoundNotFound, WakesoundError
from wakeword.events import WakeEvent
from wakeword.labels import Classifier
from wakeword.library.enrolled import EnrolledSounds
from wakeword.library.library import SoundLibrary
from wakeword.library.records import SoundRecord
from wakeword.protocols import Encoder

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """A few threads and a queue of limited length.

    Args:
        name: of the threads.
        threads: how many.
        waiting: how much work may wait for one.
    """

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"wakesound-{name}")
        self._most = threads + waiting
        self.active = 0
        """Work that runs or waits."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it in a thread; what it returns or raises.

        Who asked may be gone before it is done; then it is done all the same.

        Raises:
            Refusal: too much waits already (503).
        """
        if self.active >= self._most:
            raise Refusal(503, "busy", "too much to do just now; try again", retry_seconds=1)
        self.active += 1
        loop = asyncio.get_running_loop()
        try:
            future = loop.run_in_executor(self._pool, partial(work, *args, **kwargs))
        except RuntimeError:  # the server is going down
            self.active -= 1
            raise Refusal(503, "closing", "the server is shutting down") from None
        future.add_done_callback(self._done)
        return await future

    def close(self) -> None:
        """Begin nothing more; what runs goes on to its end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, future: asyncio.Future[T]) -> None:
        self.active -= 1
        if not future.cancelled():
            future.exception()  # seen, also when nobody waits any more


_log = logging.getLogger(__name__)


class Service:
    """One library, one encoder, any number of clients.

    Nothing is loaded before :meth:`load`.

    Args:
        library: the sounds.
        config: where and for whom it is served.
        encoder: its name, or one of your own; by default the library's.
        label_encoder: the same for ``/classify``; by default that of the sounds.
        engine_config: settings of all engines.
        history: where wakes and near misses are remembered; None remembers none.
        actions: names of sounds, ``"*"`` for any, with the URI of what to do.
        hook_file: the configuration file whose hooks count and may be changed; it need not
            exist. None keeps no hooks.
        action_timeout_seconds: how long one call of an action may take.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``, for encoders that can use it.
        drift: whether the sounds follow the room of the server's own live sources.

    Raises:
        WakesoundError: an action makes no sense, or the hooks' file cannot be used.
    """

    def __init__(
        self,
        library: SoundLibrary,
        config: ServerConfig | None = None,
        *,
        encoder: str | Encoder | None = None,
        label_encoder: str | Encoder | None = None,
        engine_config: EngineConfig | None = None,
        history: History | None = None,
        actions: Sequence[tuple[str, str]] = (),
        hook_file: Path | None = None,
        action_timeout_seconds: float = TIMEOUT_SECONDS,
        device: str = "cpu",
        drift: bool = False,
    ) -> None:
        self.library = library
        self.config = config or ServerConfig()
        self.engine_config = engine_config or EngineConfig()
        self.failure: Exception | None = None
        """Why the encoder or the sounds could not be loaded."""
        self.feed = EventFeed()
        self.audio_streams = 0
        self.metrics = Metrics(self.stats, self._streams)
        threads = min(4, os.cpu_count() or 1)
        self.jobs = Workers("job", threads, waiting=self.config.limits.requests)
        self.hearing_jobs = Workers("stream", threads, waiting=self.config.limits.requests)
        self.drafts = DraftTable(self.config.limits)
        self.hooks = HookBook(
            hook_file,
            actions,
            commands=self.config.commands,
            timeout_seconds=action_timeout_seconds,
        )
        self.history = None if history is None else _Counted(history, self.metrics, self.feed)
        self._writer = None if self.history is None else HistoryWriter(self.history)
        self._encoder = LibraryEncoder(library, encoder, device)
        self._label_encoder = label_encoder
        self._device = device
        self._loaded: Loaded | None = None
        self._watch: LibraryWatch | None = None
        self._classifier: Classifier | None = None
        self._watcher: Classifier | None = None
        self._classifier_lock = threading.Lock()  # the first who classifies loads its encoder
        self.hearing = ServerListening(
            library,
            self.config,
            self.engine_config,
            loaded=lambda: self.loaded,
            heard=self.heard,
            metrics=self.metrics,
            feed=self.feed,
            history=self.history,
            drift=drift,
        )

    # -- from start to end -----------------------------------------------------------------

    def load(self) -> None:
        """Load the encoder and the sounds and begin to listen; blocking.

        Sources that cannot be heard are logged; the rest is served all the same.

        Raises:
            WakesoundError: the encoder or the sounds cannot be used; also kept in ``failure``.
        """
        try:
            self._load()
        except Exception as error:
            self.failure = error
            raise
        if self._writer is not None:
            self._writer.start()
        try:
            if self.config.listen:
                self.hearing.start()
        except WakesoundError as error:
            _log.error("not listening: %s", error)

    def close(self) -> None:
        """Stop listening and end the hooks; blocking."""
        if self._watch is not None:
            self._watch.stop()
        self.hearing.stop()
        self.hooks.close()
        if self._writer is not None:
            self._writer.close()
        self.jobs.close()
        self.hearing_jobs.close()

    @property
    def ready(self) -> bool:
        """Whether everything is loaded."""
        return self._loaded is not None

    @property
    def loaded(self) -> Loaded:
        """The encoder and the sounds.

        Raises:
            Refusal: they are not loaded yet (503).
        """
        if self._loaded is None:
            raise Refusal(503, "loading", "the encoder is still being loaded", retry_seconds=2)
        return self._loaded

    # -- what happens ----------------------------------------------------------------------

    def heard(self, event: WakeEvent, stream: str) -> dict[str, Any]:
        """Act on a wake event and tell it; from any thread. The event as it was told."""
        _log.info("%s heard %s (%.3f)", event.source, event.name, event.score)
        self.metrics.events.labels(event.sound, event.name, stream).inc()
        self.hooks.dispatch(event)
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        told = {**event.to_dict(), "time": now.replace("+00:00", "Z")}
        self.feed.publish(told)
        return told

    def recorder(self, engine: Engine, source: str, session: str) -> Recorder:
        """What notices the near misses of a client's stream, and remembers what may be."""
        if self._writer is not None:
            return self._writer.recorder(engine, source=source, session=session, patient=False)
        return Recorder(
            engine,
            HistoryConfig(),
            lambda draft: _count(draft.entry, self.metrics),
            source=source,
            session=session,
        )

    def stats(self) -> Stats:
        """What sources and hooks did so far."""
        return replace(self.hearing.stats(), actions=self.hooks.stats())

    # -- what is asked for -----------------------------------------------------------------

    def find(self, name: str) -> SoundRecord:
        """The sound of this name; blocking.

        Raises:
            SoundNotFound: there is none.
        """
        wanted = " ".join(name.split()).casefold()
        sounds = self.library.sounds()
        for sound in sounds:
            if sound.name.casefold() == wanted:
                return sound
        raise SoundNotFound(name[:70], [sound.name for sound in sounds[:20]])

    @property
    def knows_words(self) -> bool:
        """Whether there is an encoder that holds recordings against labels."""
        if isinstance(self._label_encoder, str):
            return True
        return (self._label_encoder or self.loaded.encoder).reads_text

    def classifier(self) -> Classifier:
        """What holds recordings against labels; blocking when it is loaded first.

        Raises:
            ConfigError: the encoder has no text side.
            WakesoundError: it cannot be loaded.
        """
        with self._classifier_lock:
            if self._classifier is None:
                encoder: Any = self._label_encoder or self.loaded.encoder
                if isinstance(encoder, str):
                    encoder = create_encoder(encoder, device=self._device)
                self._classifier = make_classifier(encoder)
            return self._classifier

    def watcher(self) -> Classifier:
        """What holds streams against labels: anything may be heard there.

        Raises:
            ConfigError, WakesoundError: as :meth:`classifier`.
        """
        encoder = self.classifier().encoder
        with self._classifier_lock:
            if self._watcher is None:
                self._watcher = watching_classifier(encoder)
            return self._watcher

    # -- details ---------------------------------------------------------------------------

    def _load(self) -> None:
        encoder, spec = self._encoder(), self._encoder.spec
        self._watch = LibraryWatch(self.library, encoder, self._reload)
        sounds = self._watch.read()
        self._loaded = Loaded(encoder, spec, MeteredEncoder(encoder, self.metrics), sounds)
        self.metrics.sounds.set(len(sounds.sounds))
        self._watch.start()

    def _reload(self, sounds: EnrolledSounds) -> None:
        self._loaded = replace(self.loaded, sounds=sounds)
        self.metrics.sounds.set(len(sounds.sounds))
        told = {"event": "sounds", "sounds": sounds.sounds, "events": sounds.events}
        self.feed.publish(told)
        self.hearing.sounds_changed()

    def _streams(self) -> dict[str, int]:
        return {"events": self.feed.readers, "audio": self.audio_streams}


class _Counted(History):
    """A history that counts what nearly woke, and tells those who watch of each record."""

    def __init__(self, history: History, metrics: Metrics, feed: EventFeed) -> None:
        super().__init__(history.folder, history.config)
        self._metrics = metrics
        self._feed = feed

    def put(self, entry: HistoryEntry, clip: bytes | None = None) -> None:
        """Add a record."""
        _count(entry, self._metrics)
        super().put(entry, clip)
        told = {"event": "history", "id": entry.id, "kind": entry.kind, "sound": entry.sound}
        self._feed.moment({**told, "name": entry.name})


def _count(entry: HistoryEntry, metrics: Metrics) -> None:
    if entry.kind == "near":
        metrics.near_misses.labels(entry.sound).inc()
