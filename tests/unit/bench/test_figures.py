"""Medians, percentiles, rates and fitted exponents."""

from __future__ import annotations

import pytest
from bench.figures import exponent, percentile, rate, summary


@pytest.mark.parametrize("b", [-0.5, 0.0, 1.0, 2.0])
def test_the_exponent_of_a_power_is_found(b: float) -> None:
    assert exponent([(x, 3 * x**b) for x in (10, 100, 1000, 10_000)]) == pytest.approx(b, abs=0.001)


def test_the_exponent_of_noise_around_a_line_is_near_one() -> None:
    assert exponent([(10, 11), (100, 92), (1000, 1080), (10_000, 9_700)]) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("points", [[], [(1.0, 1.0)], [(5.0, 1.0), (5.0, 2.0)], [(1.0, 0.0), (2.0, 3.0)]])
def test_no_line_goes_through_fewer_than_two_places(points: list[tuple[float, float]]) -> None:
    assert exponent(points) is None


def test_percentiles_are_samples() -> None:
    samples = list(range(1, 101))
    assert [percentile(samples, share) for share in (0, 0.5, 0.99, 1)] == [1, 50, 99, 100]
    assert percentile([7.0], 0.99) == 7.0
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 0.5)


def test_a_summary_keeps_its_rounds_and_says_how_far_apart_they_lie() -> None:
    assert summary([90, 100, 130]) == {
        "median": 100,
        "least": 90,
        "greatest": 130,
        "spread": 0.4,
        "rounds": [90, 100, 130],
    }


def test_a_rate_counts_what_ended_between_two_moments() -> None:
    assert rate([0.5, 1.0, 1.5, 2.9, 3.0], 1.0, 3.0) == 1.5
