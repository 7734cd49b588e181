"""Options that belong together, handed to a command as one object.

What all commands share: which library, which encoder, how talkative.

The options of every command that hears something: what, how, and until when.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from runtime.configuration import Configuration
    from runtime.history.store import History
    from wakeword.library.library import SoundLibrary
    from wakeword.protocols import Encoder


Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Decorator = Callable[[Any], Any]


def gathered(argument: str, kind: type[Any], *options: Decorator) -> Callable[[Decorated], Any]:
    """Give a command these options; their values reach it as one dataclass.

    Args:
        argument: the command's argument that gets the object.
        kind: the dataclass; its fields are called like the options' parameters.
        options: from ``click.option``, in the order of the help.
    """
    names = [field.name for field in dataclasses.fields(kind)]

    def decorate(function: Decorated) -> Any:
        @functools.wraps(function)
        def called(*positional: Any, **values: Any) -> Any:
            values[argument] = kind(**{name: values.pop(name) for name in names})
            return function(*positional, **values)

        decorated: Any = called
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


OWN_LOGGERS = ("wakeword", "enroll", "runtime", "wakebench")
QUIET_LOGGERS = ("httpx", "httpcore", "uvicorn")
"""They log whole addresses and headers: the path of a webhook often is its password, and a
WebSocket's address or header holds the token."""


@dataclass
class Settings:
    """The shared options, as ``ctx.obj``; each may stand before or after the command."""

    library: Path | None = None
    """The library's folder; None means the platform's place for data."""
    encoder: str | None = None
    """The encoder's name; None means the library's own."""
    verbose: int = 0
    """How often ``--verbose`` was given."""
    config: Path | None = None
    """The configuration file; None means the one that counts when none is named."""
    _loaded: tuple[Path | None, Configuration | None] | None = field(default=None, repr=False)
    history: Path | None = None
    """The folder with the history; None means the library's own place for it."""
    no_history: bool = False
    """Whether nothing is remembered of what is heard."""
    keep_audio: bool = False
    """Whether the history keeps audio."""
    keep_speech: bool = False
    """Whether it keeps audio also where somebody seems to speak."""
    no_drift: bool = False
    """Whether the sounds stay as they are, whatever becomes of the room."""

    @property
    def folder(self) -> Path:
        """The library's folder: as the command line, the environment or the file says."""
        from runtime.configuration.paths import LIBRARY_VARIABLE, default_library

        if self.library is None and not os.environ.get(LIBRARY_VARIABLE):
            configuration = self.configuration()
            if configuration is not None and configuration.library is not None:
                return configuration.library
        return (self.library or default_library()).expanduser()

    def configuration(self) -> Configuration | None:
        """What the configuration file says; None when there is none.

        Raises:
            ConfigFileError: the file cannot be used.
        """
        from runtime import configuration

        path = self.config or configuration.find()
        if self._loaded is None or self._loaded[0] != path:
            self._loaded = path, configuration.load(path) if path else None
        return self._loaded[1]

    def open_library(self) -> SoundLibrary:
        """The library, which may be empty."""
        from wakeword.library.library import SoundLibrary

        return SoundLibrary(self.folder)

    def open_history(self) -> History:
        """The history of what was heard for the library, which may be empty."""
        from runtime.configuration.paths import default_history
        from runtime.history.store import History, HistoryConfig

        config = HistoryConfig(
            keep_audio=self.keep_audio or self.keep_speech, keep_speech=self.keep_speech
        )
        return History((self.history or default_history(self.folder)).expanduser(), config)

    def wanted_history(self) -> History | None:
        """Where a command that listens remembers what it hears; None after ``--no-history``."""
        return None if self.no_history else self.open_history()

    def encoder_spec(self, library: SoundLibrary) -> str:
        """The encoder that was asked for, or the file's, the library's or the default.

        Raises:
            LibraryCorrupt: ``library.json`` is damaged.
        """
        from runtime.models.encoder import encoder_name

        configuration = self.configuration()
        return encoder_name(
            library, self.encoder or (configuration.encoder if configuration else None)
        )

    def open_encoder(self, library: SoundLibrary) -> tuple[Encoder, str]:
        """Load the encoder of :meth:`encoder_spec`; with the name to remember it by.

        Raises:
            WakesoundError: it does not exist or cannot be loaded.
        """
        from runtime.models.encoder import LibraryEncoder

        made = LibraryEncoder(library, self.encoder_spec(library))
        return made(), made.spec  # with a folder's whole path


class FiniteRange(click.FloatRange):
    """A float in a range that is neither infinite nor NaN, which no comparison keeps out."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the number; click tells what is wrong with it."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number

    def _describe_range(self) -> str:
        """What the help shows; nothing where any number will do."""
        return "" if self.min is None and self.max is None else super()._describe_range()


PERIODS_HOURS = {"hour": 1.0, "day": 24.0, "week": 168.0, "month": 730.0}


class Budget(FiniteRange):
    """A rate of false wakes: ``1/day``, ``1/week``; a plain number is per hour."""

    name = "budget"

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """False wakes per hour."""
        number, slash, period = str(value).partition("/")
        if not slash:
            return super().convert(value, param, ctx)
        if period.strip() not in PERIODS_HOURS:
            periods = ", ".join(PERIODS_HOURS)
            self.fail(f"{value!r} is no rate: after the slash comes {periods}.", param, ctx)
        return super().convert(number, param, ctx) / PERIODS_HOURS[period.strip()]


def _store(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Keep an option of the command line in the settings; the last one given counts."""
    if value and param.name:
        setattr(ctx.ensure_object(Settings), param.name, value)


def _store_verbose(ctx: click.Context, param: click.Parameter, value: int) -> None:
    settings = ctx.ensure_object(Settings)
    settings.verbose += value
    configure_logging(settings.verbose)


def verbose_option(function: Decorated) -> Decorated:
    """``--verbose``, which every command takes."""
    return click.option(
        "--verbose",
        "-v",
        count=True,
        callback=_store_verbose,
        expose_value=False,
        help="Log what is done to stderr; twice for more.",
    )(function)


def library_option(function: Decorated) -> Decorated:
    """``--library``, and ``--verbose`` after it."""
    return click.option(
        "--library",
        metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        callback=_store,
        expose_value=False,
        help="Folder with the sounds (default: your data folder).",
    )(verbose_option(function))


def history_option(function: Decorated) -> Decorated:
    """``--history``, for commands that use the history."""
    return click.option(
        "--history",
        metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        callback=_store,
        expose_value=False,
        help="Folder of the history (default: one for each library).",
    )(function)


def remember_options(function: Decorated) -> Decorated:
    """What commands that listen remember; see :meth:`Settings.wanted_history`."""
    for name, text in (
        ("--keep-speech", "Keep it even where somebody seems to speak."),
        ("--keep-audio", "Keep the audio of wakes and near misses for feedback, but no speech."),
        ("--no-history", "Keep no history."),
        ("--no-drift", "Switch noise adaptation off: thresholds stay as they are."),
    ):
        function = click.option(name, is_flag=True, callback=_store, expose_value=False, help=text)(
            function
        )
    return history_option(function)


def encoder_option(function: Decorated) -> Decorated:
    """``--encoder``, for commands that make or compare embeddings."""
    return click.option(
        "--encoder",
        metavar="NAME",
        callback=_store,
        expose_value=False,
        help="Encoder, e.g. mini, clap or clap:FOLDER (default: the library's own).",
    )(function)


def threshold_offset_option(function: Decorated) -> Decorated:
    """``--threshold-offset``, for commands that listen for sounds."""
    return click.option(
        "--threshold-offset",
        metavar="X",
        type=FiniteRange(),
        default=0.0,
        help="Added to every threshold; above 0 is stricter.",
    )(function)


def device_option(function: Decorated) -> Decorated:
    """``--device``, for commands whose encoder may run elsewhere than on the processor."""
    return click.option(
        "--device",
        type=click.Choice(["cpu", "cuda", "mps"]),
        default="cpu",
        help="Where the encoder runs.",
        show_default=True,
    )(function)


def config_file_option(function: Decorated) -> Decorated:
    """``--config`` in front of a command; commands that listen have it themselves."""
    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_store,
        expose_value=False,
        help="Settings and hooks (default: wakesound.toml in your configuration folder).",
    )(function)


def _choice(ctx: click.Context, param: click.Parameter, value: str) -> object:
    from wakeword.audio.channels import parse_choice
    from wakeword.errors import AudioFormatError

    try:
        return parse_choice(value)
    except AudioFormatError as error:
        raise click.BadParameter(str(error)) from None


def channel_option(function: Decorated) -> Decorated:
    """``--channel``, as the argument ``channel``: a number, ``"mix"`` or ``"best"``."""
    return click.option(
        "--channel",
        metavar="N",
        default="mix",
        callback=_choice,
        help="Which channel of the recordings: a number from 0, 'mix' for all of them or 'best'"
        " for the one in which most stands out.",
        show_default=True,
    )(function)


def json_option(function: Decorated) -> Decorated:
    """``--json``, as the argument ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(
        function
    )


def examples(*lines: str) -> str:
    """The end of a command's help: calls to copy."""
    title = "Examples:" if len(lines) > 1 else "Example:"
    return "\n".join(["\b", title, *(f"  {line}" for line in lines)])


class _Stderr(logging.Handler):
    """Writes to whatever stderr is at the moment, so that a progress bar can step aside."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


class _OneLine(logging.Formatter):
    """What went wrong, without the traceback that came with it."""

    def format(self, record: logging.LogRecord) -> str:
        return f"wakesound: {record.levelname.lower()}: {' '.join(record.getMessage().split())}"


def configure_logging(verbose: int) -> None:
    """Log to stderr: warnings only, or more when ``verbose`` is 1 or 2."""
    handler = _Stderr()
    handler.set_name("wakesound")
    if verbose:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    else:
        handler.setFormatter(_OneLine())
    root = logging.getLogger()
    for old in [h for h in root.handlers if h.get_name() == "wakesound"]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if verbose > 1 else logging.WARNING)
    for name in OWN_LOGGERS:  # at the first -v only we are talkative, not every library
        logging.getLogger(name).setLevel(logging.INFO if verbose == 1 else logging.NOTSET)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""What ends the listening, cleanly."""


def sources_option(*aliases: str) -> Callable[[Decorated], Decorated]:
    """``--source``, what to hear, as the argument ``sources``; see :func:`one_standard_input`.

    Args:
        aliases: further names of the option, which older command lines have.
    """
    return click.option(
        "--source",
        *aliases,
        "sources",
        metavar="URI",
        multiple=True,
        default=("mic",),
        help="mic, mic:NAME, file:PATH, or - for raw 16-bit PCM; may be repeated. Default: mic.",
    )


def realtime_option(function: Decorated) -> Decorated:
    """``--realtime``, for commands that may hear files."""
    return click.option(
        "--realtime", is_flag=True, help="Play files by the clock, not at full speed."
    )(function)


def action_timeout_option(function: Decorated) -> Decorated:
    """``--action-timeout``, for commands that act on what they hear."""
    return click.option(
        "--action-timeout",
        metavar="SECONDS",
        type=FiniteRange(min=0, min_open=True),
        default=10.0,
        help="How long one action may take.",
        show_default=True,
    )(function)


def one_standard_input(sources: Sequence[str], flag: str = "--source") -> None:
    """Refuse to read standard input twice.

    Raises:
        click.UsageError: several sources are ``-``.
    """
    from runtime.listening.assembly import named_source

    if sum(named_source(uri)[1].partition("?")[0] == "-" for uri in sources) > 1:
        raise click.UsageError(f"there is one standard input; give '{flag} -' only once")


@contextmanager
def on_signals(handler: Callable[..., Any]) -> Iterator[None]:
    """Call this on the signals of :data:`SIGNALS`, meanwhile."""
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
