"""Variables of the environment that hold secrets of the service itself.

What an action starts has no use for them, and might show them: in a log, in a message, in a
program that it starts in turn.
"""

from __future__ import annotations

from collections.abc import Mapping

TOKEN_VARIABLE = "WAKESOUND_TOKEN"
"""The token that clients of the HTTP service need."""
BROKER_VARIABLE = "WAKESOUND_BROKER"
"""The address of the MQTT broker, with its password."""
SECRET_VARIABLES = frozenset({TOKEN_VARIABLE, BROKER_VARIABLE})


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program that the user has us start; what the user put there stays."""
    return {name: value for name, value in environment.items() if name not in SECRET_VARIABLES}
