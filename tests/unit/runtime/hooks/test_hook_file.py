"""Changing the hooks of a configuration file."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.configuration import ConfigFileError, load
from runtime.configuration.schema import HookTable
from runtime.hooks.errors import HookNotFound
from runtime.hooks.file import HookFile, check
from wakeword.errors import ConfigError

FILE = """\
# My settings. 我的设置
library = "~/sounds"  # where they are

[engine]
patience = 3  # calm

# The phone, since 2025.
[[hooks]]
sounds = "whistle"   # mine
do = "https://example.org/a"
# headers in a table of their own
[hooks.headers]
X-Key = "one"

# Lamp: only in the day.
[[hooks]]
do = "mqtt://home/lamp"
quiet_hours = "22:00-07:00"

# Not yet.
# [[hooks]]
# do = "exec:reboot"

[[hooks]]
do = "https://example.org/c"
[hooks.body]
text = \"\"\"
# not a comment
[[hooks]]
\"\"\"

[listen]  # options
action-timeout = 5
"""


@pytest.fixture
def file(tmp_path: Path) -> HookFile:
    path = tmp_path / "wakesound.toml"
    path.write_text(FILE, encoding="utf-8")
    return HookFile(path)


def _text(file: HookFile) -> str:
    return file.path.read_text(encoding="utf-8")


def _comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


def _does(file: HookFile) -> list[str]:
    return [known.table.do for known in file.read()]


def test_the_hooks_are_read_with_ids_that_follow_from_them(file: HookFile) -> None:
    """Twice the same ids; twins have different ones."""
    first = file.read()
    assert [known.id for known in first] == [known.id for known in file.read()]
    file.add({"do": "https://example.org/c"})
    file.add({"do": "https://example.org/c"})
    ids = [known.id for known in file.read()]
    assert len(set(ids)) == 5
    assert ids[:3] == [known.id for known in first]


def test_a_hook_is_added_behind_the_others_and_nothing_else_changes(file: HookFile) -> None:
    """Every line that was there is there, in its order."""
    id = file.add({"do": "https://example.org/d", "sounds": ["a", "b"], "name": 'new\n"one"'})
    assert file.read()[-1].id == id
    assert file.read()[-1].table.name == 'new\n"one"'
    lines = iter(_text(file).splitlines())
    assert all(line in lines for line in FILE.splitlines())
    assert load(file.path).table.listen == {"action-timeout": 5}


def test_a_hook_is_changed_in_place(file: HookFile) -> None:
    """Its comments stay, also where keys come and go."""
    id = file.read()[0].id

    def change(table: dict[str, Any]) -> dict[str, Any]:
        assert table.pop("headers") == {"X-Key": "one"}
        return {**table, "sounds": ["clap"], "enabled": False, "min_score": 0.5}

    new = file.change(id, change)
    known = file.read()[0]
    assert known.id == new != id
    assert known.table.sounds == ["clap"]
    assert not known.table.enabled
    assert known.table.headers == {}
    text = _text(file)
    for comment in ("The phone", "mine", "我的设置", "Lamp", "Not yet", "not a comment", "options"):
        assert comment in text


def test_keys_are_added_where_sub_tables_follow(file: HookFile) -> None:
    """They belong to the hook, not to the table below it."""
    for number in (0, 2):
        id = file.read()[number].id
        file.change(id, lambda table: {**table, "name": "named", "retries": 0})
    assert [known.table.name for known in file.read()] == ["named", "", "named"]
    assert file.read()[2].table.body == {"text": "# not a comment\n[[hooks]]\n"}
    assert file.read()[0].table.headers == {"X-Key": "one"}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_hook_is_removed_and_comments_stay(file: HookFile, number: int) -> None:
    """Only its own lines go."""
    before = _comments(FILE)
    does = _does(file)
    file.remove(file.read()[number].id)
    del does[number]
    assert _does(file) == does
    own = {0: [" mine", " headers in a table of their own"], 1: [], 2: [" not a comment"]}[number]
    assert _comments(_text(file)) == [comment for comment in before if comment not in own]
    assert load(file.path).table.engine.patience == 3


def test_all_come_and_go(file: HookFile) -> None:
    """The last one too; then one can be added again."""
    for known in file.read():
        file.remove(known.id)
    assert file.read() == []
    file.add({"do": "https://example.org/new"})
    assert _does(file) == ["https://example.org/new"]
    assert load(file.path).table.listen == {"action-timeout": 5}


def test_hooks_in_one_line_are_changed_too(tmp_path: Path) -> None:
    """An array of inline tables is as good."""
    file = HookFile(tmp_path / "wakesound.toml")
    file.path.write_text('hooks = [{do = "https://a.example/1"}] # all\n[engine]\npatience = 1\n')
    second = file.add({"do": "https://a.example/2", "sounds": ["x"]})
    file.change(second, lambda table: {**table, "name": "n"})
    file.remove(file.read()[0].id)
    (known,) = file.read()
    assert (known.table.do, known.table.name) == ("https://a.example/2", "n")
    assert "# all" in _text(file)


def test_a_file_is_made_for_the_first_hook(tmp_path: Path) -> None:
    """It holds the template, and is for its owner only."""
    file = HookFile(tmp_path / "new" / "wakesound.toml")
    assert file.read() == []
    file.add({"do": "https://example.org/secret"})
    assert _does(file) == ["https://example.org/secret"]
    assert "'wakesound config check'" in _text(file)
    if sys.platform != "win32":
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="has no such modes and links")
def test_mode_and_link_stay(tmp_path: Path) -> None:
    """A file that is a link into somebody's dotfiles stays one."""
    real = tmp_path / "dotfiles.toml"
    real.write_text(FILE, encoding="utf-8")
    real.chmod(0o640)
    link = tmp_path / "wakesound.toml"
    link.symlink_to(real)
    HookFile(link).add({"do": "https://example.org/d"})
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "example.org/d" in real.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "table",
    [
        {"do": "nonsense"},
        {"do": "https://example.org", "retries": -1},
        {"do": "mqtt://home/x", "retries": 1},
        {"do": "https://example.org", "message": "no template"},
    ],
)
def test_what_makes_no_sense_is_not_written(file: HookFile, table: dict[str, Any]) -> None:
    """The file is as it was."""
    with pytest.raises(ConfigFileError):
        file.add(table)
    assert _text(file) == FILE


def test_a_broken_file_is_left_alone(file: HookFile) -> None:
    """It says what is wrong with it."""
    file.path.write_text("hooks = [", encoding="utf-8")
    with pytest.raises(ConfigFileError, match="not TOML"):
        file.add({"do": "https://example.org"})
    assert _text(file) == "hooks = ["


def test_a_hook_that_is_gone_is_told(file: HookFile) -> None:
    """An id of before a change means nothing any more."""
    id = file.read()[1].id
    file.change(id, lambda table: {**table, "name": "other"})
    with pytest.raises(HookNotFound):
        file.remove(id)


def test_a_hook_can_be_checked_without_acting() -> None:
    """Its variables must be set and its address must be one."""
    check(HookTable(do="https://example.org/${KEY}"), {"KEY": "x"})
    with pytest.raises(ConfigError, match="KEY"):
        check(HookTable(do="https://example.org/${KEY}"), {})
    with pytest.raises(ConfigError):
        check(HookTable(do="https://"), {})
