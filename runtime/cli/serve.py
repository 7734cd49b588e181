"""``wakesound serve``: the HTTP API."""

from __future__ import annotations

from pathlib import Path

import click

from runtime.cli.configured import config_option, engine_config, hook_file
from runtime.cli.options import (
    Settings,
    device_option,
    encoder_option,
    examples,
    library_option,
    remember_options,
    threshold_offset_option,
)
from wakeword.errors import MissingExtra

_PACKAGES = ("fastapi", "multipart", "prometheus_client", "python_multipart", "uvicorn")


@click.command(
    "serve",
    epilog=examples(
        "wakesound serve",
        "wakesound serve --source mic --on '*=https://example.org/hook'",
        "wakesound serve --host 0.0.0.0 --token-file token.txt",
        "wakesound serve --cors https://home.example.org",
    ),
)
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    help="Where to listen; other machines can reach 0.0.0.0, and need the token.",
    show_default=True,
)
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=7860,
    help="0 takes any that is free.",
    show_default=True,
)
@click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A file with the token that clients need. Without it, WAKESOUND_TOKEN may hold one.",
)
@click.option(
    "--cors",
    metavar="ORIGIN",
    multiple=True,
    help="Let web pages from there use the API; may be repeated.",
)
@click.option(
    "--source",
    "--listen",
    "listen",
    metavar="URI",
    multiple=True,
    help="Hear this too: mic, mic:NAME or file:PATH; may be repeated.",
)
@click.option(
    "--on",
    "actions",
    metavar="NAME=URI",
    multiple=True,
    help="What to do on a sound, or on any (*), as for 'wakesound listen'; may be repeated.",
)
@click.option(
    "--label-encoder",
    metavar="NAME",
    help="Encoder for /classify, e.g. clap (default: that of the sounds).",
)
@click.option(
    "--allow-commands",
    is_flag=True,
    help="Let clients set hooks that run programs: anyone with the token can run anything here.",
)
@threshold_offset_option
@device_option
@config_option
@remember_options
@library_option
@encoder_option
@click.pass_obj
def command(
    settings: Settings,
    host: str,
    port: int,
    token_file: Path | None,
    cors: tuple[str, ...],
    listen: tuple[str, ...],
    actions: tuple[str, ...],
    label_encoder: str | None,
    allow_commands: bool,
    threshold_offset: float,
    device: str,
) -> None:
    """Serve a web page and the HTTP API: sounds, enrollment, labels, live events.

    Ends with Ctrl-C or SIGTERM. /openapi.json describes every endpoint.
    """
    try:
        from runtime.services.http.config import ServerConfig, read_token
        from runtime.services.http.server import Server
        from runtime.services.http.service import Service
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PACKAGES:
            raise
        raise MissingExtra("the HTTP service", "server") from None
    from wakeword.library.library import SoundLibrary

    config = ServerConfig(
        host,
        port,
        read_token(token_file),
        tuple(cors),
        tuple(listen),
        commands=allow_commands,
    )
    engine = engine_config(settings, threshold_offset=threshold_offset)
    service = Service(
        SoundLibrary(settings.folder, engine.segmenter),
        config,
        encoder=settings.encoder,
        label_encoder=label_encoder,
        engine_config=engine,
        history=settings.wanted_history(),
        drift=not settings.no_drift,
        actions=[_sound_and_uri(action) for action in actions],
        hook_file=hook_file(settings),
        device=device,
    )
    Server(service, lambda url: click.echo(f"Serving {url} — Ctrl-C ends.")).serve_until_stopped()


def _sound_and_uri(action: str) -> tuple[str, str]:
    sound, equals, uri = action.partition("=")
    if not (sound and equals and uri):
        raise click.UsageError(f"--on takes NAME=URI, as in whistle=exec:CMD, not {action!r}")
    return sound, uri
