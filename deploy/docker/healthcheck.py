#!/usr/bin/env python3
"""Whether the service in this container answers: the exit status is 0 or 1.

    wakesound-health [ADDRESS...]

ADDRESS is ``tcp://HOST:PORT`` of the Wyoming service or ``http://HOST:PORT/health`` of the
HTTP service; without any, ``WAKESOUND_HEALTH`` holds them, and without that it is the Wyoming
service's usual one. ``none`` is always well: what listens to a microphone ends when it fails.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.request
from urllib.parse import urlsplit

SECONDS = 4
DEFAULT = "tcp://127.0.0.1:10400"


def describe(host: str, port: int) -> None:
    """Ask a Wyoming service what it can do.

    Raises:
        OSError: it is not there.
        ValueError: it does not answer as it should.
    """
    with socket.create_connection((host, port), SECONDS) as connection:
        connection.settimeout(SECONDS)
        connection.sendall(b'{"type": "describe"}\n')
        with connection.makefile("rb") as answers:
            if json.loads(answers.readline())["type"] != "info":
                raise ValueError("it did not describe itself")


def check(address: str) -> None:
    """Raise an OSError or a ValueError when nobody answers there as one should."""
    parts = urlsplit(address)
    if address == "none":
        return
    if parts.scheme == "tcp":
        describe(parts.hostname or "127.0.0.1", parts.port or 10400)
    elif parts.scheme == "http":
        urllib.request.urlopen(address, timeout=SECONDS).close()
    else:
        raise ValueError("an address begins with tcp:// or http://")


def main() -> int:
    """Check all addresses."""
    addresses = sys.argv[1:] or os.environ.get("WAKESOUND_HEALTH", DEFAULT).split()
    for address in addresses:
        try:
            check(address)
        except (OSError, ValueError, LookupError, TypeError) as error:
            print(f"{address}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
