"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from wakebench.misses import EVERYTHING, OWN_THRESHOLD
from wakebench.sheet import Sheet, number, percent
from wakebench.sheets import main_cell, main_takes, sheets

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  color: #1f2933; background: #fff; max-width: 68rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; }
h2 { font-size: 1.08rem; margin: 1.8rem 0 .1rem; break-after: avoid; }
p { margin: .2rem 0 .5rem; max-width: 48rem; }
.tables .note { max-width: 27rem; }
.note, footer, .meta { color: #5b6770; font-size: .86rem; }
.lead { font-size: 1.08rem; margin: .9rem 0; }
.warning { background: #fff6e0; border-left: 4px solid #e6a100; padding: .45rem .8rem; }
table { border-collapse: collapse; font-size: .84rem; margin: .3rem 0 0; }
th, td { padding: .2rem .5rem .2rem 0; text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
th { font-weight: 600; border-bottom: 1.5px solid #9aa5b1; }
th:first-child, td:first-child { text-align: left; padding-right: 1.1rem; }
td { border-bottom: 1px solid #e9edf0; }
tr.first td { border-top: 1px solid #9aa5b1; }
.texts td, .texts th { text-align: left; }
.texts td:last-child, .texts th:last-child { text-align: right; }
.figures { display: grid; grid-template-columns: 1fr 1fr; gap: 1.2rem; margin: 1rem 0; }
.figures svg, .wide svg { width: 100%; height: auto; }
.tables { display: flex; flex-wrap: wrap; gap: 0 3rem; align-items: flex-start; }
.tables section { max-width: 100%; }
section { break-inside: avoid; }
.wide { max-width: 44rem; }
footer { margin-top: 2rem; border-top: 1px solid #d5dbe1; padding-top: .6rem; }
@media screen and (max-width: 50rem) { .figures { grid-template-columns: 1fr; }
  section { overflow-x: auto; } }
@media print { @page { size: A4; margin: 11mm; } :root { font-size: 9pt; }
  body { margin: 0; padding: 0; max-width: none; font-size: 1rem; line-height: 1.35; }
  h1 { font-size: 15pt; } h2 { font-size: 10pt; margin-top: .9rem; } .lead { margin: .4rem 0; }
  p { max-width: none; } table { font-size: 7.2pt; } th, td { padding: .04rem .4rem .04rem 0; }
  .tables { gap: 0 2rem; } .tables .note { max-width: 26rem; } .wide { max-width: 30rem; }
  .figures { margin: .3rem 0; } }
"""


def page(results: dict[str, Any], drawings: Mapping[str, str]) -> str:
    """The whole document.

    Args:
        results: what ``results.json`` holds.
        drawings: ``<svg>`` elements by name, as :mod:`wakebench.plots` names them.
    """
    figures, run = results["figures"], results["run"]
    tables = sheets(results)
    first = [sheet for sheet in tables if sheet.title.startswith("Missed events")]
    rest = [sheet for sheet in tables if sheet not in first]
    curves = "".join(f"<div>{drawings[name]}</div>" for name in ("det_by_snr", "det_by_system"))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Wake-sound benchmark</title><style>{STYLE}</style></head><body>
<h1>Wake-sound benchmark</h1>
<p class="meta">{escape(_what(results))}</p>
{_warnings(results)}
<p class="lead">{escape(_lead(figures))}</p>
{"".join(map(_table, first))}
<section><h2>Misses against false alarms</h2>
<p class="note">Every sound at its own threshold. In the grey part the measured hours allow no
false alarm at all.</p><div class="figures">{curves}</div></section>
<div class="tables">{"".join(map(_table, rest))}</div>
<section><h2>Confusion matrix</h2>
<p class="note">Share of what fired, for everything that was there; sounds sorted by kind.</p>
<div class="wide">{drawings["confusion"]}</div></section>
<footer>{escape(_foot(run))}</footer>
</body></html>
"""


def _table(sheet: Sheet) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in sheet.columns)
    body, before = [], None
    for row in sheet.rows:
        name = row[0] if row[0] != before else ""
        mark = ' class="first"' if name and before is not None and _grouped(sheet) else ""
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in (name, *row[1:]))
        body.append(f"<tr{mark}>{cells}</tr>")
        before = row[0]
    kind = ' class="texts"' if sheet.columns[1] == "Fired" else ""
    return (
        f"<section><h2>{escape(sheet.title)}</h2><p class='note'>{escape(sheet.note)}</p>"
        f"<table{kind}><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></section>"
    )


def _grouped(sheet: Sheet) -> bool:
    names = [row[0] for row in sheet.rows]
    return len(set(names)) < len(names)


def _lead(figures: dict[str, Any]) -> str:
    """The result in two sentences."""
    cell = main_cell(figures)
    table, own = cell["misses"][EVERYTHING], cell["own"]
    snrs = [name for name in table if name not in ("sounds", EVERYTHING)]
    missed = ", ".join(f"{percent(table[snr][OWN_THRESHOLD])} at {snr}" for snr in snrs)
    missed = missed.replace("at clean", "without noise")
    return (
        f"{cell['system']} with {main_takes(figures)} takes of each of {table['sounds']} sounds "
        f"misses {missed}, with the thresholds as enrolled. A device that listens for "
        f"{own['sounds_per_library']:g} of them at once fires falsely "
        f"{number(own['false_alarms_per_hour'][EVERYTHING])} times an hour."
    )


def _what(results: dict[str, Any]) -> str:
    figures, run = results["figures"], results["run"]
    protocol, hours = figures["protocol"], figures["negative_hours"]
    listed = ", ".join(f"{name} {value:.2f} h" for name, value in sorted(hours.items()))
    source = f"split {protocol['split']}" if run["data"] else "synthesised data"
    return f"{run['started']} · {source} · seed {protocol['seed']} · negatives: {listed}"


def _warnings(results: dict[str, Any]) -> str:
    run, split = results["run"], results["figures"]["protocol"]["split"]
    texts = []
    if run["quick"]:
        texts.append("Quick run: few sounds and minutes; good to see that all works.")
    if not run["data"]:
        texts.append("Synthesised sounds only: no statement about real rooms.")
    elif split == "train":
        texts.append("Measured on the train split, to which things may have been fitted.")
    return "".join(f'<p class="warning">{escape(text)}</p>' for text in texts)


def _foot(run: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    return (
        f"Commit {run['commit'] or 'unknown'} · {run['machine']} · {run['jobs']} processes · "
        f"{run['seconds'] / 60:.1f} minutes · {versions}. Protocol: docs/benchmark.md."
    )
