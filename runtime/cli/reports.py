"""How ``wakesound listen`` tells what it hears: JSON lines for programs, a ticker for people.

How ``wakesound monitor`` tells what it hears: JSON lines for programs, a ticker for people.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import click

if TYPE_CHECKING:
    from enroll.words import LabelThreshold
    from runtime.labels.monitor import Monitor
    from runtime.listening.listener import WakeListener
    from runtime.listening.stats import Stats
    from wakeword.events import WakeEvent
    from wakeword.labels.watch import Alert


BAR_WIDTH = 10


class Report(Protocol):
    """Is told about one run of listening."""

    def begin(self, listener: WakeListener) -> None:
        """The sources are being heard."""
        ...

    def event(self, event: WakeEvent) -> None:
        """A sound was heard."""
        ...

    def end(self, stats: Stats) -> None:
        """All is over."""
        ...


class JsonLines:
    """An object a line on stdout, each written at once."""

    def begin(self, listener: WakeListener) -> None:
        """Nothing: the lines are events."""

    def event(self, event: WakeEvent) -> None:
        """A line for a wake."""
        click.echo(json.dumps(event.to_dict()))

    def end(self, stats: Stats) -> None:
        """The last line."""
        end: dict[str, Any] = {
            "event": "end",
            "seconds": round(stats.seconds, 4),
            "frames_dropped": stats.frames_dropped,
        }
        if stats.recordings:
            end["recordings"] = stats.recordings
        click.echo(json.dumps(end))


class Ticker:
    """A line for each wake on stdout; what surrounds them goes to stderr.

    Args:
        sources: the URIs that are listened to.
        realtime: whether files are played by the clock.
    """

    def __init__(self, sources: tuple[str, ...], *, realtime: bool) -> None:
        from runtime.cli import screen

        self._out = screen.console()
        self._err = screen.console(stderr=True)
        self._sources = sources
        self._by_the_clock = realtime or any(s.partition(":")[0] == "mic" for s in sources)
        self._name_width = 0

    def begin(self, listener: WakeListener) -> None:
        """Say what is listened for."""
        names = [name for sound in listener.library.sounds() for name in sound.events]
        self._name_width = max(map(len, names), default=0)
        heard = ", ".join(self._sources)
        self._err.print(f"Listening to {heard} for {', '.join(names)}. Ctrl-C ends.", style="dim")

    def event(self, event: WakeEvent) -> None:
        """Time, sound, score against what was needed and, with several sources, where."""
        from rich.text import Text

        from runtime.cli import screen

        when = time.strftime("%H:%M:%S") if self._by_the_clock else _minutes(event.start_seconds)
        line = Text(f"{when:>9}  ", style="dim")
        line.append(event.name.ljust(self._name_width), style="bold green")
        line.append(f"  {screen.bar(event.score, BAR_WIDTH)} ", style="green")
        line.append(f"{event.score:.2f}", style="bold")
        line.append(f" (needs {event.threshold:.2f})", style="dim")
        if len(self._sources) > 1:
            line.append(f"  {event.source}", style="cyan")
        self._out.print(line, soft_wrap=True)

    def end(self, stats: Stats) -> None:
        """Say how it went."""
        wakes = "no wake" if not stats.events else f"{stats.events} wakes"
        wakes = "1 wake" if stats.events == 1 else wakes
        self._err.print(f"Heard {_minutes(stats.seconds)} of audio, {wakes}.", style="dim")
        if stats.frames_dropped:
            text = f"{stats.frames_dropped} frames were dropped: this machine is too slow for it."
            self._err.print(text, style="yellow")
        for action in stats.actions:
            unwell = action.failed + action.timed_out + action.dropped
            if unwell:
                text = f"{action.action}: {unwell} of {action.called + action.dropped} failed."
                self._err.print(text, style="yellow", soft_wrap=True)


def _minutes(seconds: float) -> str:
    """``75.3`` as ``1:15.3``."""
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{minutes:.0f}:{rest:04.1f}"


class AlertReport(Protocol):
    """Is told about one run of a monitor."""

    def begin(self, monitor: Monitor) -> None:
        """The sources are being heard."""
        ...

    def alert(self, alert: Alert) -> None:
        """An alert begins or ends."""
        ...

    def end(self, monitor: Monitor, alerts: int) -> None:
        """All is over, after so many alerts."""
        ...


class AlertLines:
    """An object a line on stdout, each written at once.

    Args:
        sources: the URIs that are watched.
        encoder: its identity.
        fits: the labels' thresholds, and what to expect of them.
    """

    def __init__(
        self, sources: tuple[str, ...], encoder: str, fits: Mapping[str, LabelThreshold]
    ) -> None:
        self._sources = sources
        self._encoder = encoder
        self._fits = fits

    def begin(self, monitor: Monitor) -> None:
        """The first line: what is watched for, and how."""
        labels = {}
        for wording in monitor.question.wordings:
            alarm, fit = monitor.alarms.get(wording.label), self._fits.get(wording.label)
            hourly = fit.false_alerts_per_hour if fit else None
            labels[wording.label] = {
                "text": wording.text,
                "threshold": alarm and alarm.threshold,
                "fitted": fit and fit.fitted,
                "false_alerts_per_hour": None if hourly is None else round(hourly, 3),
                "release": alarm and alarm.release,
                "min_seconds": alarm and alarm.min_seconds,
                "hold_seconds": alarm and alarm.hold_seconds,
            }
        begin = {
            "event": "begin",
            "sources": list(self._sources),
            "encoder": self._encoder,
            "every": monitor.config.every_seconds,
            "window": monitor.config.window_seconds,
            "labels": labels,
        }
        click.echo(json.dumps(begin, ensure_ascii=False))

    def alert(self, alert: Alert) -> None:
        """A line for a beginning or an end."""
        click.echo(json.dumps(alert.to_dict(), ensure_ascii=False))

    def end(self, monitor: Monitor, alerts: int) -> None:
        """The last line."""
        stats = monitor.stats
        end: dict[str, Any] = {
            "event": "end",
            "seconds": round(stats.seconds, 4),
            "alerts": alerts,
            "frames_dropped": stats.frames_dropped,
        }
        if stats.recordings:
            end["recordings"] = stats.recordings
        click.echo(json.dumps(end))


class AlertTicker:
    """A line for each beginning and end on stdout; what surrounds them goes to stderr.

    Args:
        sources: the URIs that are watched.
        fits: the labels' thresholds, and what to expect of them.
        realtime: whether files are played by the clock.
    """

    def __init__(
        self, sources: tuple[str, ...], fits: Mapping[str, LabelThreshold], *, realtime: bool
    ) -> None:
        from runtime.cli import screen

        self._out = screen.console()
        self._err = screen.console(stderr=True)
        self._sources = sources
        self._fits = fits
        self._by_the_clock = realtime or any(s.partition(":")[0] == "mic" for s in sources)
        self._width = 0

    def begin(self, monitor: Monitor) -> None:
        """Say what is watched for."""
        self._width = max(map(len, monitor.alarms))
        named = ", ".join(f"{name} ({a.threshold:.2f})" for name, a in monitor.alarms.items())
        for name, fit in self._fits.items():
            self._err.print(f"{name}: {_expectation(fit)}", style="dim", soft_wrap=True)
        heard = ", ".join(self._sources)
        self._err.print(f"Watching {heard} for {named}. Ctrl-C ends.", style="dim", soft_wrap=True)

    def alert(self, alert: Alert) -> None:
        """Time, label, score, how long and, with several sources, where."""
        from rich.text import Text

        seconds = alert.end_seconds if alert.ended else alert.start_seconds
        when = time.strftime("%H:%M:%S") if self._by_the_clock else _minutes(seconds)
        line = Text(f"{when:>9}  ", style="dim")
        line.append(alert.sound.ljust(self._width), style="dim" if alert.ended else "bold red")
        if alert.ended:
            lasted = alert.end_seconds - alert.start_seconds
            line.append(f"  over after {lasted:.1f} s, at most {alert.score:.2f}", style="dim")
            line.append(f"  {alert.clip}" if alert.clip else "")
        else:
            line.append(f"  {alert.score:.2f}", style="bold")
            line.append(f" (needs {alert.threshold:.2f})", style="dim")
        if len(self._sources) > 1:
            line.append(f"  {alert.source}", style="cyan")
        self._out.print(line, soft_wrap=True)

    def end(self, monitor: Monitor, alerts: int) -> None:
        """Say how it went."""
        stats = monitor.stats
        told = {0: "no alert", 1: "1 alert"}.get(alerts, f"{alerts} alerts")
        self._err.print(f"Heard {_minutes(stats.seconds)} of audio, {told}.", style="dim")
        if stats.frames_dropped:
            text = f"{stats.frames_dropped} frames were dropped: this machine is too slow for it."
            self._err.print(text, style="yellow")
        for action in stats.actions:
            if unwell := action.failed + action.timed_out + action.dropped:
                text = f"{action.action}: {unwell} of {action.called + action.dropped} failed."
                self._err.print(text, style="yellow", soft_wrap=True)


def _expectation(fit: LabelThreshold) -> str:
    """What a label's threshold is and what follows from it."""
    how = "fitted" if fit.fitted else "as given"
    if fit.false_alerts_per_hour is None:
        return f"needs {fit.threshold:.2f}; how many false alerts to expect is not known"
    count, unit = fit.false_alerts_per_hour, "hour"
    for more, longer in ((24, "day"), (7, "week")):
        if count < 1:
            count, unit = count * more, longer
    told = f"about {count:.0f}" if count >= 1 else "less than one"
    alerts = "alert" if told in ("about 1", "less than one") else "alerts"
    per = "an hour" if unit == "hour" else f"a {unit}"
    return f"needs {fit.threshold:.2f}, {how}; expect {told} false {alerts} {per}"
