"""The configuration file: what it gives, and how it tells what is wrong."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from runtime import configuration
from runtime.configuration import ConfigFileError, load
from runtime.configuration.schema import COMMANDS, EngineTable, FileTable, HookTable
from runtime.hooks.hook import enabled_hooks
from runtime.sinks import open_sink
from runtime.sinks._messages import BodyMessage, FeishuMessage, NtfyMessage, WecomMessage
from wakeword.engine import EngineConfig
from wakeword.errors import ConfigError
from wakeword.events import WakeEvent
from wakeword.scoring.decision import TriggerConfig

Write = Callable[[str], Path]
EVENT = WakeEvent("bell", 0.8, 0.5, 16000, 24000, 16000, source="mic:Hall", id="abc")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file; its path."""

    def written(text: str) -> Path:
        path = tmp_path / "wakesound.toml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return written


def problems(path: Path) -> list[str]:
    """What is wrong, without the file's name."""
    with pytest.raises(ConfigFileError) as error:
        load(path)
    assert str(error.value).startswith(f"{path}:")
    return [str(problem).removeprefix(f"{path}:") for problem in error.value.problems]


def test_everything_has_a_default(write: Write) -> None:
    """An empty file is a file."""
    read = load(write(""))
    assert (read.library, read.encoder, read.sources) == (None, None, ("mic",))
    assert read.engine_config() == EngineConfig()
    assert enabled_hooks(read) == ()


def test_what_the_file_says_is_used(write: Write, tmp_path: Path) -> None:
    """Sources, library, encoder and the engine's settings."""
    read = load(
        write(
            """
            library = "sounds"
            encoder = "logmel"
            sources = ["mic:Kitchen", "mic:Hall"]

            [engine]
            gate = "union"
            patience = 3
            refractory_seconds = 2
            threshold_offset = -0.1
            """
        )
    )
    assert read.library == tmp_path / "sounds"
    assert read.encoder == "logmel"
    assert read.sources == ("mic:Kitchen", "mic:Hall")
    assert read.engine_config() == EngineConfig(
        gate="union", trigger=TriggerConfig(3, 2.0), threshold_offset=-0.1
    )


@pytest.mark.parametrize(
    ("library", "where"), [("/srv/x", Path("/srv/x")), ("~/x", Path.home() / "x")]
)
def test_a_whole_path_stays(write: Write, library: str, where: Path) -> None:
    """Only a relative one is beside the file."""
    assert load(write(f'library = "{library}"')).library == where


def test_a_hook_has_its_conditions(write: Write) -> None:
    """Score, source and quiet hours decide together with the sound."""
    configuration = load(
        write(
            """
            [[hooks]]
            name = "bell push"
            do = "log:"
            sounds = "bell"
            min_score = 0.75
            sources = "mic:Hall"
            quiet_hours = ["22:00-07:00", "12:00-13:00"]
            timeout_seconds = 3
            concurrency = 4
            """
        )
    )
    (hook,) = enabled_hooks(configuration)
    assert (hook.name, hook.sounds, hook.action.uri) == ("bell push", ("bell",), "log:")
    assert (hook.timeout_seconds, hook.concurrency) == (3.0, 4)
    assert (hook.conditions.min_score, hook.conditions.sources) == (0.75, ("mic:Hall",))
    assert [str(hours) for hours in hook.conditions.quiet] == ["22:00-07:00", "12:00-13:00"]
    assert hook.conditions.clock == datetime.now


def test_a_hook_can_be_switched_off(write: Write) -> None:
    """It is checked all the same, but not used."""
    text = '[[hooks]]\ndo = "log:"\nenabled = false\n'
    assert enabled_hooks(load(write(text))) == ()
    assert problems(write(text + "min_score = 3")) == [
        "4: hooks #1: min_score must be at most 1, not 3"
    ]


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ('template = "wecom"', WecomMessage),
        ('template = "feishu"\nmessage = "{sound}!"', FeishuMessage),
        ('template = "ntfy"\npriority = 5\ntags = "dog"\ntitle = "x"', NtfyMessage),
        ('body = "text {sound}"', BodyMessage),
        ('body = { say = "{sound}", n = 1 }', BodyMessage),
    ],
)
def test_a_webhook_has_its_form(write: Write, lines: str, kind: type) -> None:
    """A template for a messenger, or a body of one's own; each can be set up."""
    (hook,) = enabled_hooks(load(write(f'[[hooks]]\ndo = "https://example.org/x"\n{lines}\n')))
    assert isinstance(hook.action.settings["message"], kind)
    open_sink(hook.action).close()  # type: ignore[attr-defined]


def test_secrets_come_from_the_environment(write: Write) -> None:
    """In the address, in headers and for the signature; Feishu's goes into its message."""
    read = load(
        write(
            """
            [[hooks]]
            do = "https://example.org/${TOKEN}"
            secret_env = "SIGN"
            headers = { Authorization = "Bearer ${TOKEN}" }

            [[hooks]]
            do = "https://example.org/x"
            template = "feishu"
            secret_env = "SIGN"
            """
        )
    )
    plain, feishu = enabled_hooks(read, {"TOKEN": "t", "SIGN": "s"})
    assert plain.action.uri == "https://example.org/t"
    assert plain.action.settings["headers"] == {"Authorization": "Bearer t"}
    assert plain.action.settings["secret"] == "s"
    assert feishu.action.settings["secret"] == ""
    with pytest.raises(ConfigFileError) as error:
        enabled_hooks(read, {"TOKEN": "t", "SIGN": ""})
    assert [(p.line, p.text) for p in error.value.problems] == [
        (2, "hooks #1 needs the environment variable SIGN, which is not set"),
        (7, "hooks #2 needs the environment variable SIGN, which is not set"),
    ]


@pytest.mark.parametrize(
    ("do", "secret"),
    [
        ("https://example.org/${KEY}", "s3cret\nagain"),
        ("https://me:${KEY}@example.org/hook", "s3c/ret"),
        ("https:${KEY}", "/s3cret"),
        ("https://example.org:${KEY}/", "53cret"),
        ("mqtt://me:${KEY}@host/topic", "s3c/ret"),
        ("mqtt://host/${KEY}", "s3cret/#"),
        ("mqtt://host/${KEY}", "$s3cret"),
    ],
)
def test_a_bad_address_does_not_tell_its_secret(write: Write, do: str, secret: str) -> None:
    """What a variable held is in no message, also where it spoils the address."""
    environment = {"KEY": secret}
    (hook,) = enabled_hooks(load(write(f"[[hooks]]\ndo = '{do}'")), environment)
    with pytest.raises(ConfigError) as told:
        open_sink(hook.action)
    assert told.value.__cause__ is None
    assert not any(part in str(told.value) for part in ("3cret", "s3c", "again"))


def test_a_bad_header_does_not_tell_its_secret(write: Write) -> None:
    """A line break at its end, as a file with a password has, is told before anything is sent."""
    path = write("[[hooks]]\ndo = 'https://example.org'\nheaders = { Authorization = '${KEY}' }")
    (hook,) = enabled_hooks(load(path), {"KEY": "Bearer s3cret\n"})
    with pytest.raises(ConfigError, match="the header Authorization") as told:
        open_sink(hook.action)
    assert "s3cret" not in str(told.value)


def test_a_command_keeps_its_dollars(write: Write) -> None:
    """For commands the shell fills in variables, when they run."""
    (hook,) = enabled_hooks(load(write("[[hooks]]\ndo = 'shell:echo ${WAKESOUND_SOUND}'")), {})
    assert hook.action.uri == "shell:echo ${WAKESOUND_SOUND}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("librarie = 'x'", "1: librarie is not a setting; did you mean 'library'?"),
        (
            "[engine]\n\npatiance = 2",
            "3: engine.patiance is not a setting; did you mean 'patience'?",
        ),
        ("[engine]\npatience = 0", "2: engine.patience must be at least 1, not 0"),
        ("[engine]\npatience = 2.5", "2: engine.patience must be a whole number, not 2.5"),
        ("[engine]\npatience = '2'", "2: engine.patience must be a whole number, not '2'"),
        (
            "[engine]\nthreshold_offset = nan",
            "2: engine.threshold_offset must be a finite number, not nan",
        ),
        (
            "[engine]\ndevice = 'tpu'",
            "2: engine.device must be one of 'cpu', 'cuda' or 'mps', not 'tpu'",
        ),
        ("library = 3", "1: library must be a text in quotation marks, not 3"),
        ("sources = []", "1: sources must be a list that is not empty, not a list"),
        ("engine = 3", "1: engine must be a table, not 3"),
        ("[hooks]\ndo = 'log:'", "1: hooks must be a list, not a table"),
        ("\n[[hooks]]\nsounds = 'x'", "2: hooks #1: do is missing"),
        (
            "[[hooks]]\ndo = 'log:'\n[[hooks]]\ndo = 'log:'\nquiet = '1'",
            "5: hooks #2: quiet is not a setting; did you mean 'quiet_hours'?",
        ),
        (
            "[[hooks]]\ndo = 'log:'\nquiet_hours = '10pm-7am'",
            "3: hooks #1: quiet_hours #1 is wrong: quiet hours look like '22:00-07:00', not",
        ),
        (
            "[[hooks]]\ndo = 'https://x/'\ntemplate = 'fieshu'",
            "3: hooks #1: template must be one of 'event', 'wecom', 'feishu' or 'ntfy', not",
        ),
        (
            "[[hooks]]\ndo = 'log:'\nretries = 3",
            "3: hooks #1: retries is for webhooks (http: and https:) only",
        ),
        (
            "[[hooks]]\ndo = 'https://x/'\nmessage = 'x'",
            "3: hooks #1: message needs a template that uses it: wecom, feishu, ntfy",
        ),
        (
            "[[hooks]]\ndo = 'https://x/'\ntemplate = 'ntfy'\nbody = 'x'",
            "4: hooks #1: body and 'template' exclude each other",
        ),
        (
            "[[hooks]]\ndo = 'log:'\nenabled = 1",
            "3: hooks #1: enabled must be true or false, not 1",
        ),
        ("a = 1\n\nb = = 2", "3: this is not TOML: invalid value"),
        ("a = 'half", "1: this is not TOML: "),
        ("a = 1\na = 2", "2: this is not TOML: cannot overwrite a value"),
    ],
)
def test_what_is_wrong_has_a_line_and_a_way_out(write: Write, text: str, told: str) -> None:
    """File, line, key, what is wrong and what would be right."""
    (problem,) = problems(write(text))
    assert problem.startswith(told)


def test_unknown_gates_actions_and_places_list_what_there_is(write: Write) -> None:
    """What is a plug-in or a field is asked there, and may be more tomorrow."""
    found = problems(
        write(
            "[engine]\ngate = 'door'\n"
            "[[hooks]]\ndo = 'mail:x'\n"
            "[[hooks]]\ndo = 'https://x/'\nbody = '{soudn}'"
        )
    )
    assert re.match(r"2: engine.gate is wrong: there is no gate 'door'; known: band", found[0])
    assert re.match(r"4: hooks #1: do is wrong: 'mail' is no action; .*exec:, http:", found[1])
    assert "7: hooks #2: body is wrong: {soudn}" in found[2]


def test_all_problems_are_found_at_once(write: Write) -> None:
    """In the order of the file; the one line for other commands is the first and a count."""
    path = write("libary = 'x'\n[engine]\npatience = 0\n[[hooks]]\nmin_score = 2\n")
    assert [line.partition(":")[0] for line in problems(path)] == ["1", "3", "4", "5"]
    with pytest.raises(
        ConfigFileError, match=r"libary is .* \(and 3 more: run 'wakesound config check'\)"
    ):
        load(path)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Missing, a folder, or not text."""
    with pytest.raises(ConfigFileError, match="there is no such file; 'wakesound config init'"):
        load(tmp_path / "missing.toml")
    with pytest.raises(ConfigFileError, match="cannot be read"):
        load(tmp_path)
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigFileError, match="is not text in UTF-8"):
        load(tmp_path / "x.toml")


def test_the_template_is_in_order(tmp_path: Path) -> None:
    """As it is, and with everything in it switched on: then it names every default rightly."""
    text = configuration.template()
    path = tmp_path / "wakesound.toml"
    path.write_text(text)
    assert load(path).table == FileTable(engine=EngineTable())
    on = re.sub(r"^# (?=[\w-]+ = |\[\[)", "", text, flags=re.MULTILINE)
    path.write_text(on)
    read = load(path)
    assert read.engine_config() == EngineConfig()
    assert len(enabled_hooks(read, {"NTFY_TOPIC": "x"})) == 2
    assert read.table.engine == EngineTable()
    assert read.table.engine.model_fields_set == set(EngineTable.model_fields)


def test_the_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable first, then the platform's place, if there is a file; empty means none."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("WAKESOUND_CONFIG", raising=False)
    assert configuration.find() is None
    default = configuration.default_path()
    default.parent.mkdir(parents=True, exist_ok=True)
    default.write_text("")
    assert configuration.find() == default
    monkeypatch.setenv("WAKESOUND_CONFIG", "~/other.toml")
    assert configuration.find() == Path.home() / "other.toml"
    monkeypatch.setenv("WAKESOUND_CONFIG", "")
    assert configuration.find() is None


def test_every_setting_is_documented() -> None:
    """The page names each key of the file."""
    page = (Path(__file__).parents[4] / "docs" / "config.md").read_text()
    for model in (FileTable, EngineTable, HookTable):
        for key in model.model_fields.keys() - set(COMMANDS) - {"engine", "hooks"}:
            assert f"| `{key}` |" in page, key
    for name in COMMANDS:
        assert f"`[{name}]`" in page


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('template = "wecom"\nmessage = "{score:10000000f}"', "message is wrong"),
        ('template = "ntfy"\ntitle = "{time:%10000000d}"', "title is wrong"),
        ('body = { a = ["{name:10000000}"] }', "body is wrong"),
        ('headers = { Transfer-Encoding = "chunked" }', "headers are wrong"),
        ('headers = { X = "a\\r\\nY: b" }', "headers are wrong"),
    ],
)
def test_a_hook_of_an_earlier_version_that_must_not_run_is_off(
    line: str, says: str, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """The file is read, the other hooks work, and a warning names the line."""
    path = write(f'[[hooks]]\ndo = "log:"\n[[hooks]]\ndo = "https://example.org"\n{line}\n')
    read = load(path)
    (problem,) = read.hazards.values()
    assert str(problem).startswith(f"{path}:{3 + len(line.splitlines()) + 1}: hooks #2: {says}")
    (hook,) = enabled_hooks(read)
    assert hook.action.uri == "log:"
    (warning,) = caplog.messages
    assert warning == f"{problem}; this hook is off"
