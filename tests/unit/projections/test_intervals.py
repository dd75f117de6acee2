"""Intervals against figures from the papers that define them."""

from __future__ import annotations

import pytest

from ainarres.projections.intervals import Difference, Rate, newcombe, wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("left", "right", "low", "high"),
    # Newcombe 1998, "Interval estimation for the difference", table II, method 10
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombe(left: tuple[int, int], right: tuple[int, int], low: float, high: float) -> None:
    assert newcombe(*left, *right) == pytest.approx((low, high), abs=5e-5)


def test_nothing_is_known_of_a_rate_of_nothing() -> None:
    nothing = Rate(0, 0)
    assert (nothing.value, nothing.interval) == (None, None)
    assert Difference(Rate(1, 2), nothing).to_json()["value"] is None
    assert newcombe(0, 0, 1, 2) is None
    assert nothing.to_json() == {"value": None, "low": None, "high": None, "hits": 0, "of": 0}


def test_more_hits_than_chances_have_no_interval() -> None:
    assert (Rate(3, 2).value, Rate(3, 2).interval) == (1.5, None)
