"""How often one token may call: a bucket of calls each, filled at a steady rate; the oldest unused are forgotten."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

REMEMBERED = 10_000
"""Buckets kept."""


class Rates:
    """Buckets by token. ``per_second`` calls in the long run, ``burst`` at once."""

    def __init__(self, per_second: float, burst: int) -> None:
        self.per_second, self.burst = per_second, burst
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def take(self, token: str, now: float) -> float:
        """Take one call at ``now`` (seconds, monotonic); return 0, or the seconds after which there is one again."""
        name = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        left, at = self._buckets.pop(name, (float(self.burst), now))
        left = min(float(self.burst), left + (now - at) * self.per_second)
        wait = 0.0 if left >= 1 else (1 - left) / self.per_second
        self._buckets[name] = (left - (0 if wait else 1), now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return wait
