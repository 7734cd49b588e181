"""Line numbers of keys: the parser gives the values, this says where they stand."""

from __future__ import annotations

import pytest

from runtime.configuration.problems import KeyPath as Keys
from runtime.configuration.problems import Lines

TEXT = '''\
top = 1
"quoted key" = 2
a.b.c = 3
list = [
  "x",  # with = a sign and a [bracket
  "y",
]
text = """
inside = 1
[not.a.table]
""" # the end
one_line = """a = 1"""
mark = "a ]]] \\" # b"
literal = \'\'\'
[[hooks]]
\'\'\'

[engine]  # a comment
gate = "band"

[[hooks]]
do = "exec:true"
[hooks.headers]
A = "b"

[[hooks]]
do = "exec:false"
inline = { x = 1,
  y = 2 }
hooks.deep = 4
[hooks.body]
text = "x"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 1),
        (("quoted key",), 2),
        (("a",), 3),
        (("a", "b", "c"), 3),
        (("list", 1), 4),
        (("inside",), 0),
        (("not",), 0),
        (("one_line",), 12),
        (("mark",), 13),
        (("literal",), 14),
        (("engine",), 18),
        (("engine", "gate"), 19),
        (("engine", "patience"), 18),
        (("hooks",), 21),
        (("hooks", 0), 21),
        (("hooks", 0, "do"), 22),
        (("hooks", 0, "headers", "A"), 24),
        (("hooks", 1), 26),
        (("hooks", 1, "do"), 27),
        (("hooks", 1, "missing"), 26),
        (("hooks", 1, "inline", "x"), 28),
        (("hooks", 1, "body", "text"), 32),
        (("nowhere",), 0),
        ((), 0),
    ],
)
def test_each_key_has_its_line(path: Keys, line: int) -> None:
    """Or that of what it stands in; texts and lists of several lines hold no keys."""
    assert Lines(TEXT).of(path) == line


APART = """\
[[hooks]]
do = "exec:true"

# between
[engine]
patience = 1
[[hooks]]
do = "exec:false"
[hooks.headers]
A = "b"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("hooks",), 1),
        (("hooks", 0, "do"), 2),
        (("engine",), 5),
        (("engine", "patience"), 6),
        (("hooks", 1), 7),
        (("hooks", 1, "do"), 8),
        (("hooks", 1, "headers", "A"), 10),
    ],
)
def test_elements_of_an_array_that_stand_apart_have_their_lines(path: Keys, line: int) -> None:
    """Another table between two hooks moves nothing."""
    assert Lines(APART).of(path) == line
