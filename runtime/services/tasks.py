"""Ending the tasks of an event loop."""

from __future__ import annotations

import asyncio
from typing import Any

CANCEL_SECONDS = 0.05
"""How long a cancelled task may take before it is cancelled once more."""


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait for their end.

    They are cancelled as often as it takes: before Python 3.12 a cancellation is lost when what
    ``asyncio.wait_for`` waits for comes at the same moment.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=CANCEL_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
