"""The tables of the engine's parts: gates and encoders alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wakebench.sheet import Sheet, percent

Results = dict[str, Any]


def gate_events_sheet(gates: Results) -> Sheet:
    """Share of events for which each gate opened in time."""
    shares, events = gates["in_time"], gates["events"]
    rows = []
    for family in sorted({group.rpartition(", ")[0] for group in shares}):
        clean, noise = f"{family}, clean", f"{family}, in noise"
        nothing = [None] * len(gates["gates"])
        pairs = zip(shares.get(clean, nothing), shares.get(noise, nothing), strict=True)
        count = events.get(clean, 0) + events.get(noise, 0)
        rows.append((family, str(count), *(f"{percent(a)} / {percent(b)}" for a, b in pairs)))
    return Sheet(
        "Gates alone: opened in time",
        "Share of events, clean / with background, whose segment begins no later than the event, "
        "pre-roll included. A gate that is always open is always in time: see the next table.",
        ("Event", "Events", *gates["gates"]),
        tuple(rows),
    )


def gate_open_sheet(gates: Results) -> Sheet:
    """Share of the time that each gate was open for nothing."""
    rows = [
        (category, *(percent(value) for value in shares))
        for category, shares in gates["open_share"].items()
    ]
    return Sheet(
        "Gates alone: open without an event",
        "Share of the negative streams' time with an open segment, hangover included.",
        ("Background", *gates["gates"]),
        tuple(rows),
    )


def encoders_sheet(encoders: Sequence[Results]) -> Sheet:
    """The encoders without gate, verifier and calibration, one beside the other."""
    rows, snrs = [], list(encoders[0]["snrs"])
    for encoder in encoders:
        cells = [encoder["snrs"][snr] for snr in snrs]
        name = encoder["encoder"]
        for share in cells[0]["missed"]:
            missed = (percent(cell["missed"][share]) for cell in cells)
            rows.append((name, f"missed at {float(share):.1%}", *missed))
        rows.append((name, "right sound", *(percent(cell["nearest_is_own"]) for cell in cells)))
        rows.append((name, "AUC", *(f"{cell['area_under_roc']:.3f}" for cell in cells)))
    return Sheet(
        "Encoders alone",
        f"Events cut out at their known places, {encoders[0]['takes']} takes, cosine to the "
        "nearest. Misses where this share of the negative streams' windows passes, how often the "
        "nearest sound of the library is the right one, area under the ROC curve.",
        ("Encoder", "Figure", *snrs),
        tuple(rows),
    )
