"""Threads that do not lose their errors."""

from __future__ import annotations

import pytest

from runtime.threads import Worker


def test_the_error_is_carried(caplog: pytest.LogCaptureFixture) -> None:
    """To whoever said that they would look; it is their business to log it."""
    error = ValueError("oops")

    def fail() -> None:
        raise error

    worker = Worker("worker", fail, carry=True)
    worker.start()
    worker.join()
    assert worker.error is error
    assert caplog.records == []


def test_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Where nobody looks, the log has it with its traceback."""
    worker = Worker("keeper", lambda: 1 // 0)
    worker.start()
    worker.join()
    assert "the thread keeper failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_no_error_is_none() -> None:
    """And it never holds up the end of the program."""
    worker = Worker("worker", lambda: 1)
    worker.start()
    worker.join()
    assert worker.error is None
    assert worker.daemon
