"""Lines of JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.sinks import open_sink
from wakeword.errors import SinkError
from wakeword.events import WakeEvent

EVENT = WakeEvent("große Glocke", 0.9, 0.5, 0, 1600, 16000)


def test_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each event, at once."""
    sink = open_sink("json:")
    sink(EVENT)
    sink(EVENT)
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [EVENT.to_dict()] * 2


def test_to_the_end_of_a_file(tmp_path: Path) -> None:
    """What was in the file stays."""
    path = tmp_path / "events.jsonl"
    path.write_text("first\n")
    open_sink(f"json:{path}")(EVENT)
    open_sink(f"json:{path}")(EVENT)
    first, *lines = path.read_text().splitlines()
    assert first == "first"
    assert [json.loads(line) for line in lines] == [EVENT.to_dict()] * 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told() -> None:
    """A line that cannot be written is an error with the reason."""
    sink = open_sink("json:/dev/full")
    with pytest.raises(SinkError, match="No space left"):
        sink(EVENT)
