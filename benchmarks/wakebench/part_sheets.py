"""The tables of the engine's parts: gates and encoder alone."""

from __future__ import annotations

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


def encoder_sheet(encoder: Results) -> Sheet:
    """The encoder without the gate."""
    rows = [
        (
            snr,
            percent(row["nearest_is_own"]),
            f"{row['area_under_roc']:.3f}",
            percent(row["missed_at_1_percent"]),
        )
        for snr, row in encoder["snrs"].items()
    ]
    return Sheet(
        f"Encoder alone: {encoder['encoder']}",
        f"Events cut out at their known places, {encoder['takes']} takes, cosine to the nearest: "
        "how often the nearest sound of the library is the right one, area under the ROC curve "
        "against windows of the negative streams, misses where 1% of those pass.",
        ("SNR", "right sound", "AUC", "missed at 1%"),
        tuple(rows),
    )
