"""What every sink promises. Sinks are found by walking the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.hooks.dispatch import Dispatcher
from tests.contract.recipes import make_sink
from wakeword.errors import SinkError
from wakeword.events import WakeEvent
from wakeword.protocols import Sink, plugin_names

NAMES = plugin_names("runtime.sinks")
EVENT = WakeEvent("große Glocke", 0.9, 0.5, 16000, 24000, 16000, source="mic", id="abc")
CANNOT_SUCCEED = {"https", "mqtts"}
"""Those for which there is no server here."""
CANNOT_FAIL = {"log"}
KEEPS_ITS_OWN_ERRORS = {"py"}
"""What a user's function raises is passed on as it is."""


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts that follow a failure come at once."""
    monkeypatch.setattr("runtime.sinks.http.FIRST_DELAY_SECONDS", 0.0)


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_the_seam_and_has_a_name(name: str, tmp_path: Path) -> None:
    """It can be called and says in words what it does, without what may be a secret."""
    with make_sink(name, tmp_path, good=True) as sink:
        assert isinstance(sink, Sink)
        assert str(sink).startswith(f"{name}:")
        assert "secret" not in str(sink)


@pytest.mark.parametrize("name", sorted({*NAMES} - CANNOT_SUCCEED))
def test_it_takes_events(name: str, tmp_path: Path) -> None:
    """One after the other, without an error."""
    with make_sink(name, tmp_path, good=True) as sink:
        sink(EVENT)
        sink(EVENT)


@pytest.mark.parametrize("name", sorted({*NAMES} - CANNOT_FAIL))
def test_it_fails_in_words(name: str, tmp_path: Path) -> None:
    """What may go wrong is a SinkError or a TimeoutError, and the next event is tried again."""
    expected = ValueError if name in KEEPS_ITS_OWN_ERRORS else (SinkError, TimeoutError)
    with make_sink(name, tmp_path, good=False) as sink:
        for _ in range(2):
            with pytest.raises(expected) as error:
                sink(EVENT)
            assert "secret" not in str(error.value)


@pytest.mark.parametrize("name", NAMES)
def test_closing_is_harmless(name: str, tmp_path: Path) -> None:
    """Before any event, and twice; not every sink has something to close."""
    with make_sink(name, tmp_path, good=True) as sink:
        close = getattr(sink, "close", None)
        if close is not None:
            close()
            close()


@pytest.mark.parametrize("name", sorted({*NAMES} - CANNOT_FAIL))
def test_no_failure_reaches_the_listening(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the dispatcher every failure is a count."""
    with make_sink(name, tmp_path, good=False) as sink:
        monkeypatch.setattr("runtime.hooks.dispatch.open_sink", lambda uri, timeout_seconds: sink)
        dispatcher = Dispatcher()
        dispatcher.add("*", f"{name}:", 5)
        dispatcher.dispatch(EVENT, patient=False)
        dispatcher.finish()
        assert dispatcher.wait(20)
        (stats,) = dispatcher.stats()
        dispatcher.close()
    assert (stats.called, stats.failed + stats.timed_out) == (1, 1)
