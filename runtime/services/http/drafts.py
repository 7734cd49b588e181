"""All sounds that are being enrolled through the page: bounded in number and age."""

from __future__ import annotations

import threading
import time

from runtime.services.http.config import Limits
from runtime.services.http.draft import Draft
from runtime.services.http.problems import Refusal


class DraftTable:
    """All drafts, by id.

    Args:
        limits: how many there may be, and how long one is kept that nobody touches.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._drafts: dict[str, Draft] = {}
        self._lock = threading.Lock()

    def all(self) -> list[Draft]:
        """Those that are not too old."""
        with self._lock:
            self._forget()
            return list(self._drafts.values())

    def get(self, id: str) -> Draft:
        """One of them; it counts as touched.

        Raises:
            Refusal: there is no such draft (404).
        """
        with self._lock:
            self._forget()
            draft = self._drafts.get(id)
            if draft is None:
                raise Refusal(
                    404, "draft_not_found", "this draft does not exist any more; begin a new one"
                )
            draft.touched = time.monotonic()
            return draft

    def add(self, draft: Draft) -> None:
        """Keep a new one.

        Raises:
            Refusal: there are too many (429).
        """
        with self._lock:
            self._forget()
            if len(self._drafts) >= self._limits.drafts:
                raise Refusal(
                    429,
                    "too_many_drafts",
                    f"{len(self._drafts)} sounds are being enrolled already; finish or delete one",
                    retry_seconds=60,
                )
            self._drafts[draft.id] = draft

    def remove(self, id: str) -> None:
        """Forget one; forgetting twice is harmless."""
        with self._lock:
            self._drafts.pop(id, None)

    def _forget(self) -> None:
        oldest = time.monotonic() - self._limits.draft_idle_seconds
        for draft in [d for d in self._drafts.values() if d.touched < oldest]:
            del self._drafts[draft.id]
