"""Figures out of samples: medians, spreads, percentiles, and the exponent of a curve. Pure."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the sample that ``share`` (0 to 1) of all samples do not exceed (nearest rank)."""
    if not samples:
        raise ValueError("no samples")
    return sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)]


def summary(samples: Sequence[float]) -> dict[str, Any]:
    """Return median, least, greatest, the spread (greatest less least, as a share of the median) and the samples."""
    median = statistics.median(samples)
    low, high = min(samples), max(samples)
    return {
        "median": round(median, 3),
        "least": round(low, 3),
        "greatest": round(high, 3),
        "spread": round((high - low) / median, 3) if median else None,
        "rounds": [round(one, 3) for one in samples],
    }


def exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the ``b`` of the least-squares fit of ``y = a * x ** b`` through points above zero; null below two x."""
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len({x for x, _ in logs}) < 2:  # noqa: PLR2004 - a line needs two points
        return None
    middle_x, middle_y = (statistics.fmean(axis) for axis in zip(*logs, strict=True))
    across = sum((x - middle_x) ** 2 for x, _ in logs)
    return round(sum((x - middle_x) * (y - middle_y) for x, y in logs) / across, 3)


def rate(stamps: Sequence[float], begin: float, end: float) -> float:
    """Return how many stamps (seconds on one clock) a second fall between ``begin`` and ``end``."""
    return sum(begin <= stamp < end for stamp in stamps) / (end - begin)
