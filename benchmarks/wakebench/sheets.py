"""The tables of a report, as plain text cells: the terminal and the page show the same ones."""

from __future__ import annotations

from typing import Any

from wakebench.misses import EVERYTHING, OWN_THRESHOLD, TARGETS
from wakebench.part_sheets import encoders_sheet, gate_events_sheet, gate_open_sheet
from wakebench.sheet import Sheet, number, percent

Results = dict[str, Any]
MOST_ROWS = 10


def sheets(results: Results) -> list[Sheet]:
    """All tables that the results can fill, the most important first."""
    figures = results["figures"]
    found = [
        *(misses_sheet(figures, made) for made in _made(figures)),
        device_sheet(figures),
        takes_sheet(figures),
        *(family_sheet(figures, made) for made in _made(figures)),
        gate_events_sheet(figures["gates"]),
        gate_open_sheet(figures["gates"]),
        encoders_sheet(figures["encoders"]),
        confusions_sheet(figures),
        triggers_sheet(figures),
    ]
    return [sheet for sheet in found if sheet.rows]


def main_takes(figures: Results) -> int:
    """The number of takes that most tables are about: three, as users are told to enroll."""
    enrolled = figures["protocol"]["enrolled"]
    return 3 if 3 in enrolled else int(max(enrolled))


def cells(figures: Results, **wanted: object) -> list[Results]:
    """The cells with these values."""
    return [c for c in figures["cells"] if all(c[key] == value for key, value in wanted.items())]


def main_cell(figures: Results, *, made: bool | None = None) -> Results:
    """The engine with the usual number of takes, on recordings where there are any."""
    made = _made(figures)[0] if made is None else made
    return cells(figures, made=made, takes=main_takes(figures))[0]


def misses_sheet(figures: Results, made: bool) -> Sheet:
    """Misses of every system by SNR and threshold."""
    rows = []
    for cell in cells(figures, made=made, takes=main_takes(figures)):
        names = [f"{target:g}" for target in TARGETS]
        for name in [*names, *([OWN_THRESHOLD] if cell["calibrates"] else [])]:
            at = "own threshold" if name == OWN_THRESHOLD else f"≤ {name} /h"
            table = cell["misses"][EVERYTHING]
            row = [percent(table[snr][name]) for snr in _snrs(figures)]
            low, high = table[EVERYTHING][f"{name} interval"]
            whole = f"{percent(table[EVERYTHING][name])} ({percent(low)} to {percent(high)})"
            rows.append((cell["system"], at, *row, whole))
    count = main_cell(figures, made=made)["misses"][EVERYTHING]["sounds"]
    return Sheet(
        f"Missed events, {_sort(made)} sounds",
        f"Share of events that were not heard; {count} sounds, {main_takes(figures)} takes "
        "enrolled. Rows: false alarms per hour that each sound may cause at most, then the "
        "thresholds as enrolled. In brackets: 95% interval over sounds.",
        ("System", "False alarms", *_snrs(figures), "all"),
        tuple(rows),
    )


def device_sheet(figures: Results) -> Sheet:
    """What a device does at the thresholds that it set itself."""
    kinds = sorted(figures["negative_hours"])
    rows = []
    for cell in cells(figures, takes=main_takes(figures), calibrates=True):
        own = cell["own"]
        rates = own["false_alarms_per_hour"]
        low, high = rates["interval"]
        late = own["latency_seconds"]
        rows.append(
            (
                cell["system"],
                _sort(cell["made"]),
                *(number(rates[kind]) for kind in kinds),
                f"{number(rates[EVERYTHING])} ({number(low)} to {number(high)})",
                number(own["confusions_per_100_events"]),
                f"{number(late['median'])} / {number(late['95%'])}",
            )
        )
    size = main_cell(figures)["own"]["sounds_per_library"]
    hours = sum(figures["negative_hours"].values())
    return Sheet(
        "A device with the thresholds as enrolled",
        f"False alarms per hour by kind of background, {size:g} sounds listened for at once, "
        f"{hours:.1f} hours; wrong sounds per 100 events; seconds from the end of an event to "
        "the firing (median / 95%).",
        ("System", "sounds", *kinds, "all", "confusions", "latency"),
        tuple(rows),
    )


def takes_sheet(figures: Results) -> Sheet:
    """How much more takes help, on the same sounds."""
    made, rows, sounds = _made(figures)[0], [], 0
    system = main_cell(figures)["system"]
    for cell in cells(figures, made=made, system=system):
        table = cell["misses"]["most takes"]
        sounds = table["sounds"]
        for name, at in (("0.5", "≤ 0.5 /h"), (OWN_THRESHOLD, "own threshold")):
            row = [percent(table[snr][name]) for snr in (*_snrs(figures), EVERYTHING)]
            rows.append((str(cell["takes"]), at, *row))
    return Sheet(
        "More takes",
        f"Missed events of {system} on the {sounds} sounds that have takes enough for every row.",
        ("Takes", "False alarms", *_snrs(figures), "all"),
        tuple(rows) if sounds else (),
    )


def family_sheet(figures: Results, made: bool) -> Sheet:
    """Misses by kind of sound."""
    cell = main_cell(figures, made=made)
    rows = []
    for family, table in sorted(cell["misses"].items()):
        if family not in (EVERYTHING, "most takes"):
            row = [percent(table[snr]["0.5"]) for snr in (*_snrs(figures), EVERYTHING)]
            own = percent(table[EVERYTHING][OWN_THRESHOLD])
            rows.append((family, str(table["sounds"]), *row, own))
    return Sheet(
        f"By kind of sound, {_sort(made)}",
        f"Missed events of {cell['system']} with {main_takes(figures)} takes at 0.5 false alarms "
        "per hour and sound; last column: all SNRs at the thresholds as enrolled.",
        ("Kind", "Sounds", *_snrs(figures), "all", "own"),
        tuple(rows),
    )


def confusions_sheet(figures: Results) -> Sheet:
    """Which sounds are taken for which."""
    table = main_cell(figures)["confusion"]
    pairs = [
        (count, there, fired)
        for there, row in zip(table["names"], table["counts"], strict=False)
        for fired, count in zip(table["names"], row, strict=False)
        if count and there != fired
    ]
    top = sorted(pairs, key=lambda pair: (-pair[0], pair[1:]))[:MOST_ROWS]
    return Sheet(
        "Most frequent confusions",
        "At the thresholds as enrolled, all SNRs together.",
        ("Was there", "Fired", "Times"),
        tuple((there, fired, str(count)) for count, there, fired in top),
    )


def triggers_sheet(figures: Results) -> Sheet:
    """What makes false alarms."""
    top = main_cell(figures)["own"]["triggers"][:MOST_ROWS]
    return Sheet(
        "Most frequent causes of false alarms",
        "At the thresholds as enrolled: label of the background and the sound that fired.",
        ("Background", "Fired", "Times"),
        tuple((row["background"], row["sound"], str(row["count"])) for row in top),
    )


def _made(figures: Results) -> list[bool]:
    return sorted({cell["made"] for cell in figures["cells"]})


def _sort(made: bool) -> str:
    return "synthesised" if made else "recorded"


def _snrs(figures: Results) -> list[str]:
    snrs = figures["protocol"]["snrs_db"]
    return [snr if isinstance(snr, str) else f"{snr:g} dB" for snr in snrs]
