from __future__ import annotations

import logging
from pathlib import Path

import httpx
import pytest

from runtime.cli.options import configure_logging

SHOW = """
import click, runtime.cli.options as settings
@click.command()
@settings.library_option
@settings.encoder_option
@click.pass_obj
def command(settings):
    print(settings.folder, settings.encoder, settings.verbose)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--library", "x", "--encoder", "clap", "-v", "show"],
        ["show", "--library", "x", "--encoder", "clap", "-v"],
        ["--library", "y", "--encoder", "logmel", "show", "--library=x", "--encoder=clap", "-v"],
    ],
)
def test_shared_options_stand_anywhere(arguments: list[str], wakesound, entry_point) -> None:
    """Before or after the command; the later one counts."""
    entry_point("show", SHOW)
    assert wakesound(*arguments).out == "x clap 1\n"


def test_library_comes_from_the_environment(
    wakesound, entry_point, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WAKESOUND_LIBRARY stands in for --library, which wins over it."""
    entry_point("show", SHOW)
    monkeypatch.setenv("WAKESOUND_LIBRARY", "from-environment")
    assert wakesound("show").out.startswith("from-environment ")
    assert wakesound("show", "--library", "given").out.startswith("given ")


def test_library_that_is_a_file_is_refused(wakesound, tmp_path: Path) -> None:
    """A library is a folder; a file is one clear line."""
    (tmp_path / "file").touch()
    result = wakesound("sounds", "--library", str(tmp_path / "file"))
    assert result.status == 2
    assert "is a file" in result.err
    assert result.err.count("\n") == 1


def test_logging_is_set_up_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings are marked and go to stderr once, however often logging is configured."""
    configure_logging(1)
    configure_logging(0)
    logging.getLogger("wakeword.test").warning("something is odd")
    logging.getLogger("wakeword.test").info("not shown")
    out, err = capsys.readouterr()
    assert (out, err) == ("", "wakesound: warning: something is odd\n")


def test_verbose_shows_ours_first(capsys: pytest.CaptureFixture[str]) -> None:
    """-v shows what Wakesound does, -vv what the libraries under it do as well."""
    for verbose, shown in ((0, []), (1, ["ours"]), (2, ["ours", "theirs"]), (0, [])):
        configure_logging(verbose)
        logging.getLogger("runtime.test").info("ours")
        logging.getLogger("some.library").info("theirs")
        assert [line.split()[-1] for line in capsys.readouterr().err.splitlines()] == shown


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_no_log_shows_the_token_of_a_websocket(
    verbose: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The web server would print its address and its headers."""
    configure_logging(verbose)
    server = logging.getLogger("uvicorn.error")
    server.info('%s - "WebSocket %s" [accepted]', "127.0.0.1:1", "/ws?token=secret")
    server.debug("< %s: %s", "Authorization", "Bearer secret")
    server.error("a fault is shown")
    err = capsys.readouterr().err
    assert "secret" not in err
    assert "a fault is shown" in err


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_no_log_shows_the_address_of_a_webhook(
    verbose: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The library that posts would print all of it, and its path often is a password."""
    configure_logging(verbose)
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        client.post("https://example.org/secret")
    assert "secret" not in capsys.readouterr().err
