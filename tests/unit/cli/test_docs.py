from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from runtime.cli.group import SECTIONS
from runtime.cli.main import wakesound as group
from wakebench.cli import bench

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "cli"
TABLE = {name: text for rows in SECTIONS.values() for name, text in rows.items()}
COMMANDS = list(TABLE)


def _command(name: str) -> click.Command:
    if name == "bench":  # found through its entry point only where the distribution is installed
        return bench
    command = group.get_command(click.Context(group), name)
    assert command is not None
    return command


def _sections(name: str) -> Iterator[tuple[click.Command, str]]:
    """The command with its page, or each of its subcommands with its part of the page."""
    command = _command(name)
    page = (PAGES / f"{name}.md").read_text()
    if isinstance(command, click.Group):
        for subname, sub in command.commands.items():
            yield (
                sub,
                re.split(r"\n## wakesound ", page.partition(f"## wakesound {name} {subname}\n")[2])[
                    0
                ],
            )
    else:
        yield command, page


@pytest.mark.parametrize("name", COMMANDS)
def test_page_begins_like_the_help(name: str) -> None:
    """A page has the command's name as its title and its one-line help as its first sentence."""
    lines = (PAGES / f"{name}.md").read_text().splitlines()
    assert lines[0] == f"# wakesound {name}"
    assert lines[2] == TABLE[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_page_lists_exactly_the_options(name: str) -> None:
    """The tables of a page name each option of the command, and no other."""
    for command, page in _sections(name):
        rows = re.findall(r"^\| (`-.*?) \|", page, re.MULTILINE)
        told = {word for row in rows for word in re.findall(r"`(--?[a-z-]+)", row)}
        options = [p for p in command.params if isinstance(p, click.Option)]
        assert told == {w for option in options for w in (*option.opts, *option.secondary_opts)}
        for option in options:
            if option.metavar:
                assert f"`{option.opts[0]} {option.metavar}`" in page


def test_every_page_belongs_to_a_command_and_is_linked() -> None:
    """No page is left over, and the index has a line for each command with its help."""
    index = (PAGES / "README.md").read_text()
    for name, text in TABLE.items():
        assert f"| [{name}]({name}.md) | {text} |" in index
    assert {page.stem for page in PAGES.glob("*.md")} == {*TABLE, "README"}


def test_index_links_every_page() -> None:
    """Whatever page of documentation there is, it can be found from the index."""
    index = (ROOT / "docs" / "README.md").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index
    assert "(cli/README.md)" in index


def _calls() -> Iterator[tuple[str, str]]:
    """Every call of 'wakesound' in the code blocks of the documentation and in the help."""
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for block in re.findall(
            r"```(?:console|sh|bash|shell)\n(.*?)```", path.read_text(), re.DOTALL
        ):
            for line in block.splitlines():
                if call := re.search(r"(?:^|\| *)(?:\$ )?(wakesound .*)", line):
                    yield path.name, call[1]
    for name in COMMANDS:
        for line in (_command(name).epilog or "").splitlines():
            if call := re.search(r"(wakesound .*)", line):
                yield f"{name} --help", call[1]


@pytest.mark.parametrize(("where", "call"), sorted(set(_calls())))
def test_documented_calls_are_understood(where: str, call: str) -> None:
    """Every example in the documentation and the help is a call that the commands accept."""
    words = shlex.split(re.split(r" [|>#&;] ?", call)[0], comments=True)[1:]
    command: click.Command = group
    context = click.Context(group, info_name="wakesound")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        found = bench if name == "bench" else command.get_command(context, name)
        assert found is not None
        command = found
    command.make_parser(context).parse_args(words)
