"""What a recording sounds like, in the words that were asked for.

Labels as the encoder reads them, and the background that competes with them.

Sounds defined by words: which of some labels a recording sounds like, if any.

*Conventions.* Likeness (*similarity*) is the cosine of a window of sound and a label's text,
-1..1. Shares are a softmax over likenesses times the encoder's logit scale. In the open mode
the best of the background prompts takes part, and its share is that of *none of these*: the
labels' scores and ``none`` sum to 1. In the closed mode the labels' scores alone sum to 1,
whatever is heard.

Audio longer than the window is heard in windows that overlap by half, the last one ending
with the audio. Their likenesses are averaged, loud windows counting for more (by power),
and the shares of the whole follow from those means.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.frames import FloatArray, level_db
from wakeword.errors import AudioFormatError, ConfigError, NoBackground, NoTextEncoder
from wakeword.labels import prompts
from wakeword.labels.prompts import TextCache
from wakeword.labels.wording import Translate, Wording, checked_labels, understand
from wakeword.protocols import Encoder

NONE = "none of these"
"""What wins when it is none of the labels."""


@dataclass(frozen=True)
class WindowScores:
    """What one window sounds like."""

    start: float
    """In seconds from the beginning of the audio."""
    end: float
    scores: Mapping[str, float]
    """Share of each label, 0..1."""
    none: float
    """Share of none of these, 0..1; 0 in the closed mode."""
    similarity: Mapping[str, float]
    """Cosine with each label, -1..1."""
    background: str | None = None
    """The background prompt that came nearest; None in the closed mode."""

    @property
    def top(self) -> str | None:
        """The best label; None where none of these is better."""
        best = max(self.scores, key=lambda label: self.scores[label])
        return best if self.scores[best] > self.none else None

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Labels with their scores, best first; :data:`NONE` among them in the open mode."""
        rows = [*self.scores.items(), *([] if self.background is None else [(NONE, self.none)])]
        return sorted(rows, key=lambda row: -row[1])


@dataclass(frozen=True)
class Classification(WindowScores):
    """What a recording sounds like as a whole, and window by window."""

    windows: tuple[WindowScores, ...] = ()
    """In time order, at least one."""
    wordings: tuple[Wording, ...] = ()
    """What each label was understood as."""

    @property
    def peaks(self) -> dict[str, WindowScores]:
        """For each label the window in which its score was highest."""
        return {
            label: max(self.windows, key=lambda window: window.scores[label])
            for label in self.scores
        }


ALIKE = 0.7
"""A background prompt whose text is this near to a label means nearly the same."""
SAME_TEXT = 0.999
"""A background prompt whose text is this near to a label is the same."""
FEWEST_RIVALS = 3
"""So many background prompts are kept, if they are not the very labels."""

_WEAK = frozenset({"noise", "white"})
"""Words of background prompts that are no sound of their own."""


@dataclass(frozen=True, eq=False)
class Question:
    """Labels ready to be held against sound."""

    wordings: tuple[Wording, ...]
    vectors: FloatArray
    """``(labels + background, dim) float32``, each row of length 1 (L2)."""
    background: tuple[str, ...]
    """Names of the last rows; empty in the closed mode."""

    @property
    def labels(self) -> tuple[str, ...]:
        """As the user wrote them."""
        return tuple(wording.label for wording in self.wordings)


def competing(alike: FloatArray, texts: Sequence[str], background: Sequence[str]) -> list[int]:
    """Which background prompts say something else than the labels.

    Args:
        alike: ``(labels, background)`` cosines of the texts.
        texts: of the labels.
        background: the prompts.
    """
    words = {word for text in texts for word in text.casefold().split()} - _WEAK
    nearest = alike.max(axis=0)
    other = [
        row
        for row, prompt in enumerate(background)
        if nearest[row] < SAME_TEXT and not words & set(prompt.split())
    ]
    apart = [row for row in other if nearest[row] < ALIKE]
    # To some encoders all texts are alike; then the farthest must do.
    return (
        apart
        if len(apart) >= FEWEST_RIVALS
        else sorted(sorted(other, key=lambda row: float(nearest[row]))[:FEWEST_RIVALS])
    )


Likeness = NDArray[np.float64]

SILENT_DB = -90.0
"""A window below this level in dBFS holds nothing to be named: none of these, wholly."""
AT_ONCE = 64
"""Windows that are given to the encoder together."""


Slice = tuple[int, int, FloatArray]
"""Where it begins and ends, as sample indices, and its samples ``(n,) float32``."""


@dataclass(frozen=True, eq=False)
class Heard:
    """A recording's windows, embedded."""

    vectors: FloatArray
    """``(windows, dim) float32``, each row of length 1 (L2)."""
    spans: tuple[tuple[int, int], ...]
    """Where each begins and ends, as sample indices at the encoder's rate."""
    levels_db: tuple[float, ...]
    """How loud each is, in dBFS."""


class Classifier:
    """Holds sounds against words. It may be used by several threads at once.

    Args:
        encoder: with a text side.
        templates: sentences with a place ``{}`` for the label; of several the mean counts.
            None for what suits the encoder.
        background: what competes with the labels in the open mode.
        window_seconds: of audio that is heard at once; None for the most the encoder takes.
        cache: where texts' embeddings are kept; unused by encoders that look names up.
        translate: reads Chinese that is not in the glossary.

    Raises:
        ConfigError: the encoder has no text side, or a template or the window makes no sense.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        templates: Sequence[str] | None = None,
        background: Sequence[str] = prompts.BACKGROUND,
        window_seconds: float | None = None,
        cache: TextCache | None = None,
        translate: Translate | None = None,
    ) -> None:
        if not encoder.reads_text:
            raise NoTextEncoder(encoder.id)
        longest = encoder.longest_seconds or encoder.window_seconds
        window_seconds = longest if window_seconds is None else window_seconds
        if not 0.1 <= window_seconds <= longest:
            raise ConfigError(
                f"a window of {window_seconds:g} s makes no sense to {encoder.id}: it hears 0.1 to"
                f" {longest:g} s at a time"
            )
        self.encoder = encoder
        self.window_seconds = window_seconds
        suited = prompts.default_templates(encoder)
        self.templates = suited if templates is None else prompts.checked_templates(templates)
        self._background = tuple(background)
        self._cache = cache if prompts.vocabulary(encoder) is None else None
        self._translate = translate
        self._questions: Callable[[tuple[str, ...], bool], Question] = lru_cache(32)(self._ask)

    def __repr__(self) -> str:
        return f"Classifier({self.encoder.id!r})"

    def question(self, labels: Sequence[str], *, closed: bool = False, fewest: int = 2) -> Question:
        """Read the labels; asked again, the answer is kept.

        Args:
            labels: in English or Chinese, commas already taken apart.
            closed: whether one of them must be it.
            fewest: how many there must be.

        Raises:
            ConfigError: labels that make no sense; see :mod:`wakeword.labels.wording`.
            EncoderError: the encoder does not know a label, or fails.
        """
        return self._questions(checked_labels(labels, fewest=fewest), closed)

    def classify(
        self, samples: FloatArray, labels: Sequence[str] | Question, *, closed: bool = False
    ) -> Classification:
        """Which of the labels the audio sounds like.

        Args:
            samples: ``(n,) float32`` at the encoder's rate, one sample at least.
            labels: two or more, or what :meth:`question` made of them.
            closed: whether one of them must be it: the plain softmax over the labels.

        Raises:
            AudioFormatError: the audio is empty, not mono float32 or not finite.
            ConfigError: labels that make no sense.
            EncoderError: the encoder does not know a label, or fails.
        """
        asked = labels if isinstance(labels, Question) else self.question(labels, closed=closed)
        return self.judge(self.hear(samples), asked)

    def hear(self, samples: FloatArray) -> Heard:
        """Embed audio window by window, for :meth:`judge`.

        Args:
            samples: ``(n,) float32`` at the encoder's rate, one sample at least.

        Raises:
            AudioFormatError: the audio is empty, not mono float32 or not finite.
            EncoderError: the encoder fails.
        """
        spans = self.spans(len(checked_audio(samples)))
        windows = [samples[start:end] for start, end in spans]
        blocks = range(0, len(windows), AT_ONCE)  # hours of audio need not fit into memory twice
        vectors = np.concatenate([self.embed(windows[at : at + AT_ONCE]) for at in blocks])
        return Heard(vectors, tuple(spans), tuple(level_db(window) for window in windows))

    def classify_blocks(self, blocks: Iterable[FloatArray], question: Question) -> Classification:
        """As :meth:`classify`, of audio that comes piece by piece and need not fit into memory.

        Args:
            blocks: each ``(n,) float32`` at the encoder's rate.
            question: the labels.

        Raises:
            AudioFormatError: the audio is empty, not mono float32 or not finite.
            EncoderError: the encoder fails.
        """
        likeness: list[Likeness] = []
        spans: list[tuple[int, int]] = []
        levels: list[float] = []
        windows = self.slices(map(_checked_block, blocks))
        while some := list(itertools.islice(windows, AT_ONCE)):
            likeness.append(_likeness(self.embed([samples for _, _, samples in some]), question))
            spans += [(start, end) for start, end, _ in some]
            levels += [level_db(samples) for _, _, samples in some]
        if not spans:
            raise AudioFormatError("there is no audio to classify (0 samples)")
        return self._judged(np.concatenate(likeness), levels, spans, question)

    def slices(self, blocks: Iterable[FloatArray]) -> Iterator[Slice]:
        """The windows of :meth:`spans` of a stream, before its end is known.

        Little more than a window and a block are held at a time.

        Args:
            blocks: the audio, each ``(n,) float32`` at the encoder's rate.

        Yields:
            Windows in time order; none for no audio.
        """
        size = round(self.window_seconds * self.encoder.rate)
        hop = max(1, size // 2)
        held, begin, count, given = np.zeros(0, np.float32), 0, 0, 0
        for block in blocks:
            held = np.concatenate([held, block])
            count += len(block)
            # A window is certain once what is behind it is worth a further one.
            while count - size > given * hop + (hop // 4 if given else 0):
                start = given * hop
                held, begin = held[start - begin :], start
                yield start, start + size, held[:size].copy()
                given += 1
        if count:
            for start, end in self.spans(count)[given:]:
                yield start, end, held[start - begin : end - begin].copy()

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """``(len(windows), dim) float32``: windows as they are held against text, unit rows.

        Raises:
            AudioFormatError: a window is empty, too long, not mono float32 or not finite.
            EncoderError: the encoder fails.
        """
        # Where the two differ: the figures of transformers' pipeline, to the last quirk.
        return np.asarray(self.encoder.embed_as_pipeline(windows), np.float32)

    def spans(self, count: int) -> list[tuple[int, int]]:
        """Where the windows of ``count`` samples begin and end, as sample indices."""
        size = round(self.window_seconds * self.encoder.rate)
        last, hop = max(0, count - size), max(1, size // 2)
        starts = [start for start in range(0, last, hop) if not start or last - start > hop // 4]
        return [(start, min(start + size, count)) for start in [*starts, last]]

    def judge(self, heard: Heard, question: Question) -> Classification:
        """What windows that are embedded already sound like, alone and together.

        Args:
            heard: from :meth:`hear`, or a batch of one's own.
            question: the labels.
        """
        likeness = _likeness(heard.vectors, question)
        return self._judged(likeness, heard.levels_db, heard.spans, question)

    def _judged(
        self,
        likeness: Likeness,
        levels_db: Sequence[float],
        spans: Sequence[tuple[int, int]],
        question: Question,
    ) -> Classification:
        rate = self.encoder.rate
        windows = tuple(
            self._scored(row, level, start / rate, end / rate, question)
            for row, level, (start, end) in zip(likeness, levels_db, spans, strict=True)
        )
        loudest = max(levels_db)
        weights = weights_of(np.asarray(levels_db) - loudest)
        pooled = weights @ likeness / weights.sum()
        whole = self._scored(pooled, loudest, 0.0, windows[-1].end, question)
        return Classification(**vars(whole), windows=windows, wordings=question.wordings)

    def judge_mean(
        self, mean: NDArray[np.float64], level_db: float, seconds: float, question: Question
    ) -> WindowScores:
        """What a recording as a whole sounds like, without its windows: as :meth:`judge`.

        Args:
            mean: ``(dim,)`` of its windows' vectors, each weighted by its power; it is not
                of length 1.
            level_db: of the loudest window, in dBFS.
            seconds: how long the recording is.
            question: the labels.
        """
        likeness = question.vectors.astype(np.float64) @ mean
        return self._scored(likeness, level_db, 0.0, seconds, question)

    def log_odds(self, vectors: NDArray[np.floating], question: Question) -> Likeness:
        """Of each label's share in each recording: ``(n, labels) float64``.

        The same as the scores of :meth:`judge_mean`, but numbers that can be told apart near 0
        and 1: a share is ``1 / (1 + exp(-odds))``.

        Args:
            vectors: ``(n, dim)``, of windows or means of windows that are not silent.
            question: the labels; in the open mode, or two of them.
        """
        logits = self.encoder.logit_scale * (
            np.asarray(vectors, np.float64) @ question.vectors.T.astype(np.float64)
        )
        count = len(question.labels)
        if question.background:
            rival = logits[:, count:].max(axis=1, keepdims=True)
            logits = np.concatenate([logits[:, :count], rival], axis=1)
        others = [np.delete(logits, label, axis=1) for label in range(count)]
        return np.stack(
            [logits[:, i] - np.logaddexp.reduce(rest, axis=1) for i, rest in enumerate(others)],
            axis=1,
        )

    def _scored(
        self, likeness: Likeness, level: float, start: float, end: float, question: Question
    ) -> WindowScores:
        """The shares of one window: ``likeness`` is ``(labels + background,)``."""
        labels = question.labels
        near, rivals = likeness[: len(labels)], likeness[len(labels) :]
        similarity = dict(zip(labels, near.tolist(), strict=True))
        if not question.background:
            scores = dict(zip(labels, self._softmax(near), strict=True))
            return WindowScores(start, end, scores, 0.0, similarity)
        rival = int(rivals.argmax())
        shares = self._softmax(np.append(near, rivals[rival]))
        if level < SILENT_DB:
            shares = [0.0] * len(labels) + [1.0]
        scores = dict(zip(labels, shares, strict=False))
        background = question.background[rival]
        return WindowScores(start, end, scores, shares[-1], similarity, background)

    def _softmax(self, likeness: Likeness) -> list[float]:
        powers = np.exp(self.encoder.logit_scale * (likeness - likeness.max()))
        return [float(share) for share in powers / powers.sum()]

    def _ask(self, labels: tuple[str, ...], closed: bool) -> Question:
        wordings = self.understand(labels)
        named = self.embed_text([wording.text for wording in wordings])
        if closed:
            return Question(wordings, named, ())
        rivals = self.embed_text(self._background)
        apart = competing(named @ rivals.T, [w.text for w in wordings], self._background)
        if not apart:
            raise NoBackground()
        background = tuple(self._background[row] for row in apart)
        return Question(wordings, np.concatenate([named, rivals[apart]]), background)

    def understand(self, labels: Sequence[str]) -> tuple[Wording, ...]:
        """What labels are read as; see :func:`wakeword.labels.wording.understand`."""
        return understand(labels, self._translate)

    def embed_text(self, texts: Sequence[str]) -> FloatArray:
        """``(len(texts), dim) float32``: English texts in the templates, unit rows.

        Raises:
            EncoderError: the encoder does not know a text, or fails.
        """
        total = np.zeros((len(texts), self.encoder.dim), np.float32)
        for template in self.templates:
            sentences = [prompts.filled(template, text) for text in texts]
            total += self._embed_sentences(sentences)
        if len(self.templates) == 1:
            return total
        return np.asarray(total / np.linalg.norm(total, axis=1, keepdims=True), np.float32)

    def _embed_sentences(self, sentences: list[str]) -> FloatArray:
        if self._cache is None:
            return self.encoder.embed_text(sentences)
        return self._cache.vectors(
            self.encoder.id, sentences, self.encoder.dim, self.encoder.embed_text
        )


def weights_of(levels_db: NDArray[np.floating]) -> NDArray[np.float64]:
    """What windows of these levels count in the mean over a recording: their power."""
    return np.asarray(10.0 ** (np.asarray(levels_db, np.float64) / 10.0))


def _likeness(vectors: FloatArray, question: Question) -> Likeness:
    """``(n, labels + background)``: the cosines of windows with texts."""
    found: Likeness = vectors.astype(np.float64) @ question.vectors.T.astype(np.float64)
    return found


def _checked_block(samples: FloatArray) -> FloatArray:
    return checked_audio(samples) if len(samples) else samples


def checked_audio(samples: FloatArray) -> FloatArray:
    """The same ``(n,) float32``, once it has been looked at.

    Raises:
        AudioFormatError: empty, not mono float32 or not finite.
    """
    if samples.ndim != 1 or samples.dtype != np.float32:
        raise AudioFormatError(
            f"labels need mono float32 audio, not {samples.dtype} of shape {samples.shape}"
        )
    if not len(samples):
        raise AudioFormatError("there is no audio to classify (0 samples)")
    if not np.isfinite(samples).all():
        raise AudioFormatError("the audio holds NaN or infinite samples")
    return samples
