"""``http://...``: post each event to a web address, as JSON or in another form.

Each message names its event in ``X-Wakesound-Event`` and ``Idempotency-Key``. Every attempt to
deliver it says the same there, so a receiver that got it twice can tell.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx

from runtime.foreign import printable
from runtime.sinks._messages import EventMessage, Message, Post, check_headers, signed_headers
from wakeword import __version__
from wakeword.errors import ConfigError, SinkError, WakesoundError
from wakeword.events import WakeEvent

RETRIES = 2
"""Further attempts after one that failed."""
FIRST_DELAY_SECONDS = 0.5
"""Before the second attempt; each further delay is twice as long."""
LONGEST_DELAY_SECONDS = 30.0
"""No delay is longer, whatever the server asks for."""
_EXAMPLE = WakeEvent("sound", 0.9, 0.5, 0, 16000, 16000)
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which it may go better the next time."""


class HttpSink:
    """A webhook.

    Args:
        url: where to post.
        timeout_seconds: how long the answer to one attempt may take; a connection must stand
            in a quarter of that.
        message: what to post; the event itself by default.
        secret: signs each message; empty for none.
        headers: sent along.
        retries: further attempts when there was no answer, or one that is worth it.
        now: tells the local time.

    Raises:
        ConfigError: the URL is not one that can be posted to, with this message or at all;
            or a header is not one.
    """

    def __init__(
        self,
        url: str,
        timeout_seconds: float,
        *,
        message: Message | None = None,
        secret: str = "",
        headers: Mapping[str, str] | None = None,
        retries: int = RETRIES,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._url = _checked(url)
        self._check_headers(headers or {})
        self._message = message or EventMessage()
        self._secret = secret
        self._timeout = timeout_seconds
        self._retries = retries
        self._now = now
        self._closed = threading.Event()
        self._message.compose(str(self._url), _EXAMPLE, now())  # what is wrong with it shows now
        try:
            self._client = httpx.Client(
                transport=httpx.HTTPTransport(),
                timeout=httpx.Timeout(timeout_seconds, connect=timeout_seconds / 4),
                headers={"User-Agent": f"wakesound/{__version__}", **(headers or {})},
            )
        except (TypeError, ValueError, UnicodeError) as error:
            raise ConfigError(f"{self} cannot have these headers: {error}") from None
        self.longest_seconds = timeout_seconds + retries * (timeout_seconds + LONGEST_DELAY_SECONDS)

    def __str__(self) -> str:
        """Scheme and host alone: the path of a webhook often is its password."""
        return f"{self._url.scheme}://{self._url.netloc.decode('ascii')}"

    def __call__(self, event: WakeEvent) -> None:
        """Post the event, and try again when that may help.

        Raises:
            TimeoutError: no answer in time.
            SinkError: no connection, or an answer other than success (2xx).
        """
        delay = FIRST_DELAY_SECONDS
        for left in range(self._retries, -1, -1):
            failure = self._attempt(event)
            if failure is None:
                return
            if not (left and failure.again):
                raise failure.error
            self._pause(min(max(delay, failure.wait_seconds), LONGEST_DELAY_SECONDS))
            delay *= 2

    def close(self) -> None:
        """Close the connection, and try no more."""
        self._closed.set()
        self._client.close()

    def _check_headers(self, headers: Mapping[str, str]) -> None:
        """Make sure that headers can be sent; later the library would tell, and quote them.

        Raises:
            ConfigError: they cannot.
        """
        try:
            check_headers(headers)
        except ConfigError as error:
            raise ConfigError(f"{self} {error}") from None

    def _attempt(self, event: WakeEvent) -> _Failure | None:
        """Post it once."""
        if self._closed.is_set():
            return _Failure(SinkError(f"{self} was not called: listening has ended"))
        now = self._now()
        post = self._message.compose(str(self._url), event, now)
        try:
            response = self._client.post(
                post.url, content=post.body, headers=self._headers(post, event, now)
            )
        except httpx.TimeoutException:
            late = TimeoutError(f"{self} did not answer within {self._timeout:g} s")
            return _Failure(late, again=True)
        except httpx.HTTPError as error:
            return _Failure(SinkError(f"{self} cannot be reached: {printable(error)}"), again=True)
        return self._judged(response)

    def _headers(self, post: Post, event: WakeEvent, now: datetime) -> dict[str, str]:
        headers = {"Content-Type": post.content_type}
        if event.id:
            headers |= {"X-Wakesound-Event": event.id, "Idempotency-Key": event.id}
        if self._secret:
            headers |= signed_headers(self._secret, post.body, int(now.timestamp()))
        return headers

    def _judged(self, response: httpx.Response) -> _Failure | None:
        """What is wrong with an answer."""
        status = response.status_code
        if not response.is_success:
            reason = printable(response.reason_phrase)
            error = SinkError(f"{self} answered {status} {reason}".rstrip())
            return _Failure(error, again=status in AGAIN, wait_seconds=_asked(response))
        refusal = self._message.refusal(response.content)
        if refusal is None:
            return None
        return _Failure(SinkError(f"{self} refused it: {refusal.reason}"), again=refusal.again)

    def _pause(self, seconds: float) -> None:
        """Wait before the next attempt.

        Raises:
            SinkError: it was closed meanwhile.
        """
        if self._closed.wait(seconds):
            raise SinkError(f"{self} was given up: listening has ended")


class _Failure:
    """An attempt that failed."""

    def __init__(
        self,
        error: WakesoundError | TimeoutError,
        *,
        again: bool = False,
        wait_seconds: float = 0.0,
    ) -> None:
        self.error = error
        self.again = again
        self.wait_seconds = wait_seconds


def _checked(url: str) -> httpx.URL:
    """The address, taken apart.

    Raises:
        ConfigError: it is none. It is not quoted, as there may be a secret in it; neither is the
            reason of the library, which quotes.
    """
    scheme = url.partition(":")[0]
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        raise ConfigError(
            f"what follows {scheme}: is not a web address; it takes //HOST:PORT/PATH without "
            "blanks, line breaks and other such characters"
        ) from None
    if not parts.host:
        raise ConfigError(
            f"what follows {scheme}: names no host; e.g. http://192.168.1.5:8123/api/webhook/x"
        )
    if parts.port is not None and not 0 < parts.port < 65536:
        raise ConfigError(f"{scheme}://{parts.host} has no port that exists; ports are 1 to 65535")
    return parts


def _asked(response: httpx.Response) -> float:
    """How long the server asks us to wait, in seconds; dates are not read."""
    try:
        return max(0.0, float(response.headers.get("Retry-After", "0")))
    except ValueError:
        return 0.0


def create(rest: str, timeout_seconds: float, **settings: Any) -> HttpSink:
    """A sink that posts to ``http:`` and ``rest``; the settings are those of :class:`HttpSink`."""
    return HttpSink(f"http:{rest}", timeout_seconds, **settings)
