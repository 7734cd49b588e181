from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration file; its path."""

    def written(text: str) -> str:
        (tmp_path / "my.toml").write_text(text)
        return str(tmp_path / "my.toml")

    return written


@pytest.fixture
def stream(recordings: Path) -> str:
    """A recording with the whistle at 3 and 14 seconds and the knock at 8."""
    return f"file:{recordings / 'stream.wav'}"


def test_check_finds_everything_at_once(wakesound, write: Write) -> None:
    """One problem a line, each with its place; status 2."""
    path = write("[engine]\npatiance = 2\n\n[[hooks]]\nmin_score = 2\n")
    result = wakesound("config", "check", path)
    assert result.status == 2
    assert result.err == ""
    assert result.out.splitlines() == [
        f"{path}:2: engine.patiance is not a setting; did you mean 'patience'?",
        f"{path}:4: hooks #1: do is missing",
        f"{path}:5: hooks #1: min_score must be at most 1, not 2",
    ]


def test_check_sets_actions_up(wakesound, write: Write) -> None:
    """What only shows then is told too: programs, modules, addresses; disabled ones are not."""
    path = write(
        "[[hooks]]\ndo = 'exec:no-such-program'\n"
        "[[hooks]]\ndo = 'py:no_such_module:f'\n"
        "[[hooks]]\ndo = 'https://example.org/'\ntemplate = 'ntfy'\n"
        "[[hooks]]\ndo = 'exec:no-such-program'\nenabled = false\n"
    )
    result = wakesound("config", "check", path)
    assert result.status == 2
    first, second, third = result.out.splitlines()
    assert first.startswith(
        f"{path}:2: hooks #1: do is wrong: 'exec:no-such-program' cannot be run"
    )
    assert "there is no module 'no_such_module'" in second
    assert f"{path}:6: " in third
    assert "https://ntfy.sh/my-topic" in third


def test_check_knows_the_commands_options(wakesound, write: Write) -> None:
    """A table named like a command holds its options, and nothing else."""
    path = write("[listen]\naction_timeout = 0\njsn = true\nrealtime = 'yes'\nlibrary = 'x'\n")
    result = wakesound("config", "check", path)
    assert result.status == 2
    one, two, three, four = result.out.splitlines()
    assert one.startswith(f"{path}:2: listen.action_timeout is wrong: 0")
    assert (
        two == f"{path}:3: listen.jsn is not an option of 'wakesound listen'; did you mean 'json'?"
    )
    assert three == f"{path}:4: listen.realtime must be true or false, not 'yes'"
    assert four.startswith(f"{path}:5: listen.library is not an option of 'wakesound listen'")


def test_check_warns_of_what_is_missing_here(
    wakesound, library: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that is not set and a sound that is not enrolled may be elsewhere; status 0."""
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    path = write(
        "[[hooks]]\ndo = 'https://example.org/${NO_SUCH_TOKEN}'\n"
        "[[hooks]]\ndo = 'log:'\nsounds = ['Whistle', 'moo']\n"
    )
    result = wakesound("config", "check", path)
    assert result.status == 0
    assert result.out.splitlines() == [
        f"{path}:1: hooks #1 needs NO_SUCH_TOKEN, which is not set here (warning)",
        f"{path}:5: hooks #2: sounds names 'moo', which is not enrolled (warning)",
        f"{path}: in order; 2 hooks.",
    ]


def test_init_writes_a_file_once(
    wakesound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is looked for, with its folders; one that exists is not touched."""
    monkeypatch.delenv("WAKESOUND_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    missing = wakesound("config", "check")
    assert missing.status == 2
    assert "'wakesound config init' writes one" in missing.err
    written = wakesound("config", "init")
    assert written.status == 0
    path = Path(written.out.removeprefix("Written: ").strip())
    assert path.is_file()
    assert wakesound("config", "check").out == f"{path}: in order; 0 hooks.\n"
    path.write_text("library = 'mine'")
    again = wakesound("config", "init")
    assert again.status == 2
    assert "already exists" in again.err
    assert path.read_text() == "library = 'mine'"


def test_listen_does_as_the_file_says(
    wakesound, library: Path, stream: str, tmp_path: Path, write: Write
) -> None:
    """Source, engine, options of its own and hooks come from the file."""
    path = write(
        f"sources = '{stream}'\n[engine]\nthreshold_offset = -0.05\n"
        "[listen]\njson = true\n"
        f"[[hooks]]\nsounds = 'Knock'\ndo = 'json:{tmp_path}/knocks'\n"
        f"[[hooks]]\ndo = 'json:{tmp_path}/sure'\nmin_score = 1.0\n"
        f"[[hooks]]\ndo = 'json:{tmp_path}/all-day'\nquiet_hours = '00:00-24:00'\n"
    )
    result = wakesound("listen", "--config", path)
    assert result.status == 0
    *wakes, end = [json.loads(line) for line in result.out.splitlines()]
    assert [wake["sound"] for wake in wakes] == ["whistle", "knock", "whistle"]
    assert end["event"] == "end"
    knocks = [json.loads(line) for line in (tmp_path / "knocks").read_text().splitlines()]
    assert [knock["sound"] for knock in knocks] == ["knock"]
    assert (tmp_path / "sure").read_text() == ""
    assert (tmp_path / "all-day").read_text() == ""


def test_the_command_line_wins(
    wakesound, library: Path, stream: str, tmp_path: Path, write: Write
) -> None:
    """Over the file's value for the same option; --on comes on top of its hooks."""
    path = write(
        "sources = 'file:/nonexistent.wav'\n[engine]\nthreshold_offset = 0.9\n"
        f"[[hooks]]\ndo = 'json:{tmp_path}/file'\n"
    )
    options = ("--source", stream, "--threshold-offset=-0.05", "--json")
    result = wakesound("listen", "--config", path, *options, "--on", f"*=json:{tmp_path}/line")
    assert result.status == 0
    for name in ("file", "line"):
        assert len((tmp_path / name).read_text().splitlines()) == 3


def test_the_file_may_be_named_before_the_command_or_by_the_environment(
    wakesound, library: Path, stream: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three ways to name it; the one behind the command counts most."""
    path = write(
        f"sources = '{stream}'\n[engine]\nthreshold_offset = -0.05\n[listen]\njson = true\n"
    )
    wakes = wakesound("--config", path, "listen").out
    assert len(wakes.splitlines()) == 4
    monkeypatch.setenv("WAKESOUND_CONFIG", path)
    assert wakesound("listen").out == wakes
    assert "no such file" in wakesound("--config", path, "listen", "--config", "no.toml").err


def test_the_files_library_counts_for_all_commands(
    wakesound, library: Path, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Unless the environment or the command line says otherwise."""
    path = write("library = 'library'\n")
    monkeypatch.setenv("WAKESOUND_CONFIG", path)
    monkeypatch.delenv("WAKESOUND_LIBRARY")
    assert "whistle" in wakesound("sounds").out
    monkeypatch.setenv("WAKESOUND_LIBRARY", str(tmp_path / "empty"))
    assert "whistle" not in wakesound("sounds").out
    assert "whistle" in wakesound("sounds", "--library", str(library)).out


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[hooks]]\ndo = 'log:'\nsounds = 'moo'", "there is no sound 'moo'"),
        (
            "[[hooks]]\ndo = 'https://x/${NO_SUCH_TOKEN}'",
            "variable NO_SUCH_TOKEN, which is not set",
        ),
        ("[listen]\nspeed = 3", "my.toml:2: listen.speed is not an option"),
        ("oops", "my.toml:1: this is not TOML"),
    ],
)
def test_a_bad_file_is_one_line(
    wakesound, library: Path, stream: str, write: Write, text: str, problem: str
) -> None:
    """Before anything is heard."""
    result = wakesound("listen", "--source", stream, "--config", write(text))
    assert result.status == 2
    assert problem in result.err
    assert result.err.count("\n") == 1
    assert result.out == ""


def test_services_have_their_tables(wakesound, write: Write) -> None:
    """Each service's options can stand in the file, and are checked as listen's are."""
    path = write(
        "[mqtt]\nbroker = 'mqtt://host'\nlisten = ['mic:A', 'mic:B']\n"
        "[serve]\nport = 7861\n[wyoming]\nzeroconf = true\n"
    )
    assert wakesound("config", "check", path).out == f"{path}: in order; 0 hooks.\n"
    path = write("[serve]\nport = 99999\n[wyoming]\nzeroconf = 'yes'\n[mqtt]\nbrokr = ''\n")
    result = wakesound("config", "check", path)
    assert result.status == 2
    assert [line.split()[0] for line in result.out.splitlines()] == [
        f"{path}:2:",
        f"{path}:4:",
        f"{path}:6:",
    ]


def test_a_template_of_any_length_is_a_problem(wakesound, tmp_path: Path) -> None:
    """A file of an earlier version may hold one: check names its line."""
    path = tmp_path / "wakesound.toml"
    path.write_text(
        '[[hooks]]\ndo = "https://example.org"\ntemplate = "wecom"\nmessage = "{score:10000000f}"\n'
    )
    result = wakesound("config", "check", str(path))
    assert result.status == 2
    assert f"{path}:4: hooks #1: message is wrong" in result.out
