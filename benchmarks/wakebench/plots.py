"""DET curves and the confusion matrix, as PNG and SVG."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wakebench.misses import DET_TARGETS, EVERYTHING
from wakebench.sheets import cells, main_cell, main_takes
from wakeword.errors import MissingExtra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#1b3a5b", "#2a7f9e", "#6aa84f", "#e69138", "#c0392b", "#7d5ba6")
LOWEST_MISSES = (0.01, 0.02, 0.05, 0.1)
"""Where the axis of misses may begin; a curve that is lower runs along it."""
WIDE, HIGH = 5.4, 4.0


def check() -> None:
    """Make sure that plots can be drawn, before half an hour of work.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    _figure(1.0, 1.0)


def plots(figures: dict[str, Any]) -> dict[str, Figure]:
    """All figures by file name.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    snrs = list(main_cell(figures)["det"])
    middle = snrs[len(snrs) // 2]
    by_system = {
        cell["system"]: cell["det"][middle]
        for cell in cells(figures, made=main_cell(figures)["made"], takes=main_takes(figures))
    }
    by_snr = {f"{snr}": curve for snr, curve in main_cell(figures)["det"].items()}
    return {
        "det_by_snr": _det(by_snr, f"{main_cell(figures)['system']}, by SNR", figures),
        "det_by_system": _det(by_system, f"All systems, {middle}", figures),
        "confusion": _confusion(figures),
    }


def save(figures: dict[str, Figure], folder: Path) -> list[Path]:
    """Write each as PNG and SVG; the same figures give the same bytes."""
    paths = []
    for name, figure in figures.items():
        for kind in ("png", "svg"):
            path = folder / f"{name}.{kind}"
            path.write_bytes(_rendered(figure, kind))
            paths.append(path)
    return paths


def svg(figure: Figure) -> str:
    """The figure as an ``<svg>`` element."""
    text = _rendered(figure, "svg").decode()
    return text[text.index("<svg") :]


def _rendered(figure: Figure, kind: str) -> bytes:
    import matplotlib

    buffer = BytesIO()
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
    with matplotlib.rc_context({"svg.hashsalt": "wakebench", "svg.fonttype": "path"}):
        figure.savefig(buffer, format=kind, dpi=150, metadata=metadata, bbox_inches="tight")
    return buffer.getvalue()


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    try:
        from matplotlib.figure import Figure as Canvas
    except ImportError as error:
        raise MissingExtra("the report's plots", "bench") from error
    figure = Canvas(figsize=(width, height))
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _det(curves: dict[str, list[float | None]], title: str, figures: dict[str, Any]) -> Figure:
    figure, axes = _figure(WIDE, HIGH)
    hours = sum(figures["negative_hours"].values()) * figures["protocol"]["deals"]
    axes.axvspan(DET_TARGETS[0], 1.0 / hours, color="#f2f2f2", zorder=0, linewidth=0)
    least = min((v for curve in curves.values() for v in curve if v is not None), default=1.0)
    lowest = max((low for low in LOWEST_MISSES if low <= least / 2), default=LOWEST_MISSES[0])
    for (name, curve), colour in zip(curves.items(), COLOURS * 3, strict=False):
        misses = np.array([np.nan if value is None else value for value in curve])
        axes.plot(DET_TARGETS, np.maximum(misses, lowest), color=colour, label=name, lw=1.8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(DET_TARGETS[0], DET_TARGETS[-1])
    axes.set_ylim(lowest, 1.0)
    ticks = [tick for tick in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if tick >= lowest]
    axes.set_yticks(ticks, [f"{100 * tick:g}%" for tick in ticks], minor=False)
    axes.set_yticks([], minor=True)
    rates = (0.1, 0.5, 1, 5, 10, 50)
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates], minor=False)
    axes.grid(True, which="major", color="#e3e3e3", lw=0.6)
    axes.set_xlabel("false alarms per hour and sound, at most")
    axes.set_ylabel("missed events")
    axes.set_title(title, loc="left", fontsize=11)
    axes.legend(frameon=False, fontsize=8.5, loc="lower left")
    return figure


def _confusion(figures: dict[str, Any]) -> Figure:
    cell = main_cell(figures)
    names, counts = cell["confusion"]["names"], np.array(cell["confusion"]["counts"], float)
    order = sorted(range(len(names)), key=lambda i: (figures["families"][names[i]], names[i]))
    places = [*order, len(names)]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = max(4.0, 0.17 * len(places))
    figure, axes = _figure(side + 2.5, side)
    axes.imshow(shares[np.ix_(places, places)], cmap="Blues", vmin=0, vmax=1, aspect="auto")
    labels = [names[i] for i in order]
    axes.set_xticks(range(len(places)), [*labels, "missed"], rotation=90, fontsize=6)
    axes.set_yticks(range(len(places)), [*labels, "nothing there"], fontsize=6)
    axes.set_xlabel("fired", fontsize=8)
    axes.set_ylabel("was there", fontsize=8)
    axes.set_title(f"{cell['system']}, own thresholds, {EVERYTHING} SNRs", loc="left", fontsize=9)
    return figure
