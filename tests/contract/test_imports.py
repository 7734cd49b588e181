"""Who may import whom inside a ring: nobody in a circle."""

from __future__ import annotations

import grimp
import pytest


def circles(modules: dict[str, set[str]]) -> list[list[str]]:
    """The sets of modules each of which leads back to itself, by Tarjan's algorithm.

    Args:
        modules: what each imports.
    """
    found: list[list[str]] = []
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        path.append(module)
        for other in sorted(modules[module]):
            if other not in number:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in path:
                lowest[module] = min(lowest[module], number[other])
        if lowest[module] == number[module]:
            at = path.index(module)
            if len(path) - at > 1:
                found.append(sorted(path[at:]))
            del path[at:]

    for module in sorted(modules):
        if module not in number:
            visit(module)
    return found


def test_a_circle_is_found() -> None:
    """Two that import each other, also by way of a third."""
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


@pytest.mark.parametrize("ring", ["wakeword", "enroll", "runtime"])
def test_no_modules_import_each_other(ring: str) -> None:
    """Neither for types only nor inside a function: whoever reads one goes forward only."""
    graph = grimp.build_graph(ring, cache_dir=None)  # a cache could be out of date
    found = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert circles(found) == []
