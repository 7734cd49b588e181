"""What a run leaves behind: JSON with everything, drawings, a page."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from wakebench.page import page
from wakebench.plots import plots, save, svg
from wakeword.library.storage import explained

SCHEMA = 1
PACKAGES = ("wakesound", "numpy", "faiss-cpu", "onnxruntime", "soxr", "webrtcvad-wheels")


def write_results(results: dict[str, Any], folder: Path) -> None:
    """Write ``results.json``, the drawings as PNG and SVG, and ``report.html``.

    Raises:
        MissingExtra: matplotlib is not installed; ``results.json`` is there all the same.
        LibraryError: the folder cannot be written.
    """
    text = json.dumps({"schema": SCHEMA, **results}, indent=1, allow_nan=False)
    with explained(folder, "write the report to"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "results.json").write_text(text + "\n", encoding="utf-8")
        drawn = plots(results["figures"])
        save(drawn, folder)
        drawings = {name: svg(figure) for name, figure in drawn.items()}
        (folder / "report.html").write_text(page(results, drawings), encoding="utf-8")


def machine() -> str:
    """Processor and system, in a line."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(
            line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
        )
    except (OSError, StopIteration):
        pass
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )


def commit() -> str:
    """The source tree's commit, with ``+`` when files differ from it; empty outside of one."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(Path(__file__).parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + (
            "+" if git("status", "--porcelain") else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return ""


def versions() -> dict[str, str]:
    """Of the packages that figures may depend on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
