"""``--config``: the values of a configuration file as defaults of a command's options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runtime.cli.options import Decorated, Settings

if TYPE_CHECKING:
    from runtime.configuration import Configuration, Problem
    from runtime.hooks.hook import Hook
    from runtime.listening.listener import WakeListener
    from wakeword.engine import EngineConfig

ENGINE_OPTIONS = {
    "gate": "gate",
    "patience": "patience",
    "refractory": "refractory_seconds",
    "threshold_offset": "threshold_offset",
    "device": "device",
}
"""Parameters of commands, and the keys of ``[engine]`` that are their defaults."""
SHARED = ("config", "encoder", "help", "library", "verbose")
"""Options that cannot stand in a command's own table."""


def config_option(function: Decorated) -> Decorated:
    """``--config``, for commands that listen.

    The file gives the defaults of the command's options: its ``sources``, the values of
    ``[engine]``, and those of the table that is named like the command. The command line
    overrides the environment, which overrides the file. :func:`add_hooks` adds the hooks.
    """
    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        is_eager=True,
        callback=_configure,
        expose_value=False,
        help="Settings and hooks (default: wakesound.toml in your configuration folder).",
    )(function)


def engine_config(settings: Settings, **options: Any) -> EngineConfig:
    """The engine's settings: from the options, the rest from the file.

    Args:
        settings: the options that all commands share.
        options: fields of the ``EngineConfig`` for which the command has options.
    """
    from wakeword.engine import EngineConfig

    configuration = settings.configuration()
    return replace(configuration.engine_config() if configuration else EngineConfig(), **options)


def hooks(settings: Settings) -> tuple[Hook, ...]:
    """The hooks of the configuration file.

    Raises:
        ConfigFileError: one of them needs an environment variable that is not set.
    """
    from runtime.hooks.hook import enabled_hooks

    configuration = settings.configuration()
    return enabled_hooks(configuration) if configuration else ()


def hook_file(settings: Settings) -> Path | None:
    """The file that hooks are kept in, which may not exist yet; None where there is to be none."""
    from runtime import configuration

    path = settings.config or configuration.find()
    if path is None and configuration.wanted():
        path = configuration.default_path()
    return path


def add_hooks(settings: Settings, listener: WakeListener) -> None:
    """Add the hooks of the configuration file to a listener.

    Raises:
        ConfigFileError: one of them needs an environment variable that is not set.
    """
    for hook in hooks(settings):
        listener.on(
            hook.sounds,
            hook.action,
            timeout_seconds=hook.timeout_seconds,
            conditions=hook.conditions,
            concurrency=hook.concurrency,
        )


def problems(command: click.Command, configuration: Configuration) -> Iterator[Problem]:
    """Problems of the table that is named like a command."""
    from runtime.configuration.problems import suggestion

    options = _options(command)
    context = click.Context(command, resilient_parsing=True)
    for key, value in _table(command, configuration).items():
        where = (str(command.name), key)
        option = options.get(key.replace("_", "-"))
        if option is None:
            hint = suggestion(key, options)
            yield configuration.problem(
                where, f"is not an option of 'wakesound {command.name}'; {hint}"
            )
        elif option.is_flag and not isinstance(value, bool):
            yield configuration.problem(where, f"must be true or false, not {value!r}")
        else:
            try:
                option.type_cast_value(context, _listed(option, value))
            except click.BadParameter as error:
                yield configuration.problem(where, f"is wrong: {error.message}")


def _configure(ctx: click.Context, param: click.Parameter, value: Path | None) -> None:
    """Read the file before any other option."""
    if ctx.resilient_parsing:
        return
    settings = ctx.ensure_object(Settings)
    settings.config = value or settings.config
    configuration = settings.configuration()
    if configuration is not None:
        settings.encoder = settings.encoder or configuration.encoder
        ctx.default_map = {**(ctx.default_map or {}), **_defaults(ctx.command, configuration)}


def _defaults(command: click.Command, configuration: Configuration) -> dict[str, Any]:
    """Values for the command's parameters, by their names in the program.

    Raises:
        ConfigFileError: the command's table holds a key that is not an option of it.
    """
    from runtime.configuration import ConfigFileError

    if found := list(problems(command, configuration)):
        raise ConfigFileError(found)
    names = {parameter.name for parameter in command.params}
    engine = configuration.table.engine
    values = {
        name: getattr(engine, key)
        for name, key in ENGINE_OPTIONS.items()
        if name in names and key in engine.model_fields_set
    }
    if "sources" in names and "sources" in configuration.table.model_fields_set:
        values["sources"] = configuration.sources
    options = _options(command)
    for key, value in _table(command, configuration).items():
        option = options[key.replace("_", "-")]
        values[str(option.name)] = _listed(option, value)
    return values


def _table(command: click.Command, configuration: Configuration) -> dict[str, Any]:
    found: dict[str, Any] = getattr(configuration.table, str(command.name), {})
    return found


def _options(command: click.Command) -> dict[str, click.Option]:
    """The options of a command by their long names, without dashes at the front."""
    return {
        name[2:]: option
        for option in command.params
        if isinstance(option, click.Option)
        for name in option.opts
        if name.startswith("--") and name[2:] not in SHARED
    }


def _listed(option: click.Option, value: Any) -> Any:
    """A single value stands for a list of one."""
    return [value] if option.multiple and not isinstance(value, list) else value
