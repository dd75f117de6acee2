"""What part of the ledger a figure is about: positions after one and up to another, of a lane, of an epic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """Positions after ``after`` up to ``upto``; ``lane`` (full key) and ``epic`` null are all of them."""

    upto: int
    after: int = 0
    lane: str | None = None
    epic: str | None = None

    def parameters(self) -> dict[str, Any]:
        """Return the span as parameters of a reading statement."""
        return {"after": self.after, "upto": self.upto, "lane": self.lane, "epic": self.epic}
