"""A picture of a recording: its spectrogram, and the labels' scores over time on top."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.audio.logmel import LogMel
from wakeword.errors import MissingExtra
from wakeword.labels.classifier import NONE, Classification

if TYPE_CHECKING:
    from matplotlib.axes import Axes


CHINESE_FONTS = ("Noto Sans CJK SC", "WenQuanYi Zen Hei", "PingFang SC", "Microsoft YaHei")
"""Looked for where labels are Chinese; without one of them the English words are shown."""
MOST_COLUMNS = 2_000
"""A picture has no more columns of pixels than this."""
_LINES = 8
"""So many labels are drawn, the best ones; more cannot be told apart."""


class Levels:
    """The spectrogram of a stream of any length, in a bounded number of columns.

    Args:
        rate: samples per second.
    """

    def __init__(self, rate: int) -> None:
        self._logmel = LogMel(rate, 64)
        self._rate = rate
        self._columns: list[FloatArray] = []
        self._width = 1
        self._count = 0
        self._held: FloatArray = np.zeros(0, np.float32)

    def push(self, samples: FloatArray) -> None:
        """Take ``(n,) float32`` that follow."""
        self._count += len(samples)
        self._held = np.concatenate([self._held, samples])
        step = self._width * self._logmel.hop
        while len(self._held) >= step + self._logmel.frame:
            self._add(self._held[: step + self._logmel.frame - self._logmel.hop])
            self._held = self._held[step:]
            step = self._width * self._logmel.hop

    def _add(self, samples: FloatArray) -> None:
        self._columns.append(self._logmel(samples).max(axis=0))
        if len(self._columns) == 2 * MOST_COLUMNS:
            pairs = zip(self._columns[::2], self._columns[1::2], strict=True)
            self._columns = [np.maximum(one, other) for one, other in pairs]
            self._width *= 2

    @property
    def seconds(self) -> float:
        """How long the stream was so far."""
        return self._count / self._rate

    def drawn(self) -> FloatArray:
        """``(columns, 64) float32``: levels in dBFS, the loudest of each column."""
        if self._columns:
            return np.stack(self._columns)
        return self._logmel(np.pad(self._held, (0, max(0, self._logmel.frame - len(self._held)))))


def draw(heard: Classification, levels: Levels, title: str) -> bytes:
    """A PNG of the shares of the best labels over the spectrogram.

    Args:
        heard: what the recording sounds like.
        levels: of the whole recording.
        title: e.g. the file's name.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib import font_manager
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("the picture of a timeline", "plot") from error
    known = {font.name for font in font_manager.fontManager.ttflist}
    chinese = [font for font in CHINESE_FONTS if font in known]
    names = {w.label: w.label if chinese else w.text for w in heard.wordings}
    with mpl.rc_context({"font.family": ["DejaVu Sans", *chinese]}):
        figure = Figure(figsize=(10, 5), dpi=110, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        _spectrogram(axes, levels)
        _scores(axes.twinx(), heard, names)
        axes.set_title(title if chinese or title.isascii() else ascii(title)[1:-1])
        picture = io.BytesIO()
        canvas.print_png(picture)
    return picture.getvalue()


def _spectrogram(axes: Axes, heard: Levels) -> None:
    levels = heard.drawn()
    axes.imshow(
        levels.T,
        origin="lower",
        aspect="auto",
        cmap="Greys",
        vmin=levels.max() - 80,
        extent=(0, heard.seconds, 0, levels.shape[1]),
    )
    axes.set_xlabel("seconds")
    axes.set_ylabel("mel band")


def _scores(axes: Axes, heard: Classification, names: Mapping[str, str]) -> None:
    best = sorted(heard.peaks, key=lambda label: -heard.peaks[label].scores[label])[:_LINES]
    middles = [(part.start + part.end) / 2 for part in heard.windows]
    times = [0.0, *middles, heard.end]
    rows = {label: [part.scores[label] for part in heard.windows] for label in best}
    for label, shares in rows.items():
        axes.plot(times, [shares[0], *shares, shares[-1]], linewidth=2, label=names[label])
    if heard.background is not None:
        shares = [part.none for part in heard.windows]
        axes.plot(times, [shares[0], *shares, shares[-1]], "k:", linewidth=1.5, label=NONE)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("score")
    axes.legend(loc="upper right", framealpha=0.85)
