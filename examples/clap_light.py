"""A light that two claps switch; one clap or three leave it alone.

wakesound enroll clap
wakesound pattern add clap 2 --as "two claps"
python examples/clap_light.py [SOURCE]
"""

from __future__ import annotations

import sys

from runtime import WakeEvent, WakeListener


class Light:
    """Replace the print with your own lamp: a relay, a plug, a call of an API."""

    def __init__(self) -> None:
        self.on = False

    def toggle(self, event: WakeEvent) -> None:
        """Switch it."""
        self.on = not self.on
        print(f"{event.start_seconds:.1f} s: light {'on' if self.on else 'off'}")


def main(source: str) -> None:
    """Listen until the source ends."""
    WakeListener(sources=source).on("two claps", Light().toggle).run()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "mic")
