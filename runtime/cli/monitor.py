"""``wakesound monitor``: watch for labels, and alert."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runtime.cli.configured import config_option, hooks
from runtime.cli.listen import on_signals
from runtime.cli.settings import (
    FiniteRange,
    Settings,
    encoder_option,
    examples,
    json_option,
    library_option,
)
from runtime.cli.wanted_labels import labels_options, understood, wanted_labels
from wakeword.errors import ConfigError, WakesoundError
from wakeword.label_list import split_labels

if TYPE_CHECKING:
    from runtime.cli.alert_reports import AlertReport
    from runtime.clips import ClipLimits, ClipStore
    from runtime.monitor import Monitor
    from runtime.services.mqtt.alerts import AlertPublisher
    from wakeword.alarm import AlarmConfig, Alert

_WITH_THRESHOLD = re.compile(r"(?P<label>.*\S)\s*[:\uff1a]\s*(?P<threshold>[0-9.]+)")
"""``dog barking:0.8``; the colon may be full-width."""


@click.command(
    "monitor",
    epilog=examples(
        'wakesound monitor --labels "crying baby, rain" --on "*=exec:./tell.sh"',
        'wakesound monitor --labels "smoke alarm" --against doorbell --clips alerts',
        'wakesound monitor --labels "狗叫、玻璃破碎:0.9" --broker mqtt://home',
        'wakesound monitor --source file:night.wav --labels "crying baby" --json',
    ),
)
@click.option(
    "--source",
    "sources",
    metavar="URI",
    multiple=True,
    default=("mic",),
    help="mic, mic:NAME, file:PATH, or - for raw 16-bit PCM; may be repeated. Default: mic.",
)
@labels_options
@click.option(
    "--against",
    metavar="LIST",
    help="Further labels that compete but never alert: what else is heard in that place.",
)
@click.option(
    "--threshold",
    "thresholds",
    metavar="X",
    multiple=True,
    default=("0.65",),
    help="Scores from here on alert, 0 to 1: for all labels, or LABEL=X for one; may be "
    "repeated. Default: 0.65.",
)
@click.option(
    "--release",
    metavar="X",
    type=FiniteRange(min=0, max=1, max_open=True),
    default=0.15,
    help="So far below the threshold, or below half of it, a sound counts as gone.",
    show_default=True,
)
@click.option(
    "--every",
    metavar="SECONDS",
    type=FiniteRange(min=0.1),
    default=1.0,
    help="From one look to the next.",
    show_default=True,
)
@click.option(
    "--window",
    metavar="SECONDS",
    type=FiniteRange(min=0.1),
    help="How much audio a look sees (default: 3, or --every where that is longer).",
)
@click.option(
    "--min-duration",
    metavar="SECONDS",
    type=FiniteRange(min=0),
    default=1.0,
    help="So long it must be heard; 0 alerts at the first look.",
    show_default=True,
)
@click.option(
    "--hold",
    metavar="SECONDS",
    type=FiniteRange(min=0),
    default=3.0,
    help="So long it must be gone before the alert ends.",
    show_default=True,
)
@click.option(
    "--on",
    "actions",
    metavar="LABEL=URI",
    multiple=True,
    help="What to do when an alert begins, for one label or any (*): exec:COMMAND, "
    "shell:COMMAND, http(s)://..., mqtt(s)://HOST/TOPIC, py:MODULE:FUNCTION, json:FILE, "
    "log:LEVEL; may be repeated.",
)
@click.option(
    "--on-end",
    "end_actions",
    metavar="LABEL=URI",
    multiple=True,
    help="What to do when an alert ends and its clip is there; may be repeated.",
)
@click.option(
    "--clips",
    "clip_folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Record each alert there, whatever else is heard meanwhile: a WAV and a JSON file.",
)
@click.option(
    "--pre-roll",
    metavar="SECONDS",
    type=FiniteRange(min=0),
    default=3.0,
    help="A clip begins so long before the sound.",
    show_default=True,
)
@click.option(
    "--longest-clip",
    metavar="SECONDS",
    type=FiniteRange(min=0, min_open=True),
    default=60.0,
    help="A clip ends then, even when the alert goes on.",
    show_default=True,
)
@click.option(
    "--keep-clips",
    metavar="N",
    type=click.IntRange(min=1),
    default=200,
    help="Beyond so many clips the oldest go.",
    show_default=True,
)
@click.option(
    "--keep-mb",
    metavar="MB",
    type=FiniteRange(min=0, min_open=True),
    default=500.0,
    help="Beyond so many megabytes the oldest go.",
    show_default=True,
)
@click.option(
    "--keep-days",
    metavar="DAYS",
    type=FiniteRange(min=0, min_open=True),
    default=30.0,
    help="Clips older than this go.",
    show_default=True,
)
@click.option(
    "--broker",
    "broker_uri",
    metavar="URI",
    envvar="WAKESOUND_BROKER",
    help="An MQTT broker that gets a binary sensor for each label, for Home Assistant: "
    "mqtt://USER:PASSWORD@HOST:PORT, or mqtts://. WAKESOUND_BROKER says it too.",
)
@click.option(
    "--ca",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificate of who signed the broker's (default: those the system trusts).",
)
@click.option(
    "--id", "device_id", metavar="ID", help="Names the device (default: the host and -monitor)."
)
@click.option("--name", metavar="NAME", help="The device's name for people.")
@click.option(
    "--topic",
    metavar="TOPIC",
    default="wakesound",
    help="All topics begin with this and the id.",
    show_default=True,
)
@click.option(
    "--discovery-prefix",
    metavar="TOPIC",
    default="homeassistant",
    help="Where Home Assistant looks for devices.",
    show_default=True,
)
@config_option
@json_option
@click.option("--realtime", is_flag=True, help="Play files by the clock, not at full speed.")
@click.option(
    "--action-timeout",
    metavar="SECONDS",
    type=FiniteRange(min=0, min_open=True),
    default=10.0,
    help="How long one action may take.",
    show_default=True,
)
@library_option
@encoder_option
@click.pass_obj
@click.pass_context
def command(
    ctx: click.Context,
    settings: Settings,
    sources: tuple[str, ...],
    labels: str | None,
    labels_file: Path | None,
    against: str | None,
    thresholds: tuple[str, ...],
    release: float,
    every: float,
    window: float | None,
    min_duration: float,
    hold: float,
    actions: tuple[str, ...],
    end_actions: tuple[str, ...],
    clip_folder: Path | None,
    pre_roll: float,
    longest_clip: float,
    keep_clips: int,
    keep_mb: float,
    keep_days: float,
    broker_uri: str | None,
    ca: Path | None,
    device_id: str | None,
    name: str | None,
    topic: str,
    discovery_prefix: str,
    as_json: bool,
    realtime: bool,
    action_timeout: float,
) -> None:
    """Watch a microphone, file or stream for labels, and alert.

    The labels are words, in English or Chinese; nothing has to be enrolled. A threshold may
    stand behind a label: "dog barking:0.95". Ends with the files, or with Ctrl-C.
    """
    from runtime.assembly import named_source
    from runtime.classifier import make_classifier
    from runtime.cli.alert_reports import AlertLines, AlertTicker
    from runtime.clip_recorder import ClipConfig
    from runtime.clips import ClipLimits
    from runtime.monitor import Monitor
    from wakeword.alarm import AlarmConfig
    from wakeword.label_watch import WatchConfig

    if sum(named_source(uri)[1].partition("?")[0] == "-" for uri in sources) > 1:
        raise click.UsageError("there is one standard input; give '--source -' only once")
    common = AlarmConfig(release=release, min_seconds=min_duration, hold_seconds=hold)
    needed = _thresholds(wanted_labels(labels, labels_file), thresholds)
    watch = WatchConfig(every, max(3.0, every) if window is None else window)
    encoder, _ = settings.open_encoder(settings.open_library())
    longest = float(getattr(encoder, "longest_seconds", encoder.window_seconds))
    classifier = make_classifier(encoder, window_seconds=min(watch.window_seconds, longest))
    monitor = Monitor(
        classifier,
        {label: _alarm(common, threshold) for label, threshold in needed.items()},
        sources,
        against=split_labels(against or ""),
        config=watch,
        realtime=realtime,
        clips=_clips(clip_folder, ClipLimits(keep_clips, keep_mb, keep_days)),
        clip_config=ClipConfig(pre_roll, longest_clip),
        action_timeout_seconds=action_timeout,
    )
    for action in actions:
        monitor.on(*_label_and_uri(action, "--on"))
    for action in end_actions:
        monitor.on(*_label_and_uri(action, "--on-end"), ends=True)
    _add_hooks(settings, monitor)
    publisher = None
    if broker_uri:
        publisher = _publisher(
            broker_uri, ca, device_id, name, topic, discovery_prefix, list(monitor.alarms)
        )
    report: AlertReport = AlertTicker(sources, realtime=realtime)
    if as_json:
        report = AlertLines(sources, encoder.id)
    for line in understood(monitor.question):
        click.echo(line, err=True)
    _watch(monitor, report, publisher)
    if monitor.errors:
        ctx.exit(2)


def _thresholds(labels: Sequence[str], given: Sequence[str]) -> dict[str, float]:
    """The threshold of each label: its own, or that of all.

    Raises:
        ConfigError: a threshold is no number or for a label that is not watched, or a label
            is there twice.
    """
    needed: dict[str, float | None] = {}
    for label in labels:
        found = _WITH_THRESHOLD.fullmatch(label)
        name = found["label"] if found else label
        if name in needed:
            raise ConfigError(f"the label {name!r} is there twice; name each only once")
        needed[name] = _number(found["threshold"]) if found else None
    spelled = {label.casefold(): label for label in needed}
    common = 0.65
    for text in given:
        label, equals, number = text.rpartition("=")
        if not equals:
            common = _number(text)
        elif label.strip().casefold() in spelled:
            needed[spelled[label.strip().casefold()]] = _number(number)
        else:
            raise ConfigError(
                f"--threshold names {label.strip()!r}, which is not watched for; watched are:"
                f" {', '.join(needed)}"
            )
    return {label: common if own is None else own for label, own in needed.items()}


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 1.0:
        raise ConfigError(f"a threshold is above 0 and at most 1, not {text.strip()!r}")
    return value


def _alarm(common: AlarmConfig, threshold: float) -> AlarmConfig:
    return replace(common, threshold=threshold)


def _clips(folder: Path | None, limits: ClipLimits) -> ClipStore | None:
    from runtime.clips import ClipStore

    return None if folder is None else ClipStore(folder, limits)


def _label_and_uri(action: str, option: str) -> tuple[str, str]:
    label, equals, uri = action.partition("=")
    if not (label.strip() and equals and uri):
        raise click.UsageError(f"{option} takes LABEL=URI, as in '*=exec:CMD', not {action!r}")
    return label.strip(), uri


def _add_hooks(settings: Settings, monitor: Monitor) -> None:
    """The configuration file's hooks for these labels, or for whatever is heard."""
    from runtime.action import ANY

    known = {ANY, *(label.casefold() for label in monitor.alarms)}
    for hook in hooks(settings):
        labels = [sound for sound in hook.sounds if sound.casefold() in known]
        if labels:
            monitor.on(
                labels,
                hook.action,
                timeout_seconds=hook.timeout_seconds,
                conditions=hook.conditions,
                concurrency=hook.concurrency,
            )


def _publisher(
    uri: str,
    ca: Path | None,
    device_id: str | None,
    name: str | None,
    topic: str,
    discovery_prefix: str,
    labels: Sequence[str],
) -> AlertPublisher:
    from runtime.services.mqtt.alerts import AlertPublisher
    from runtime.services.mqtt.broker import parse
    from runtime.services.mqtt.device import Device, host_name, identifier

    broker, own_topic = parse(uri, ca)
    if own_topic:
        raise click.UsageError("--broker ends with host and port; --topic names a topic")
    device_id = device_id or f"{identifier(host_name())}-monitor"
    device = Device(device_id, name or f"Wakesound {device_id}", topic, discovery_prefix)
    return AlertPublisher(broker, device, labels)


def _watch(monitor: Monitor, report: AlertReport, publisher: AlertPublisher | None) -> None:
    """Watch until the sources end or a signal comes.

    Raises:
        WakesoundError: the watching could not begin.
    """
    alerts = 0
    try:
        with on_signals(signal.default_int_handler):  # it raises KeyboardInterrupt
            monitor.start()
            if publisher is not None:
                publisher.start()
            with on_signals(lambda *_: monitor.stop(wait=False)):
                report.begin(monitor)
                for alert in _followed(monitor):
                    alerts += not alert.ended
                    report.alert(alert)
                    if publisher is not None:
                        publisher.publish(alert)
                monitor.wait()
    except KeyboardInterrupt:
        pass
    finally:
        monitor.stop()
        if publisher is not None:
            publisher.close()
    sources = monitor.stats.sources
    if not sources or any(source.state != "failed" for source in sources):
        report.end(monitor, alerts)


def _followed(monitor: Monitor) -> Iterator[Alert]:
    """All alerts; what failed meanwhile has been logged."""
    try:
        yield from monitor
    except WakesoundError as error:
        if error not in monitor.errors.values():
            raise
