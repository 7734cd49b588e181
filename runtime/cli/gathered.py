"""Options that belong together, handed to a command as one object."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, TypeVar

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Decorator = Callable[[Any], Any]


def gathered(argument: str, kind: type[Any], *options: Decorator) -> Callable[[Decorated], Any]:
    """Give a command these options; their values reach it as one dataclass.

    Args:
        argument: the command's argument that gets the object.
        kind: the dataclass; its fields are called like the options' parameters.
        options: from ``click.option``, in the order of the help.
    """
    names = [field.name for field in dataclasses.fields(kind)]

    def decorate(function: Decorated) -> Any:
        @functools.wraps(function)
        def called(*positional: Any, **values: Any) -> Any:
            values[argument] = kind(**{name: values.pop(name) for name in names})
            return function(*positional, **values)

        decorated: Any = called
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate
