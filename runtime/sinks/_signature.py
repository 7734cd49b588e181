"""Signatures, by which a receiver knows that a message is genuine and fresh."""

from __future__ import annotations

import base64
import hashlib
import hmac

TIMESTAMP_HEADER = "X-Wakesound-Timestamp"
SIGNATURE_HEADER = "X-Wakesound-Signature"


def signed_headers(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers that go with a signed body.

    Args:
        secret: what sender and receiver know.
        body: what is sent, byte for byte.
        timestamp: when, in seconds since 1970. It is signed too, so that the receiver can
            refuse what is old.
    """
    message = b"%d." % timestamp + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return {TIMESTAMP_HEADER: str(timestamp), SIGNATURE_HEADER: f"sha256={digest}"}


def feishu_sign(secret: str, timestamp: int) -> str:
    """The signature that a Feishu robot asks for: the secret is in the key, nothing is signed."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
