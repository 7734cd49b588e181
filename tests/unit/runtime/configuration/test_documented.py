"""What the documentation shows can be copied: TOML that is accepted, YAML that has its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from runtime.configuration import load
from runtime.hooks.hook import enabled_hooks

DOCS = Path(__file__).parents[4] / "docs"
PAGES = ("config.md", "hooks.md", "home-assistant.md", "home-assistant.zh.md")


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Blocks of code with the page they are on."""
    for name in PAGES:
        text = (DOCS / name).read_text(encoding="utf-8")
        for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL):
            yield name, block


@pytest.mark.parametrize(("page", "block"), list(blocks("toml")))
def test_toml_is_accepted(page: str, block: str, tmp_path: Path) -> None:
    """Each block is a file in order, whose hooks can be made."""
    (tmp_path / "x.toml").write_text(block, encoding="utf-8")
    read = load(tmp_path / "x.toml")
    names = re.findall(r"\$\{(\w+)\}|secret_env = \"(\w+)\"", block)
    enabled_hooks(read, {name: "x" for pair in names for name in pair})


@pytest.mark.parametrize(("page", "block"), list(blocks("yaml")))
def test_automations_have_their_parts(page: str, block: str) -> None:
    """Each has a name, a trigger and something to do."""
    for automation in yaml.safe_load(block)["automation"]:
        assert {"alias", "triggers", "actions"} <= automation.keys()
        assert automation.keys() <= {"alias", "triggers", "conditions", "actions", "mode"}
        assert all("trigger" in trigger for trigger in automation["triggers"])


def test_both_languages_show_the_same_ways() -> None:
    """The Chinese walkthrough has the chapters of the English one."""
    english, chinese = (
        re.findall(r"^## ", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE)
        for name in PAGES[2:]
    )
    assert len(english) == len(chinese)
