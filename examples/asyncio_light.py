"""A lamp in a program that has other things to do, with asyncio.

    python examples/asyncio_light.py SOUND [SOURCE]

The lamp is dimmed slowly, other work goes on meanwhile, and nobody waits for anybody.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

from runtime import WakeEvent, WakeListener


class Lamp:
    """A lamp that takes its time."""

    def __init__(self) -> None:
        self.level = 0

    async def toggle(self) -> None:
        """Dim it up or down."""
        step = 25 if self.level == 0 else -25
        for _ in range(4):
            self.level += step
            await asyncio.sleep(0.02)
        print(f"lamp at {self.level} %")


async def tick() -> None:
    """Whatever else the program does."""
    for second in range(10**9):
        print(f"... {second} s")
        await asyncio.sleep(1)


async def main(sound: str, source: str) -> None:
    """Listen until the source ends."""
    other = asyncio.create_task(tick())
    async with WakeListener(sources=source).on(sound, Lamp().toggle) as listener:
        async for event in listener:
            tell(event)
    other.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await other


def tell(event: WakeEvent) -> None:
    """Say what was heard."""
    print(f"{event.start_seconds:.1f} s: {event.sound} in {event.source}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "mic"))
