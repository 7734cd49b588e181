"""``python -m runtime``: the same commands as ``wakesound``."""

from __future__ import annotations

import sys

from runtime.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
