"""History and clips under clocks that jump."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from runtime.history.clips import ClipLimits, ClipStore
from runtime.history.feedback import find_event
from runtime.history.steady import LONGEST_STEP_SECONDS, NAME, SteadyClock
from runtime.history.store import History, HistoryConfig, HistoryEntry
from wakeword.testing import noise

DAY = 86400.0
START = 1_800_000_000.0


class Wall:
    """The system's clock."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def entry(number: int, wall: float) -> HistoryEntry:
    return HistoryEntry(
        id=f"{number:016x}",
        kind="wake",
        time=datetime.fromtimestamp(wall, timezone.utc),
        sound=f"sound {number}",
        score=0.9,
        threshold=0.5,
        take="",
        why="fired",
        gate="band",
        source="mic",
        start_seconds=0.0,
        end_seconds=1.0,
        encoder_id="tone-1",
        dim=1,
        scores=(),
    )


class Kept:
    """A history under a clock that is set by hand."""

    def __init__(self, folder: Path, **config: float) -> None:
        self.wall = Wall()
        bounds = HistoryConfig(**config)  # type: ignore[arg-type]
        self.history = History(folder, bounds, wall=self.wall)
        self._count = 0

    def put(self) -> None:
        self._count += 1
        self.history.put(entry(self._count, self.wall.now))

    def sounds(self) -> list[int]:
        return [int(found.sound.removeprefix("sound ")) for found in self.history.entries()]


def test_last_is_what_was_written_last(tmp_path: Path) -> None:
    """Set back two hours, the newest wake is still the newest: feedback is about that."""
    kept = Kept(tmp_path / "history")
    kept.put()
    kept.wall.now -= 7200
    kept.put()
    assert kept.sounds() == [2, 1]
    assert find_event(kept.history, "last").sound == "sound 2"


@pytest.mark.parametrize("jump_days", [40, 4000, -40, -4000])
def test_a_jump_and_back_forgets_nothing(tmp_path: Path, jump_days: int) -> None:
    """A month ahead for one wake, years ahead or back, again and again: all records stay."""
    kept = Kept(tmp_path / "history", longest_days=30)
    for _ in range(25):
        kept.put()
        kept.wall.now += jump_days * DAY
        kept.put()
        kept.wall.now -= jump_days * DAY
        kept.wall.now += 60
    assert kept.sounds() == list(range(50, 0, -1))


def test_time_that_passes_is_noticed(tmp_path: Path) -> None:
    """Looked at each hour, records of a month ago are forgotten, and not before."""
    kept = Kept(tmp_path / "history", longest_days=30)
    kept.put()
    for _ in range(30 * 24 - 1):
        kept.wall.now += 3600
        kept.history.trim()
    assert kept.sounds() == [1]
    kept.wall.now += 2 * 3600
    kept.history.trim()
    assert kept.sounds() == []


def test_the_newest_stays_after_a_jump_back(tmp_path: Path) -> None:
    """Where there may be no more, the first written goes, whatever their times say."""
    kept = Kept(tmp_path / "history", most_entries=2)
    for _ in range(4):
        kept.put()
        kept.wall.now -= 5 * DAY
    assert kept.sounds() == [4, 3]


def test_a_record_that_is_written_anew_keeps_its_place(tmp_path: Path) -> None:
    """A wake is written twice when more of it is heard."""
    kept = Kept(tmp_path / "history")
    kept.put()
    kept.put()
    kept.history.put(entry(1, kept.wall.now))
    assert kept.sounds() == [2, 1]


def test_a_clock_whose_state_is_lost_goes_on(tmp_path: Path) -> None:
    """From the times of what is there, and no more than a step beyond the newest of them."""
    wall = Wall()
    clock = SteadyClock(tmp_path, wall)
    first = clock.now()
    assert clock.now() == first + 1
    for damage in (b"", b"[]", b'{"steady": 1e999, "wall": 0, "owed": 0}'):
        (tmp_path / NAME).write_bytes(damage)
        assert clock.now([START]) / 1e6 == pytest.approx(START)
    (tmp_path / NAME).unlink()
    wall.now += 4000 * DAY
    assert clock.now([START]) / 1e6 == pytest.approx(START + LONGEST_STEP_SECONDS)


def test_clips_survive_any_clock(tmp_path: Path) -> None:
    """The same for recordings of alerts."""
    wall = Wall()
    store = ClipStore(tmp_path, ClipLimits(days=30.0), clock=wall)

    def write() -> str:
        path = store.promise("glass", wall.now)
        store.write(path, noise(0.1), 16_000, {})
        return path.name

    names = [write()]
    for jump in (40 * DAY, -40 * DAY, -7200.0, 4000 * DAY):
        wall.now += jump
        names.append(write())
    assert [path.name for path in store.clips()] == names
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0
