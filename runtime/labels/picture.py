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
_LINES = 8
"""So many labels are drawn, the best ones; more cannot be told apart."""


def draw(heard: Classification, samples: FloatArray, rate: int, title: str) -> bytes:
    """A PNG of the shares of the best labels over the spectrogram.

    Args:
        heard: what the recording sounds like.
        samples: ``(n,) float32``.
        rate: samples per second.
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
        _spectrogram(axes, samples, rate)
        _scores(axes.twinx(), heard, names)
        axes.set_title(title if chinese or title.isascii() else ascii(title)[1:-1])
        picture = io.BytesIO()
        canvas.print_png(picture)
    return picture.getvalue()


def _spectrogram(axes: Axes, samples: FloatArray, rate: int) -> None:
    logmel = LogMel(rate, 64)
    missing = max(0, logmel.frame - len(samples))
    levels = logmel(np.pad(samples, (0, missing)))
    axes.imshow(
        levels.T,
        origin="lower",
        aspect="auto",
        cmap="Greys",
        vmin=levels.max() - 80,
        extent=(0, len(samples) / rate, 0, levels.shape[1]),
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
