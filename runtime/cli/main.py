"""``wakesound``: the command line's entry, and what becomes of errors."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence

import click

from runtime.cli.advice import explained
from runtime.cli.group import LazyGroup
from runtime.cli.options import (
    Settings,
    config_file_option,
    configure_logging,
    encoder_option,
    library_option,
)
from wakeword import __version__
from wakeword.errors import WakesoundError

BAD_INPUT, INTERNAL, INTERRUPTED = 2, 1, 130
"""Exit statuses other than 0."""


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="See 'wakesound COMMAND --help' for a command's options and an example.",
)
@click.version_option(__version__, prog_name="wakesound")
@library_option
@encoder_option
@config_file_option
@click.pass_context
def wakesound(ctx: click.Context) -> None:
    """Wake a device with your own sound: a whistle, a clap, a bell.

    \b
      wakesound enroll whistle take1.wav take2.wav take3.wav
      wakesound listen --source mic --on whistle=exec:./lights.sh
    """
    if ctx.invoked_subcommand is None:
        if sys.stdout.isatty():
            from runtime.cli.welcome import welcome

            click.echo(welcome(ctx.ensure_object(Settings)))
        else:
            click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: instead of the process's own.

    Returns:
        The exit status: 0; 1 for a fault of ours; 2 for bad usage or input, which is told
        in one line on stderr; 130 when interrupted from the keyboard.
    """
    settings = Settings()
    _prepare()
    try:
        status = wakesound.main(
            arguments,
            prog_name="wakesound",
            obj=settings,
            standalone_mode=False,
            complete_var="_WAKESOUND_COMPLETE",
        )
        sys.stdout.flush()
    except WakesoundError as error:
        if settings.verbose > 1:
            traceback.print_exc()
        return _fail(explained(error), BAD_INPUT)
    except click.UsageError as error:
        return _fail(_usage(error), BAD_INPUT)
    except click.ClickException as error:
        return _fail(error.format_message(), BAD_INPUT)
    except (click.Abort, KeyboardInterrupt, EOFError):
        return INTERRUPTED
    except BrokenPipeError:
        with contextlib.suppress(OSError):  # nobody reads on; the interpreter's last flush too
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERNAL
    except Exception as error:  # noqa: BLE001 - the last resort
        if settings.verbose:
            traceback.print_exc()
        hint = "" if settings.verbose else "; run it again with --verbose for the traceback"
        return _fail(f"unexpected {type(error).__name__}: {error}{hint}", INTERNAL)
    return status if isinstance(status, int) else 0


def _prepare() -> None:
    """Settings of the process, which a library must leave alone and a program may choose."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:  # a terminal that knows no ✓ shows ? instead of ending the program
            reconfigure(errors="replace")
    configure_logging(0)


def _usage(error: click.UsageError) -> str:
    """click's message as a part of a sentence, and where to look."""
    message = error.format_message().rstrip(".")
    if message[:2].istitle():
        message = message[0].lower() + message[1:]
    return f"{message}; see '{error.ctx.command_path} --help'" if error.ctx else message


def _fail(message: str, status: int) -> int:
    """Tell it in exactly one line."""
    print("wakesound:", " ".join(message.split()), file=sys.stderr)
    return status
