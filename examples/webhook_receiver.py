"""Receives signed webhooks: checks that they are genuine, fresh, and not a repetition.

    WAKESOUND_SECRET=... python examples/webhook_receiver.py [PORT]

and in wakesound.toml

    [[hooks]]
    do = "http://127.0.0.1:8099/"
    secret_env = "WAKESOUND_SECRET"
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import sys
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ.get("WAKESOUND_SECRET", "").encode()
OLDEST_SECONDS = 300
LARGEST_BYTES = 100_000
seen: deque[str] = deque(maxlen=1000)
"""Events that were received lately."""


def genuine(timestamp: str, signature: str, body: bytes) -> bool:
    """Whether whoever sent this knows the secret, and sent it just now."""
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > OLDEST_SECONDS:
        return False
    digest = hmac.new(SECRET, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={digest}".encode(), signature.encode())


class Receiver(BaseHTTPRequestHandler):
    """One request."""

    def do_POST(self) -> None:
        """Take an event."""
        length = int(self.headers.get("Content-Length", "0"))
        if length > LARGEST_BYTES:
            return self._answer(413)
        body = self.rfile.read(length)
        timestamp = self.headers.get("X-Wakesound-Timestamp", "")
        if not genuine(timestamp, self.headers.get("X-Wakesound-Signature", ""), body):
            return self._answer(403)
        event = json.loads(body)
        if event["id"] not in seen:  # else the sender did not get our answer, and tried again
            seen.append(event["id"])
            print(f"{event['sound']} ({event['score']:.2f}) from {event['source']}", flush=True)
        return self._answer(204)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Stay silent."""


if __name__ == "__main__":
    if not SECRET:
        sys.exit("Set WAKESOUND_SECRET to what the sender has too.")
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8099
    with ThreadingHTTPServer(("127.0.0.1", port), Receiver) as server:
        print(f"waiting at http://127.0.0.1:{server.server_address[1]}/", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
