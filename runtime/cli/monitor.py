"""``wakesound monitor``: watch for labels, and alert."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runtime.cli.configured import config_option, hooks
from runtime.cli.label_options import (
    AlarmOptions,
    BrokerOptions,
    ClipOptions,
    alarm_options,
    broker_options,
    clip_options,
    labels_options,
    understood,
    wanted_labels,
)
from runtime.cli.options import (
    Settings,
    action_timeout_option,
    encoder_option,
    examples,
    json_option,
    library_option,
    on_signals,
    one_standard_input,
    realtime_option,
    sources_option,
)
from wakeword.errors import WakesoundError
from wakeword.labels.wording import split_labels

if TYPE_CHECKING:
    from runtime.cli.reports import AlertReport
    from runtime.labels.monitor import Monitor
    from runtime.services.mqtt.alerts import AlertPublisher
    from wakeword.labels.watch import Alert


@click.command(
    "monitor",
    epilog=examples(
        'wakesound monitor --labels "crying baby, rain" --on "*=exec:./tell.sh"',
        'wakesound monitor --labels "smoke alarm" --against doorbell --clips alerts',
        'wakesound monitor --labels "狗叫、玻璃破碎:0.9" --broker mqtt://home',
        'wakesound monitor --source file:night.wav --labels "crying baby" --json',
    ),
)
@sources_option()
@labels_options
@click.option(
    "--against",
    metavar="LIST",
    help="Further labels that compete but never alert: what else is heard in that place.",
)
@alarm_options
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
@clip_options
@broker_options(
    "An MQTT broker that gets a binary sensor for each label, for Home Assistant: "
    "mqtt://USER:PASSWORD@HOST:PORT, or mqtts://. WAKESOUND_BROKER in the "
    "environment may name it instead.",
    "the host and -monitor",
)
@config_option
@json_option
@realtime_option
@action_timeout_option
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
    alarms: AlarmOptions,
    actions: tuple[str, ...],
    end_actions: tuple[str, ...],
    clips: ClipOptions,
    broker: BrokerOptions,
    as_json: bool,
    realtime: bool,
    action_timeout: float,
) -> None:
    """Watch a microphone, file or stream for labels and raise alerts.

    The labels are words, in English or Chinese; nothing has to be enrolled. Thresholds are
    fitted to --budget; one of your own may stand behind a label: "dog barking:0.95". Ends with
    the files, or with Ctrl-C.
    """
    from enroll.words import fit_labels
    from runtime.cli.reports import AlertLines, AlertTicker
    from runtime.labels.classifier import watching_classifier
    from runtime.labels.monitor import Monitor

    one_standard_input(sources)
    needed, watch = alarms.named(wanted_labels(labels, labels_file)), alarms.watch()
    encoder, _ = settings.open_encoder(settings.open_library())
    longest = encoder.longest_seconds or encoder.window_seconds
    classifier = watching_classifier(encoder, window_seconds=min(watch.window_seconds, longest))
    rivals = split_labels(against or "")
    question = classifier.question([*needed, *rivals], fewest=1)
    wanted = dict(zip(question.labels, needed.values(), strict=False))
    fits = fit_labels(classifier, question, wanted, alarms.budget)
    monitor = Monitor(
        classifier,
        {label: alarms.alarm(fit.threshold) for label, fit in fits.items()},
        sources,
        against=rivals,
        config=watch,
        realtime=realtime,
        clips=clips.store(),
        clip_config=clips.config(),
        action_timeout_seconds=action_timeout,
    )
    for action in actions:
        monitor.on(*_label_and_uri(action, "--on"))
    for action in end_actions:
        monitor.on(*_label_and_uri(action, "--on-end"), ends=True)
    _add_hooks(settings, monitor)
    publisher = _publisher(broker, list(monitor.alarms))
    report: AlertReport = AlertTicker(sources, fits, realtime=realtime)
    if as_json:
        report = AlertLines(sources, encoder.id, fits)
    for line in understood(monitor.question):
        click.echo(line, err=True)
    _watch(monitor, report, publisher)
    if monitor.errors:
        ctx.exit(2)


def _label_and_uri(action: str, option: str) -> tuple[str, str]:
    label, equals, uri = action.partition("=")
    if not (label.strip() and equals and uri):
        raise click.UsageError(f"{option} takes LABEL=URI, as in '*=exec:CMD', not {action!r}")
    return label.strip(), uri


def _add_hooks(settings: Settings, monitor: Monitor) -> None:
    """The configuration file's hooks for these labels, or for whatever is heard."""
    from runtime.hooks.action import ANY

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


def _publisher(options: BrokerOptions, labels: Sequence[str]) -> AlertPublisher | None:
    """What tells the broker; None where no broker is named."""
    from runtime.services.mqtt.alerts import AlertPublisher

    if not options.broker_uri:
        return None
    return AlertPublisher(options.broker(), options.device("-monitor"), labels)


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
