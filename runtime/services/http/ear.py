"""One client's audio: its own engine, what it heard as messages."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from runtime.history_recorder import Recorder
from runtime.identity import identified
from runtime.services.http.moments import level_moment, scores_moment
from runtime.services.pcm import PcmFormat, pieces
from wakeword.audio import AudioFrame, Blocker, FloatArray
from wakeword.engine import Engine
from wakeword.events import Match, WakeEvent, Window
from wakeword.resampler import Resampler

if TYPE_CHECKING:
    from runtime.services.http.draft import Draft
    from runtime.services.http.service import Service

STREAM = "websocket"
"""What metrics call it."""


class Ear:
    """Hears one stream; from any thread, by one at a time.

    Args:
        service: whose encoder and sounds it uses; hot-reloaded.
        format: of the audio.
        source: what its events say they came from.
        moments: whether levels and scores are told too.
        draft: listen for nothing but this sound, which is being enrolled; nothing is
            remembered then, and nothing acted on.

    Raises:
        Refusal: the encoder is not loaded yet (503).
        TakeRejected: the draft has no takes yet.
    """

    def __init__(
        self,
        service: Service,
        format: PcmFormat,
        source: str,
        moments: bool,
        draft: Draft | None = None,
    ) -> None:
        self._service = service
        self._format = format
        self._source = source
        self._moments = moments
        self._draft = draft
        self._session = secrets.token_hex(8)
        loaded = service.loaded
        sounds = loaded.sounds if draft is None else draft.sounds()
        self._engine = Engine(
            sounds, loaded.listening, service.engine_config, observer=self._observe
        )
        rate = self._engine.rate
        hop = round(service.engine_config.segmenter.hop_seconds * rate)
        self._resampler = Resampler(format.rate, rate)
        self._blocker = Blocker(hop)
        self._recorder: Recorder | None = None
        if draft is None:
            self._recorder = service.recorder(self._engine, source, self._session)
        self._messages: list[dict[str, Any]] = []

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self._format.frame_bytes

    @property
    def thresholds(self) -> dict[str, float]:
        """What is listened for, by name."""
        return self._engine.scorer.thresholds

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._engine.position / self._engine.rate

    def push(self, data: bytes) -> list[dict[str, Any]]:
        """Hear more; what there is to tell.

        Raises:
            AudioFormatError: the bytes are no whole number of samples.
        """
        for piece in pieces(self._format, data, None):
            self._hear(self._resampler.push(piece.samples()))
        return self._told()

    def finish(self) -> list[dict[str, Any]]:
        """Hear the last bit: the stream has ended."""
        self._hear(self._resampler.flush())
        for block in self._blocker.flush(self._engine.rate):
            self._step(block)
        self._tell(self._engine.flush())
        self.close()
        return self._told()

    def close(self) -> None:
        """Let go of the stream; closing twice is harmless."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.finish()

    def _hear(self, samples: FloatArray) -> None:
        frame = AudioFrame(samples, self._blocker.position, self._engine.rate)
        for block in self._blocker.push(frame):
            self._step(block)

    def _step(self, block: AudioFrame) -> None:
        """One hop."""
        sounds = self._service.loaded.sounds
        if self._draft is None and sounds is not self._engine.scorer:
            self._engine.load(sounds)
        self._service.metrics.heard(STREAM, 1)
        if self._moments:
            self._messages.append(level_moment(self._source, block))
        self._tell(self._engine.push(block))
        if self._recorder is not None:
            self._recorder.advance(self._engine.position)

    def _observe(self, window: Window, match: Match | None) -> None:
        self._service.metrics.open_frames.labels(STREAM).inc()
        if self._recorder is not None:
            self._recorder.window(window, match)
        if self._moments:
            scores = scores_moment(self._source, window, match, self._engine.scorer)
            self._messages.append(scores)

    def _tell(self, events: list[WakeEvent]) -> None:
        for event in events:
            named = identified(event, self._source, self._session)
            if self._recorder is not None:
                self._recorder.event(named)
            if self._draft is None:
                self._messages.append(self._service.heard(named, STREAM))
            else:
                self._messages.append(named.to_dict())

    def _told(self) -> list[dict[str, Any]]:
        messages, self._messages = self._messages, []
        return messages
