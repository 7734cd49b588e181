#!/usr/bin/env python3
"""What the add-on does: enroll what is new, then serve until it is told to stop.

The options are in ``/data/options.json``. Folders of recordings in the add-on's own folder
(``sounds/NAME/*.wav``) become sounds. The Wyoming service always runs and is announced to Home
Assistant; with ``mqtt`` the microphone is listened to as well. When one of them ends, so does
the add-on, and the supervisor starts it again.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

OPTIONS = Path(os.environ.get("WAKESOUND_ADDON_OPTIONS", "/data/options.json"))
SOUNDS = Path(os.environ.get("WAKESOUND_ADDON_SOUNDS", "/config/sounds"))
SUPERVISOR = os.environ.get("WAKESOUND_ADDON_SUPERVISOR", "http://supervisor")
PORT = int(os.environ.get("WAKESOUND_ADDON_PORT", "10400"))
AUDIO = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff"}
VERBOSE = {"warning": [], "info": ["-v"], "debug": ["-vv"]}
GRACE_SECONDS = 8
DEVICE = "wakesound-addon"
"""Names the device at the broker, since the name of a container changes."""


def say(text: str) -> None:
    """Write to the add-on's log."""
    print(f"add-on: {text}", flush=True)


def wakesound(*arguments: str) -> list[str]:
    """A call of the command line."""
    return [sys.executable, "-m", "runtime", *arguments]


def supervisor(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask the supervisor.

    Raises:
        OSError: it does not answer, or refuses.
    """
    request = urllib.request.Request(
        f"{SUPERVISOR}{path}",
        None if body is None else json.dumps(body).encode(),
        {
            "Authorization": f"Bearer {os.environ.get('SUPERVISOR_TOKEN', '')}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        data: dict[str, Any] = json.load(answer).get("data") or {}
        return data


def enrolled() -> set[str]:
    """Names of the sounds there are, in small letters."""
    listed = subprocess.run(wakesound("sounds", "--json"), capture_output=True, check=True)
    return {sound["name"].casefold() for sound in json.loads(listed.stdout)["sounds"]}


def enroll(budget: float) -> None:
    """Make a sound of every folder of recordings that is not one yet."""
    if not SOUNDS.is_dir():
        say(f"put recordings into {SOUNDS}/NAME/ and start again to enroll them")
        return
    known = enrolled()
    for folder in sorted(path for path in SOUNDS.iterdir() if path.is_dir()):
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in AUDIO)
        if folder.name.casefold() in known or not files:
            continue
        say(f"enrolling {folder.name} from {len(files)} files")
        names = [str(path) for path in files]
        words = wakesound("enroll", "--budget", str(budget), "--", folder.name, *names)
        if subprocess.run(words, check=False).returncode:
            say(f"{folder.name} was not enrolled; the line above says why")


def broker(options: dict[str, Any]) -> str | None:
    """The broker's address: as the options say, or the one Home Assistant has."""
    if options.get("broker"):
        return str(options["broker"])
    try:
        found = supervisor("/services/mqtt")
    except (OSError, ValueError) as error:
        say(f"Home Assistant names no MQTT broker ({error}); install one, or set 'broker'")
        return None
    scheme = "mqtts" if found.get("ssl") else "mqtt"
    user, password = (quote(str(found.get(key, "")), safe="") for key in ("username", "password"))
    return f"{scheme}://{user}:{password}@{found['host']}:{found['port']}"


def announce() -> None:
    """Offer the wake words to Home Assistant."""
    uri = f"tcp://{socket.gethostname()}:{PORT}"
    try:
        supervisor("/discovery", {"service": "wyoming", "config": {"uri": uri}})
    except (OSError, ValueError) as error:
        say(f"could not be announced ({error}); add the Wyoming integration with {uri} by hand")
    else:
        say(f"announced to Home Assistant as {uri}")


def start(options: dict[str, Any]) -> list[subprocess.Popen[bytes]]:
    """Start what the options ask for."""
    shared = VERBOSE.get(options.get("log_level", "warning"), [])
    offset = str(options.get("threshold_offset", 0.0))
    uri = f"tcp://0.0.0.0:{PORT}"
    serve = wakesound("wyoming", "--uri", uri, "--threshold-offset", offset, *shared)
    processes = [subprocess.Popen(serve)]
    listen = bool(options.get("mqtt"))
    if listen and not enrolled():  # it would end at once, and the add-on with it
        say("there are no sounds yet, so the microphone is left alone; enroll one and start again")
        listen = False
    address = broker(options) if listen else None
    if address:
        name = str(options.get("device_name") or "Wakesound")
        source = f"mic:{options['microphone']}" if options.get("microphone") else "mic"
        words = wakesound("mqtt", "--source", source, "--id", DEVICE, "--name", name, *shared)
        environment = {**os.environ, "WAKESOUND_BROKER": address}  # not in the list of processes
        processes.append(subprocess.Popen(words, env=environment))
    return processes


def wait(processes: list[subprocess.Popen[bytes]]) -> int:
    """Until one ends or we are told to stop; then end the others. The exit status."""
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: stopped.append(got))
    while not stopped and all(process.poll() is None for process in processes):
        time.sleep(0.2)
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
    return 0 if stopped else 1


def main() -> int:
    """Run the add-on."""
    options = json.loads(OPTIONS.read_text())
    enroll(float(options.get("budget", 0.5)))
    processes = start(options)
    announce()
    return wait(processes)


if __name__ == "__main__":
    sys.exit(main())
