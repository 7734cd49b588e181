"""``http://...``: post each event as JSON to a web address."""

from __future__ import annotations

import httpx

from wakeword.errors import ConfigError, SinkError
from wakeword.events import WakeEvent

CONNECT_ATTEMPTS = 2


class HttpSink:
    """A webhook. A connection that cannot be made is tried once more.

    Args:
        url: where to post.
        timeout_seconds: how long the answer may take; a connection must stand in a quarter
            of that.

    Raises:
        ConfigError: the URL is not one that can be posted to.
    """

    def __init__(self, url: str, timeout_seconds: float) -> None:
        try:
            self._url = httpx.URL(url)
        except (httpx.InvalidURL, TypeError) as error:
            raise ConfigError(f"{url!r} is not a web address: {error}") from None
        if not self._url.host:
            raise ConfigError(f"{url!r} names no host; e.g. http://192.168.1.5:8123/api/webhook/x")
        if self._url.port is not None and not 0 < self._url.port < 65536:
            raise ConfigError(f"{url!r} has no port that exists; ports are 1 to 65535")
        self._timeout = timeout_seconds
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(retries=CONNECT_ATTEMPTS - 1),
            timeout=httpx.Timeout(timeout_seconds, connect=timeout_seconds / 4),
        )

    def __str__(self) -> str:
        """Scheme and host alone: the path of a webhook often is its password."""
        return f"{self._url.scheme}://{self._url.netloc.decode('ascii')}"

    def __call__(self, event: WakeEvent) -> None:
        """Post the event.

        Raises:
            TimeoutError: no answer in time.
            SinkError: no connection, or an answer other than success (2xx).
        """
        try:
            response = self._client.post(self._url, json=event.to_dict())
        except httpx.TimeoutException as error:
            raise TimeoutError(f"{self} did not answer within {self._timeout:g} s") from error
        except httpx.HTTPError as error:
            raise SinkError(f"{self} cannot be reached: {error}") from error
        if not response.is_success:
            raise SinkError(f"{self} answered {response.status_code} {response.reason_phrase}")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def create(rest: str, timeout_seconds: float) -> HttpSink:
    """A sink that posts to ``http:`` and ``rest``."""
    return HttpSink(f"http:{rest}", timeout_seconds)
