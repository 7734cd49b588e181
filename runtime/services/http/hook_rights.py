"""What clients may do to hooks: set what sends messages, not what runs or writes something here."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.configuration.hook_file import Table
from runtime.configuration.schema import HookTable
from runtime.services.http.live_hook import scheme
from runtime.services.http.problems import Refusal

REMOTE = ("http", "https", "mqtt", "mqtts")
"""What clients may set: it sends a message, and runs nothing here."""


@dataclass(frozen=True)
class HookRights:
    """What clients may do."""

    commands: bool = False
    """Whether they may set anything that the file may hold."""

    def may_change(self, table: HookTable) -> bool:
        """Whether clients may change, remove and try this hook."""
        return self.commands or scheme(table.do) in REMOTE

    def require_change(self, table: HookTable) -> None:
        """Make sure of that.

        Raises:
            Refusal: they may not (403).
        """
        if not self.may_change(table):
            raise Refusal(
                403,
                "commands_off",
                "a hook that runs something here can only be changed in the configuration file, "
                "or when the server was started with --allow-commands",
            )

    def require(self, table: Table) -> None:
        """Make sure that clients may set this.

        Raises:
            Refusal: they may not (403).
        """
        if self.commands:
            return
        if "do" in table and scheme(table["do"]) not in REMOTE:
            raise Refusal(
                403,
                "commands_off",
                "only http:, https:, mqtt: and mqtts: can be set here; write the rest into the "
                "configuration file, or start the server with --allow-commands",
            )
        texts = [table.get("do", ""), *(table.get("headers") or {}).values()]
        if table.get("secret_env") or any("${" in text for text in texts):
            raise Refusal(
                403,
                "environment_off",
                "environment variables cannot be named here, as they could be sent anywhere; "
                "write them into the configuration file, or start with --allow-commands",
            )
