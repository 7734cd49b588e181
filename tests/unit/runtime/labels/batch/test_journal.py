from __future__ import annotations

from pathlib import Path

import pytest

from runtime.labels.batch.job import Parcel, Recording
from runtime.labels.batch.journal import (
    FILE,
    finish,
    opened,
    place,
)
from wakeword.errors import ConfigError

ABOUT = {"folder": "/r", "encoder": "mini", "labels": ["a", "b"], "slices": False}


def _parcel(*names: str) -> Parcel:
    return tuple(Recording(name, 10, 20) for name in names)


def _rows(parcel: Parcel) -> list[dict[str, object]]:
    return [{"path": recording.path, "top": f"is {recording.path}"} for recording in parcel]


FIRST, SECOND = _parcel("a.wav", "b\udcff.wav"), _parcel("c.wav")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A result of which two parcels are done."""
    with opened(tmp_path / "out.csv", ABOUT) as journal:
        for parcel in (SECOND, FIRST):
            journal.add(parcel, _rows(parcel))
    return tmp_path / "out.csv"


def test_rows_in_the_order_asked(out: Path) -> None:
    """What was kept is there after opening again, in any order, names of any bytes included."""
    with opened(out, ABOUT) as journal:
        assert list(journal.rows([*FIRST, *SECOND])) == _rows((*FIRST, *SECOND))
        assert list(journal.rows(SECOND)) == _rows(SECOND)


def test_a_recording_that_changed_is_not_done(out: Path) -> None:
    """One that was written since counts as not heard; heard again, the later row counts."""
    newer = (Recording("c.wav", 10, 21),)
    with opened(out, ABOUT) as journal:
        assert SECOND[0] in journal
        assert newer[0] not in journal
        journal.add(newer, [{"path": "c.wav", "top": "new"}])
    with opened(out, ABOUT) as journal:
        assert newer[0] in journal
        assert list(journal.rows(newer)) == [{"path": "c.wav", "top": "new"}]


def test_a_line_that_a_kill_cut_off(out: Path) -> None:
    """Wherever the last line ends, only its parcel is lost, and the next one is kept whole."""
    path = place(out) / FILE
    content = path.read_bytes()
    start = content.rindex(b"\n", 0, -1) + 1
    for length in (start, start + 1, (start + len(content)) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with opened(out, ABOUT) as journal:
            assert SECOND[0] in journal
            assert not any(recording in journal for recording in FIRST)
            journal.add(FIRST, _rows(FIRST))
            assert list(journal.rows([*SECOND, *FIRST])) == _rows((*SECOND, *FIRST))
        assert path.read_bytes() == content


def test_a_damaged_line_is_heard_again(out: Path) -> None:
    """A line in the middle that is no JSON loses nothing else."""
    path = place(out) / FILE
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"\0\0\n" + b'{"heard": [["x", 1, 2]], "rows": []}\n' + lines[2])
    with opened(out, ABOUT) as journal:
        assert SECOND[0] not in journal
        assert Recording("x", 1, 2) not in journal
        assert FIRST[0] in journal


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["a", "c"]}, r"the labels \(a, b before, a, c now\)"),
        ({"encoder": "clap"}, r"the encoder \(mini before, clap now\)"),
        ({"slices": True}, r"--slices \(False before, True now\)"),
    ],
)
def test_another_question_is_refused(out: Path, change: dict[str, object], message: str) -> None:
    """What was begun otherwise is not mixed with it; the message says what to do."""
    with pytest.raises(ConfigError, match=message) as refused, opened(out, ABOUT | change):
        pass
    assert "--restart" in str(refused.value)
    with opened(out, ABOUT) as journal:
        assert FIRST[0] in journal


def test_restart_forgets(out: Path) -> None:
    """With ``restart`` the new question counts and nothing is done."""
    with opened(out, ABOUT | {"encoder": "clap"}, restart=True) as journal:
        assert FIRST[0] not in journal


def test_what_is_empty_may_change(tmp_path: Path) -> None:
    """While nothing is done, another question needs no word."""
    with opened(tmp_path / "o.csv", ABOUT):
        pass
    with opened(tmp_path / "o.csv", ABOUT | {"encoder": "clap"}) as journal:
        assert FIRST[0] not in journal


def test_damage_at_the_head_is_told(out: Path) -> None:
    """Without knowing the question, what is done cannot be used."""
    path = place(out) / FILE
    path.write_bytes(b"x" + path.read_bytes())
    with pytest.raises(ConfigError, match="damaged; use --restart"), opened(out, ABOUT):
        pass
    path.write_bytes(b'{"version": 99}\n{}\n')
    with pytest.raises(ConfigError, match="another version"), opened(out, ABOUT):
        pass


def test_one_process_at_a_time(out: Path) -> None:
    """The same result cannot be worked on twice at once; the lock goes with its holder."""
    with (
        opened(out, ABOUT),
        pytest.raises(ConfigError, match="another process"),
        opened(out, ABOUT),
    ):
        pass
    finish(out)
    assert not place(out).exists()
