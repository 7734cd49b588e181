"""The page's files as they are served; no browser needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

pytest.importorskip("fastapi")

import enroll
from runtime.services.http.problems import ROWS
from runtime.services.http.routes.root import UI
from tests.integration.http_server import Served, serving

pytestmark = pytest.mark.slow

ENROLL = Path(enroll.__file__).parent
MOST_BYTES = 500_000
TOKEN = "a-token-that-is-long-enough"
EXAMPLES = {
    "https://example.org",
    "https://ntfy.sh",
    "https://open.feishu.cn",
    "https://qyapi.weixin.qq.com",
}
FILES = sorted(path.name for path in UI.iterdir())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("files") / "library", token=TOKEN) as served:
        yield served


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_served_as_what_it_is(served: Served, name: str) -> None:
    """Without a token, with its type, a policy that keeps it at home, and asked for anew."""
    kinds = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
    with served.client() as client:
        answer = client.get(f"/ui/{name}")
        kind = kinds.get(Path(name).suffix, "image/svg+xml")
        assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        again = client.get(f"/ui/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_page_is_at_the_root(served: Served) -> None:
    """It may load from this server alone, and only its own kind may frame it."""
    answer = httpx.get(served.url)
    policy = answer.headers["content-security-policy"]
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'self'" in policy
    assert "http" not in policy
    assert "unsafe" not in policy


def test_the_page_is_small_and_names_no_other_machine() -> None:
    """All of it is under 500 KB, and nothing in it is fetched from elsewhere.

    Examples of what an action may call are words, which nothing asks.
    """
    texts = {name: (UI / name).read_text(encoding="utf-8") for name in FILES}
    assert sum(len(text.encode()) for text in texts.values()) < MOST_BYTES
    for name, text in texts.items():
        found = set(re.findall(r"https?://[\w.-]+", text))
        allowed = {"http://www.w3.org", "http://localhost"}
        assert found <= allowed | (EXAMPLES if name in ("words.js", "problems.js") else set()), name


def test_every_word_is_in_both_languages() -> None:
    """Each text that the page shows is in the table, and none is there in vain."""
    table = (UI / "words.js").read_text(encoding="utf-8")
    entries = re.findall(r'^  "?([\w.]+)"?: \["(.*)", "(.*)"\],$', table, re.MULTILINE)
    known = {key: (english, chinese) for key, english, chinese in entries}
    scripts = "".join((UI / name).read_text() for name in FILES if name != "words.js")
    used = set(re.findall(r'"((?:[a-z_]+\.)+[a-z_0-9]+)"', scripts)) & set(known)
    asked = set(re.findall(r'\bt\("([\w.]+)"', scripts))
    assert asked <= set(known)
    made = (
        "finding.",
        "problem.",
        "remark.",
        "app.",
        "card.",
        "monitor.",
        "classify.",
        "sounds.",
        "hook.",
    )
    spare = {key for key in known if key not in used | asked and not key.startswith(made)}
    assert spare <= {"listen.title", "enroll.title"}
    for english, chinese in known.values():
        assert english
        assert chinese
        placed = re.findall(r"\{\w+\}", english)
        assert sorted(placed) == sorted(re.findall(r"\{\w+\}", chinese))


def test_every_error_has_chinese_words() -> None:
    """Each code that an endpoint may answer with, and each finding of a take."""
    source = Path(UI.parent, "services", "http")
    texts = "".join(path.read_text(encoding="utf-8") for path in source.rglob("*.py"))
    codes = set(re.findall(r'Refusal\(\s*\d{3},\s*"(\w+)"', texts))
    codes |= {row.code for row in ROWS.values() if isinstance(row.code, str)}
    codes |= {"commands_off", "environment_off", "not_found", "method_not_allowed", "fault"}
    assert len(codes) > 40
    problems = (UI / "problems.js").read_text(encoding="utf-8")
    words = (UI / "words.js").read_text(encoding="utf-8")
    known = set(re.findall(r'^  (\w+): "', problems, re.MULTILINE))
    known |= set(re.findall(r'^  "problem\.(\w+)":', words, re.MULTILINE))
    assert codes - {"unauthorized"} <= known  # that one asks for the token
    enrolling = "".join(path.read_text(encoding="utf-8") for path in ENROLL.glob("*.py"))
    findings = set(re.findall(r'(?:Finding\(|\[\()"(\w+)",', enrolling))
    assert {"quiet", "unlike", "duplicate"} <= findings
    assert findings <= set(re.findall(r'^  "finding\.(\w+)":', words, re.MULTILINE))
