"""``wakesound listen``: wake on the enrolled sounds."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click

from runtime.cli.configured import add_hooks, config_option
from runtime.cli.options import (
    FiniteRange,
    Settings,
    action_timeout_option,
    device_option,
    encoder_option,
    examples,
    json_option,
    library_option,
    on_signals,
    one_standard_input,
    realtime_option,
    remember_options,
    sources_option,
    threshold_offset_option,
)
from wakeword.errors import WakesoundError

if TYPE_CHECKING:
    from runtime.cli.reports import Report
    from runtime.listening.listener import WakeListener


@click.command(
    "listen",
    epilog=examples(
        "wakesound listen --on whistle=exec:./lights.sh",
        "wakesound listen --source mic:USB --on '*=https://example.org/hook'",
        "wakesound listen --source file:kitchen.wav --json",
        "arecord -t raw -f S16_LE -r 16000 | wakesound listen --source -",
    ),
)
@sources_option()
@click.option(
    "--when",
    "triggers",
    metavar="WHEN",
    multiple=True,
    help="Wake also on sounds together: 'bark@mic + tap@desk within 1s'; may be repeated.",
)
@click.option(
    "--on",
    "actions",
    metavar="NAME=URI",
    multiple=True,
    help="What to do on a sound, or on any (*): exec:COMMAND, shell:COMMAND, http(s)://..., "
    "mqtt(s)://HOST/TOPIC, py:MODULE:FUNCTION, json:FILE, log:LEVEL; may be repeated.",
)
@config_option
@json_option
@realtime_option
@click.option(
    "--gate", metavar="NAME", default="band", help="band, vad or union.", show_default=True
)
@threshold_offset_option
@click.option(
    "--patience",
    metavar="N",
    type=click.IntRange(min=1),
    default=2,
    help="Windows in a row that must match.",
    show_default=True,
)
@click.option(
    "--refractory",
    metavar="SECONDS",
    type=FiniteRange(min=0),
    default=1.0,
    help="Shortest time between two wakes of a sound.",
    show_default=True,
)
@action_timeout_option
@click.option(
    "--confirm",
    metavar="NAME",
    help="A second encoder that must confirm each wake, e.g. clap or clap:FOLDER.",
)
@device_option
@remember_options
@library_option
@encoder_option
@click.pass_obj
@click.pass_context
def command(
    ctx: click.Context,
    settings: Settings,
    sources: tuple[str, ...],
    triggers: tuple[str, ...],
    actions: tuple[str, ...],
    as_json: bool,
    realtime: bool,
    gate: str,
    threshold_offset: float,
    patience: int,
    refractory: float,
    action_timeout: float,
    confirm: str | None,
    device: str,
) -> None:
    """Wake on the sounds in a microphone, file or stream.

    Ends with the files, or with Ctrl-C. With --json every line on stdout is an object: the
    wakes, and at last the end.
    """
    from runtime.cli.reports import JsonLines, Ticker
    from runtime.listening.listener import WakeListener
    from wakeword.engine import EngineConfig
    from wakeword.scoring.decision import TriggerConfig

    one_standard_input(sources)
    config = EngineConfig(
        gate=gate,
        trigger=TriggerConfig(patience=patience, refractory_seconds=refractory),
        threshold_offset=threshold_offset,
    )
    listener = WakeListener(
        settings.folder,
        sources,
        encoder=settings.encoder,
        config=config,
        device=device,
        realtime=realtime,
        action_timeout_seconds=action_timeout,
        history=settings.wanted_history(),
        drift=not settings.no_drift,
        confirm=confirm,
    )
    for trigger in triggers:
        listener.when(trigger)
    for action in actions:
        listener.on(*_sound_and_uri(action))
    add_hooks(settings, listener)
    _listen(listener, JsonLines() if as_json else Ticker(sources, realtime=realtime))
    if listener.errors:
        ctx.exit(2)


def _sound_and_uri(action: str) -> tuple[str, str]:
    sound, equals, uri = action.partition("=")
    if not (sound and equals and uri):
        raise click.UsageError(f"--on takes NAME=URI, as in whistle=exec:CMD, not {action!r}")
    return sound, uri


def _listen(listener: WakeListener, report: Report) -> None:
    """Listen until the sources end or a signal comes.

    What fails while listening has been logged then and is in ``listener.errors``; the report
    has no end when nothing else was heard.

    Raises:
        WakesoundError: the listening could not begin.
    """
    try:
        with on_signals(signal.default_int_handler):  # it raises KeyboardInterrupt
            listener.start()
            with on_signals(lambda *_: listener.stop(wait=False)):
                _follow(listener, report)
    except KeyboardInterrupt:
        pass
    finally:
        listener.stop()
    stats = listener.stats
    if not stats.sources or any(source.state != "failed" for source in stats.sources):
        report.end(stats)


def _follow(listener: WakeListener, report: Report) -> None:
    report.begin(listener)
    try:
        for event in listener:
            report.event(event)
    except WakesoundError as error:
        if error not in listener.errors.values():
            raise
    listener.wait()
