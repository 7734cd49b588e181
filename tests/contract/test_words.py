"""The words that users read: one name for one thing, as docs/glossary.md has it.

Each rule is a pattern and the words to use instead, which a failure prints with the place.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from runtime.cli.group import SECTIONS
from runtime.cli.main import wakesound as group
from wakebench.cli import bench

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGE = ROOT / "runtime" / "ui"
GLOSSARY = DOCS / "glossary.md"

ENGLISH = {
    r"borne|\bcan bear\b": "allowed (the false-alarm budget)",
    r"\banew\b": "again",
    r"\bby and by\b": "gradually, slowly",
    r"\bcrowding\b": "cohort mean",
    r"\blet(s|ting)? go\b|\beases?\b": "margin, release",
    r"\bluck\b": "chance; say what varies and by how much",
    r"\bears?\b": "embedder, gate, microphone",
    r"\bviews? of rows\b": "embeddings",
    r"\bmak(e|es|ing) no sense\b|\bmade no sense\b": "is invalid",
    r"\bhear(s|d|ing)? (a|the) room\b|\broom was heard\b": "reverberate; measure the room noise",
    r"\bfollow(s|ed|ing)? the room\b": "noise adaptation; adapt to the room",
    r"\bso long it\b|\bfor so long\b": "minimum duration, release time; for how long",
    r"\bso (many|far) (in a row|below|clips|megabytes)\b|\bthe latest so many\b": "a number",
    r"\bjudge[ds]?\b": "check; verifier",
    r"\b(hold|holds|held) (\w+ )*against\b": "compare with",
    r"\bin spite of\b": "despite",
    r"\ball the same\b": "anyway",
    r"\bbeforehand\b": "in advance",
    r"\bwhom\b|\bwhat is (there|here) is\b": "a plain sentence",
    r"\bmend(s|ed|ing)?\b": "repair, fix",
    r"\bshall\b": "should, will",
    r"\bone's own\b": "your own",
    r"\bsays? it too\b|\bhas the last word\b": "name who does what",
    r"\bthe (home|living room|library) may sound like\b": "everyday sounds of a home",
    r"\b(needs|threshold|score) 0\.00\b|\b0\.00 / |/ 0\.00\b": "a figure that means something",
}
CHINESE = {
    r"登记|录入": "添加声音",
    r"监视": "监测",
    r"聆听": "监听",
    r"您": "你",
    r"误触发|假唤醒": "误唤醒",
    r"门限|临界值": "阈值",
}
PROGRAMMERS = {
    r"\bforce\b|\breplace(d|s)?\b": "say what the button does; these are fields of the HTTP API",
    r"\bAPI\b|\bJSON\b|\bnull\b|\bHTTP\b(?!S|://)": "say it without the interface's words",
    r"\btrue\b|\bfalse\b(?! (wake|alert|alarm))": "yes and no, on and off",
}
"""What the page never says, beside the above."""
QUOTING = {"experiments"}
"""Folders of docs/ that report what was once tried, in the words of then."""
NOT_YET = {"architecture.md", "audio-files.md", "calibration.md", "models/mini.md"}
"""Pages of docs/ that are still to be rewritten; remove a page from here once it is."""


def _rules(text: str, *tables: dict[str, str]) -> list[str]:
    """What the text breaks: the words found, and those to use."""
    found = []
    for table in tables:
        for pattern, instead in table.items():
            for match in re.finditer(pattern, text, re.IGNORECASE):
                around = text[max(0, match.start() - 30) : match.end() + 30].replace("\n", " ")
                found.append(f"'{match[0]}' in '...{around}...': use {instead}")
    return found


def _prose(page: Path) -> str:
    """A page without code, link targets and comments; the glossary without its column "not"."""
    text = page.read_text(encoding="utf-8")
    if page == GLOSSARY:
        text = re.sub(r"^(\|[^|\n]*\|[^|\n]*)\|[^|\n]*\|$", r"\1|", text, flags=re.MULTILINE)
    text = re.sub(r"^( *)```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`\n]*`|<!--.*?-->", "", text, flags=re.DOTALL)
    return re.sub(r"\]\([^)]*\)", "]", text)


def _pages() -> list[Path]:
    """The documents that users read."""
    docs = [
        page
        for page in sorted(DOCS.rglob("*.md"))
        if page.relative_to(DOCS).parts[0] not in QUOTING
        and page.relative_to(DOCS).as_posix() not in NOT_YET
    ]
    return [*sorted(ROOT.glob("README*.md")), *docs]


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for subname, sub in command.commands.items():
            yield from _commands(sub, f"{name} {subname}")


def _all_commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for rows in SECTIONS.values():
        for name in rows:
            command = bench if name == "bench" else group.get_command(context, name)
            assert command is not None
            yield from _commands(command, name)


def _literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The strings of a module that are no docstrings, with their lines."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.lineno, node.value


def _page_words() -> Iterator[tuple[str, str, str]]:
    """Key, English and Chinese of each text of the page."""
    text = (PAGE / "words.js").read_text(encoding="utf-8")
    string = r'"((?:[^"\\]|\\.)*)"'
    for match in re.finditer(rf'^  "?([\w.]+)"?: \[{string}, {string}\]', text, re.MULTILINE):
        yield match[1], match[2], match[3]


@pytest.mark.parametrize("page", _pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_documents_use_the_glossary(page: Path) -> None:
    """No document uses a word that the glossary has another for, in either language."""
    chinese = CHINESE if page.name.endswith(".zh.md") or page == GLOSSARY else {}
    broken = _rules(_prose(page), ENGLISH, chinese)
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("name", "command"),
    [pytest.param(name, command, id=name) for name, command in _all_commands()],
)
def test_help_texts_use_the_glossary(name: str, command: click.Command) -> None:
    """No help text of a command or an option does."""
    texts = [command.help or "", command.epilog or "", command.short_help or ""]
    texts += [getattr(parameter, "help", None) or "" for parameter in command.params]
    broken = [line for text in texts for line in _rules(text, ENGLISH)]
    assert not broken, f"{name}:\n" + "\n".join(broken)


@pytest.mark.parametrize(
    "file", sorted((ROOT / "runtime" / "cli").glob("*.py")), ids=lambda file: file.name
)
def test_messages_of_the_command_line_use_the_glossary(file: Path) -> None:
    """What the commands print keeps to it too, table of help texts included."""
    broken = [
        f"line {line}: {rule}"
        for line, text in _literals(ast.parse(file.read_text(encoding="utf-8")))
        for rule in _rules(text, ENGLISH)
    ]
    assert not broken, "\n".join(broken)


def test_the_page_uses_the_glossary() -> None:
    """The page keeps to it in English and Chinese, and says nothing in the words of programs."""
    words = list(_page_words())
    assert len(words) > 200
    broken = []
    for key, english, chinese in words:
        broken += [f"{key}: {line}" for line in _rules(english, ENGLISH, PROGRAMMERS)]
        broken += [f"{key}: {line}" for line in _rules(chinese, CHINESE, PROGRAMMERS)]
    assert not broken, "\n".join(broken)


def test_the_problems_of_the_page_use_the_glossary() -> None:
    """What the page says instead of the server's sentences keeps to the Chinese words."""
    text = (PAGE / "problems.js").read_text(encoding="utf-8")
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    broken = [line for string in strings for line in _rules(string, CHINESE)]
    assert not broken, "\n".join(broken)


def test_phrases_of_the_glossary_are_refused() -> None:
    """What the column "not" quotes is a phrase that these rules find, so that the two agree."""
    rows = re.findall(r"^\|[^|\n]*\|[^|\n]*\|([^|\n]*)\|$", GLOSSARY.read_text(), re.MULTILINE)
    phrases = [phrase for row in rows for phrase in re.findall(r'"([^"]+)"', row)]
    assert phrases
    assert [phrase for phrase in phrases if not _rules(phrase, ENGLISH)] == []
