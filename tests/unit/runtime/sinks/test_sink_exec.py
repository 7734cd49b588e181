"""Programs and shell commands as actions: real processes."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.sinks.exec import create as program
from runtime.sinks.shell import create as shell
from runtime.sources._portaudio import portaudio
from tests.waiting import wait_until
from wakeword.errors import ConfigError, SinkError
from wakeword.events import WakeEvent
from wakeword.labels.watch import Alert

EVENT = WakeEvent("große Glocke", 0.987, 0.5, 16000, 24000, 16000, source="mic", id="abc")


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # where there is such a thing, it tells of zombies
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_the_command_gets_the_event(tmp_path: Path) -> None:
    """In its environment, and as one line of JSON on its standard input."""
    shell(f"env > {tmp_path}/env; cat > {tmp_path}/stdin", 10)(EVENT)
    variables = dict(
        line.split("=", 1)
        for line in (tmp_path / "env").read_text().splitlines()
        if line.startswith("WAKESOUND_")
    )
    assert {name: variables[f"WAKESOUND_{name}"] for name in ("SOUND", "SCORE", "THRESHOLD")} == {
        "SOUND": "große Glocke",
        "SCORE": "0.987",
        "THRESHOLD": "0.5",
    }
    assert [variables[f"WAKESOUND_{name}"] for name in ("START", "END", "SOURCE", "ID")] == [
        "1.0",
        "1.5",
        "mic",
        "abc",
    ]
    assert (variables["WAKESOUND_PATTERN"], variables["WAKESOUND_NAME"]) == ("", "große Glocke")
    (line,) = (tmp_path / "stdin").read_text().splitlines()
    assert json.loads(line) == EVENT.to_dict()


def test_the_environment_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command sees the user's variables as well."""
    monkeypatch.setenv("LAMP", "kitchen")
    shell(f"echo $LAMP > {tmp_path}/lamp", 10)(EVENT)
    assert (tmp_path / "lamp").read_text() == "kitchen\n"


@pytest.mark.parametrize("make", [program, shell])
def test_the_secrets_of_the_service_are_not(
    make: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its token and its broker's password stay with it; what the user named otherwise does not."""
    script = tmp_path / "tell"
    script.write_text(f"#!/bin/sh\nenv > {tmp_path}/env\n")
    script.chmod(0o755)
    for name in ("WAKESOUND_TOKEN", "WAKESOUND_BROKER", "LAMP_TOKEN", "WAKESOUND_LIBRARY"):
        monkeypatch.setenv(name, "hush")
    make(str(script), 10)(EVENT)  # type: ignore[operator]
    names = {line.partition("=")[0] for line in (tmp_path / "env").read_text().splitlines()}
    assert names & {"WAKESOUND_TOKEN", "WAKESOUND_BROKER"} == set()
    assert {"LAMP_TOKEN", "WAKESOUND_LIBRARY", "WAKESOUND_SOUND"} <= names


def test_what_it_prints_is_not_among_the_events(capfd: pytest.CaptureFixture[str]) -> None:
    """Standard output is for events; a command's output goes to standard error."""
    shell("echo out; echo err >&2", 10)(EVENT)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.split() == ["out", "err"]


def test_what_it_prints_is_printable_and_bounded(capfd: pytest.CaptureFixture[str]) -> None:
    """Line by line; a program that prints without end does not fill a log."""
    shell(r"printf 'one\033[2Jtwo\n\377\n'; printf '%01000d\n' 7", 10)(EVENT)
    lines = capfd.readouterr().err.splitlines()
    assert lines[:2] == ["one [2Jtwo", "\N{REPLACEMENT CHARACTER}"]
    assert len(lines) == 3
    assert len(lines[2]) == 200
    shell("yes | head -c 20000000", 30)(EVENT)
    printed = capfd.readouterr().err
    assert len(printed) < 100_000
    assert "prints more, which is left out" in printed.splitlines()[-1]


def test_a_program_in_the_background_may_go_on_printing(tmp_path: Path) -> None:
    """Its output is read though the hook has ended, so that nothing ends it."""
    shell(f"(sleep 0.5; echo late; echo alive > {tmp_path}/alive) &", 10)(EVENT)
    wait_until((tmp_path / "alive").exists)


def test_failure_is_told() -> None:
    """An exit status, a signal and a missing program each have their words."""
    with pytest.raises(SinkError, match="exit status 3"):
        shell("exit 3", 10)(EVENT)
    with pytest.raises(SinkError, match="SIGUSR1"):
        shell("kill -USR1 $$", 10)(EVENT)
    with pytest.raises(SinkError, match="exit status 127"):
        shell("no-such-program-here 2>/dev/null", 10)(EVENT)
    with pytest.raises(SinkError, match="cannot be started"):
        shell("echo \0", 10)(EVENT)


def test_a_command_that_reads_nothing_is_fine() -> None:
    """Closing its standard input, or leaving it unread, is no failure."""
    shell("exec <&-; true", 10)(EVENT)
    shell("true", 10)(EVENT)


def test_a_timeout_ends_all_it_started(tmp_path: Path) -> None:
    """The shell and its children are gone afterwards, and none is left as a zombie of ours."""
    sink = shell(f"sleep 60 & echo $$ $! > {tmp_path}/pids; wait", 0.3)
    with pytest.raises(TimeoutError, match=r"more than 0\.3 s"):
        sink(EVENT)
    parent, child = map(int, (tmp_path / "pids").read_text().split())
    with pytest.raises(ProcessLookupError):
        os.kill(parent, 0)
    wait_until(lambda: not alive(child))


def test_who_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    """A command that traps SIGTERM lives half a second longer, not for ever."""
    sink = shell(f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 1; done", 0.3)
    with pytest.raises(TimeoutError):
        sink(EVENT)
    assert not alive(int((tmp_path / "pid").read_text()))


def test_what_was_put_in_the_background_stays(tmp_path: Path) -> None:
    """A command may start something that outlives it: a player, a light."""
    shell(f"sleep 60 >/dev/null 2>&1 & echo $! > {tmp_path}/pid", 10)(EVENT)
    pid = int((tmp_path / "pid").read_text())
    assert alive(pid)
    os.kill(pid, 9)


def test_close_ends_what_runs(tmp_path: Path) -> None:
    """From another thread; the call then fails soon, and later calls start nothing."""
    sink = shell(f"echo $$ > {tmp_path}/pid; sleep 60", 60)
    errors: list[BaseException] = []

    def call() -> None:
        try:
            sink(EVENT)
        except SinkError as error:
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    sink.close()
    thread.join(10)
    assert not thread.is_alive()
    assert "SIGTERM" in str(errors[0])
    assert not alive(int((tmp_path / "pid").read_text()))
    with pytest.raises(SinkError, match="has ended"):
        sink(EVENT)
    sink.close()


def test_it_prints_to_the_terminal_while_a_microphone_is_opened(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Stderr is turned away from the terminal then, but not that of a command."""
    with portaudio():
        shell("echo out; echo err >&2", 10)(EVENT)
        assert capfd.readouterr().err.split() == ["out", "err"]
    shell("echo after >&2", 10)(EVENT)
    assert capfd.readouterr().err == "after\n"


def test_a_program_is_run_without_a_shell(tmp_path: Path) -> None:
    """Its words arrive as they are: quotes taken off, nothing expanded but the home folder."""
    recorder = tmp_path / "with space"
    recorder.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/words\ncat > {tmp_path}/in\n')
    recorder.chmod(0o755)
    program(f"'{recorder}' one 'two $HOME' \"thr|ee\" fo\\;ur *? ~/five a=~/b", 10)(EVENT)
    words = (tmp_path / "words").read_text().splitlines()
    home = str(Path.home())
    assert words == ["one", "two $HOME", "thr|ee", "fo;ur", "*?", f"{home}/five", "a=~/b"]
    assert json.loads((tmp_path / "in").read_text()) == EVENT.to_dict()


@pytest.mark.parametrize(
    ("command", "sign"),
    [
        ("echo $WAKESOUND_SOUND", "'$'"),
        ('echo "$WAKESOUND_SOUND"', "'$'"),
        ("echo `date`", "'`'"),
        ("date >> times", "'>'"),
        ("ls | wc", "'|'"),
        ("sleep 1 & date", "'&'"),
        ("date; date", "';'"),
    ],
)
def test_what_needs_a_shell_is_refused(command: str, sign: str) -> None:
    """Instead of handing the program a literal '$X' or '>'; the message has the way out."""
    with pytest.raises(ConfigError) as error:
        program(command, 10)
    assert f"so {sign} means nothing in it" in str(error.value)
    assert f"'shell:{command}'" in str(error.value)


def test_a_program_that_cannot_be_run_is_told_at_once(tmp_path: Path) -> None:
    """When the action is set up, not when the sound is heard."""
    (tmp_path / "script").write_text("")
    with pytest.raises(ConfigError, match="'no-such-program' is not there"):
        program("no-such-program --now", 10)
    with pytest.raises(ConfigError, match=r"may not be executed \(chmod \+x\)"):
        program(f"{tmp_path}/script", 10)
    with pytest.raises(ConfigError, match="No closing quotation"):
        program("echo 'half", 10)


def test_a_pattern_is_in_variables_of_its_own(tmp_path: Path) -> None:
    """The sound stays the sound; the pattern is beside it, and is what the event is called."""
    event = replace(EVENT, sound="clap", pattern="clap x2")
    shell(f'echo "$WAKESOUND_SOUND, $WAKESOUND_PATTERN, $WAKESOUND_NAME" > {tmp_path}/said', 10)(
        event
    )
    assert (tmp_path / "said").read_text() == "clap, clap x2, clap x2\n"


def test_an_alert_has_a_name_too(tmp_path: Path) -> None:
    """So that one script serves sounds and labels."""
    shell(f'echo "$WAKESOUND_NAME" > {tmp_path}/said', 10)(Alert("dog", 0.9, 0.5, 0, 9, 16000))
    assert (tmp_path / "said").read_text() == "dog\n"


def test_every_field_is_a_variable(tmp_path: Path) -> None:
    """Also those that later versions add: the variables are the event's JSON, one by one."""
    shell(f"env > {tmp_path}/env", 10)(EVENT)
    names = {
        line.partition("=")[0].removeprefix("WAKESOUND_").lower()
        for line in (tmp_path / "env").read_text().splitlines()
        if line.startswith("WAKESOUND_")
    }
    assert EVENT.to_dict().keys() <= names
