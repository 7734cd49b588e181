"""The core says what happened, each user interface what to do about it.

No message of the core names a command or an option, and every error class has a row in the table
of every interface.
"""

from __future__ import annotations

import ast
import inspect
import pickle
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import enroll
import wakeword
from enroll.quality import Finding
from runtime.cli import advice as cli
from runtime.services.http import problems as http
from runtime.services.mqtt import problems as mqtt
from wakeword import errors

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.WakesoundError)
]
COMMANDS = re.compile(r"--[a-z]|wakesound ")
TABLES: dict[str, Mapping[type[errors.WakesoundError], object]] = {
    "command line": cli.ADVICE,
    "HTTP": http.ROWS,
    "MQTT": mqtt.ADVICE,
}
FINDING = Finding("too_like", False, "the sound is too like 'bell'", {"sound": "bell"})
EXAMPLES: dict[type[errors.WakesoundError], tuple[object, ...]] = {
    errors.AudioTooLong: ("the recording is longer than the 300 s that are read", 300.0),
    errors.RecordingTooLong: (600.0, 300.0, "long.wav"),
    errors.EnrollmentStopped: ([FINDING],),
    errors.LastTake: ("bell",),
    errors.TooManyTakes: ("bell", 50),
    errors.NotEnrolled: ("bell", ["clap"]),
    errors.SoundNotFound: ("bell", ["clap"]),
    errors.SoundExists: ("bell",),
    errors.WordsExist: ("bell", "a bell rings"),
    errors.SoundChanged: ("bell",),
    errors.EncoderMismatch: (Path("sounds"), "mini", "mini-3", "logmel-1"),
    errors.ReindexInterrupted: (Path("sounds"), "mini", "mini-3", "logmel-1"),
    errors.EncoderUnknown: (Path("library.json"), "is missing"),
    errors.SoundDamaged: ("sound.json", "is damaged"),
    errors.VectorsDamaged: (),
    errors.ModelNotFound: ("someone/model",),
    errors.ModelDamaged: ("mini.onnx", "is missing", "mini"),
    errors.DeviceUnavailable: ("cuda", "torch finds no device 'cuda'"),
    errors.UnknownLabel: ("zzz", ["buzz"]),
    errors.WordsNotKnown: ("bell", "mini-3", "no such label"),
    errors.SilentSource: ("mic", 10.0),
    errors.DeadSource: ("mic",),
    errors.InvalidValue: ("threshold", 5.0, "input should be less than 2"),
    errors.NoTextEncoder: ("logmel-1",),
    errors.NoLabels: (),
    errors.NoBackground: (),
    errors.MissingExtra: ("the clap encoder", "clap"),
}


def example(kind: type[errors.WakesoundError]) -> errors.WakesoundError:
    """An error of that class."""
    return kind(*EXAMPLES.get(kind, ("what happened",)))


def strings(package: str) -> Iterator[tuple[str, str]]:
    """Every string literal of a package, docstrings too, and where it is."""
    for path in sorted(Path(package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{path.name}:{node.lineno}", node.value


@pytest.mark.parametrize("package", [wakeword, enroll], ids=["wakeword", "enroll"])
def test_the_core_names_no_command(package: object) -> None:
    """It is used from Python, HTTP and MQTT as well."""
    (folder,) = package.__path__  # type: ignore[attr-defined]
    found = list(strings(folder))
    assert len(found) > 500
    assert [where for where, text in found if COMMANDS.search(text)] == []


def test_every_error_is_in_the_tree() -> None:
    """The drawing at the top of the file is complete."""
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or "")) | {"WakesoundError"}
    assert {kind.__name__ for kind in CLASSES} == drawn


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_has_a_row(table: str, kind: type[errors.WakesoundError]) -> None:
    """A new class is a decision in every interface."""
    assert kind in TABLES[table]


@pytest.mark.parametrize("kind", CLASSES)
def test_each_interface_speaks_its_own_words(kind: type[errors.WakesoundError]) -> None:
    """All keep the message; HTTP and MQTT never name a command, the command line no JSON."""
    error = example(kind)
    told = cli.explained(error)
    answered = http.refusal_of(error).detail
    logged = mqtt.explained(error)
    for text in (told, answered, logged):
        assert str(error) in text
        assert "\n" not in text
    assert not COMMANDS.search(answered + logged)
    assert '": ' not in told


@pytest.mark.parametrize("kind", CLASSES)
def test_errors_survive_pickling(kind: type[errors.WakesoundError]) -> None:
    """Workers of a batch send them to another process, attributes and all."""
    error = example(kind)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert vars(again).keys() == vars(error).keys()


@pytest.mark.parametrize(
    ("finding", "told", "answered"),
    [
        (FINDING, "use --replace to redo 'bell'", "send \"replace\": true to redo 'bell'"),
        (
            Finding("missed", False, "take 2 would be missed", {"budget_per_hour": 2.5}),
            "allow more false alarms with --budget 2.5",
            'allow more false alarms with "budget_per_hour": 2.5',
        ),
    ],
)
def test_findings_are_explained_too(finding: Finding, told: str, answered: str) -> None:
    """By their code and values, in the words of each interface."""
    assert cli.finding_text(finding) == f"{finding.message}; or {told}"
    (model,) = http.finding_models([finding])
    assert model.message == f"{finding.message}; or {answered}"
    assert not cli.finding_advice(Finding("quiet", True, "too quiet"))
