"""A child's game: which animal says this? Whoever makes its voice wins a point.

    python examples/animal_game.py [SOURCE]

The four labels are also what keeps the game fair: a duck must sound more like a duck than like
the others, or like speech. It ends with the source, or when all four were guessed.
"""

from __future__ import annotations

import random
import sys

from runtime.labels.classifier import make_classifier
from runtime.labels.monitor import Monitor
from wakeword.encoders import create_encoder
from wakeword.labels.watch import AlarmConfig, Alert

ANIMALS = {
    "dog barking": "chases the ball",
    "cat meowing": "climbs the curtain",
    "duck quacking": "dives into the pond",
    "lion roaring": "wakes the whole savanna",
}
"""The voices, and what the animal then does: put a light, a robot or a song here."""
EASY = AlarmConfig(threshold=0.5, min_seconds=0.0, hold_seconds=1.0)
"""A game may err: an answer counts at once, and the next one a second later."""


class Game:
    """Asks for one animal after the other."""

    def __init__(self) -> None:
        self.left = random.sample(list(ANIMALS), len(ANIMALS))
        self.points = 0
        self.ask()

    def ask(self) -> None:
        """Ask for the next animal."""
        if self.left:
            print(f"Who {ANIMALS[self.left[-1]]}? Make its voice!", flush=True)

    def answer(self, alert: Alert) -> None:
        """A voice was heard."""
        if alert.sound == self.left[-1]:
            self.points += 1
            print(f"Yes, {alert.sound}! It {ANIMALS[self.left.pop()]}.", flush=True)
            self.ask()
        else:
            print(f"That was {alert.sound}. Try again!", flush=True)


def main() -> None:
    """Play."""
    source = sys.argv[1] if len(sys.argv) > 1 else "mic"
    monitor = Monitor(make_classifier(create_encoder("mini")), dict.fromkeys(ANIMALS, EASY), source)
    game = Game()
    with monitor:
        for alert in monitor:
            if not alert.ended:
                game.answer(alert)
            if not game.left:
                break
    print(f"{game.points} of {len(ANIMALS)} points.")


if __name__ == "__main__":
    main()
