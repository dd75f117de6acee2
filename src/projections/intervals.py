"""Intervals for rates, so that nobody reads a handful of tasks as a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

Z95 = 1.959963984540054
"""The 97.5 % point of the normal distribution: 95 % in the middle."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``of``, with its 95 % interval; nothing is known of a rate of nothing."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The rate, null where there is nothing to divide by."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval; null as well where there are more hits than chances, as one piece may come back twice."""
        return wilson(self.hits, self.of) if self.hits <= self.of else None

    def to_json(self) -> dict[str, Any]:
        """Return the rate with its sample."""
        low, high = self.interval or (None, None)
        return {"value": self.value, "low": low, "high": high, "hits": self.hits, "of": self.of}


@dataclass(frozen=True, slots=True)
class Difference:
    """The rate ``left`` minus the rate ``right``, with its 95 % interval."""

    left: Rate
    right: Rate

    @property
    def value(self) -> float | None:
        """The difference, null where either rate is."""
        left, right = self.left.value, self.right.value
        return None if left is None or right is None else left - right

    @property
    def interval(self) -> tuple[float, float] | None:
        """Newcombe's interval."""
        return newcombe(self.left.hits, self.left.of, self.right.hits, self.right.of)

    def to_json(self) -> dict[str, Any]:
        """Return the difference with both samples."""
        low, high = self.interval or (None, None)
        return {
            "value": self.value,
            "low": low,
            "high": high,
            "left": self.left.to_json(),
            "right": self.right.to_json(),
        }


def wilson(hits: int, of: int, z: float = Z95) -> tuple[float, float] | None:
    """Return the score interval of a binomial rate, ``hits`` of ``of``; null where ``of`` is 0.

    With p = hits/n: centre (p + z²/2n) / (1 + z²/n), half width z·√(p(1-p)/n + z²/4n²) / (1 + z²/n).
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212.
    """
    if not of:
        return None
    rate, spread = hits / of, z * z / of
    centre = (rate + spread / 2) / (1 + spread)
    half = z * sqrt(rate * (1 - rate) / of + spread / (4 * of)) / (1 + spread)
    # at the ends the formula gives 0 and 1 exactly; floating point gives nearly so
    return (0.0 if hits == 0 else max(0.0, centre - half), 1.0 if hits == of else min(1.0, centre + half))


def newcombe(hits: int, of: int, other_hits: int, other_of: int, z: float = Z95) -> tuple[float, float] | None:
    """Return the interval of the difference of two independent rates, first minus second; null where either has none.

    With Wilson's (l1, u1), (l2, u2) and d = p1 - p2: from d - √((p1-l1)² + (u2-p2)²) to d + √((u1-p1)² + (p2-l2)²).
    R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
    methods", Statistics in Medicine 17 (1998), 873-890, method 10.
    """
    first, second = wilson(hits, of, z), wilson(other_hits, other_of, z)
    if first is None or second is None:
        return None
    p, q = hits / of, other_hits / other_of
    low = (p - q) - sqrt((p - first[0]) ** 2 + (second[1] - q) ** 2)
    high = (p - q) + sqrt((first[1] - p) ** 2 + (q - second[0]) ** 2)
    return low, high
