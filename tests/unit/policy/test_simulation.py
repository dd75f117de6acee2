"""The stock policy is fair: its figures, against a computation of the same chances by another road."""

from __future__ import annotations

from functools import lru_cache
from math import comb, log
from random import Random
from xml.etree import ElementTree as ET

import pytest

from ainarres import stock
from ainarres.domain.policy import Policy, read_policy
from ainarres.policy.chances import chances
from ainarres.policy.plot import svg
from ainarres.policy.simulation import simulate
from ainarres.projections.intervals import wilson

LIFE = 500


@lru_cache
def policy(name: str) -> Policy:
    read = read_policy(stock.read("policy", name), name)
    assert isinstance(read, Policy)
    return read


def wald_by_paths(rate: float, life: int) -> list[float]:
    """Chance of crossing by each submission, by renewal: first count the paths of one episode, then string episodes.

    ``cross[t]`` and ``clear[t]`` are the chances that one test ends at its t-th piece of evidence; a life is a number
    of cleared tests and then one that crosses, so the answer is a convolution.
    """
    up, down = log(0.4 / 0.1), log(0.6 / 0.9)
    upper, lower = log(0.95 / 0.005), log(0.05 / 0.995)
    cross, clear = [0.0] * (life + 1), [0.0] * (life + 1)
    paths = {0: 1}  # faults so far -> paths still between the boundaries
    for t in range(1, life + 1):
        after: dict[int, int] = {}
        for faults, ways in paths.items():
            for more in (0, 1):
                k, m = faults + more, t - faults - more
                chance = ways * rate**k * (1 - rate) ** m
                if k * up + m * down >= upper:
                    cross[t] += chance
                elif k * up + m * down <= lower:
                    clear[t] += chance
                else:
                    after[k] = after.get(k, 0) + ways
        paths = after
    first = [0.0] * (life + 1)
    starts = [1.0] + [0.0] * life  # chance that a test begins after t submissions
    for t in range(1, life + 1):
        starts[t] = sum(starts[s] * clear[t - s] for s in range(t))
        first[t] = sum(starts[s] * cross[t - s] for s in range(t))
    total, by = 0.0, []
    for chance in first[1:]:
        total += chance
        by.append(total)
    return by


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.1, 0.2, 0.4])
def test_the_chain_agrees_with_counting_paths(rate: float) -> None:
    found = chances(policy("sequential").rule, rate, LIFE)
    assert found.by == pytest.approx(wald_by_paths(rate, LIFE), abs=1e-6)


@pytest.mark.parametrize("rate", [0.01, 0.05])
def test_the_strikes_rule_agrees_with_the_binomial(rate: float) -> None:
    fewer = sum(comb(LIFE, k) * rate**k * (1 - rate) ** (LIFE - k) for k in range(3))
    found = chances(policy("strikes").rule, rate, LIFE)
    assert found.suspended == pytest.approx(1 - fewer, abs=1e-8)
    assert found.between == pytest.approx(3 / rate)


def test_lifetime_strikes_punish_volume_and_ours_does_not() -> None:
    """A family of 1 % faults is banned every 300 deliveries by lifetime strikes; a 5 % one surely in 500."""
    ours, theirs = policy("sequential").rule, policy("strikes").rule
    assert chances(ours, 0.01, LIFE).suspended <= 0.001
    assert chances(ours, 0.05, LIFE).suspended <= 0.01
    assert chances(theirs, 0.01, LIFE).suspended == pytest.approx(0.88, abs=0.005)
    assert chances(theirs, 0.05, LIFE).suspended == pytest.approx(1.0, abs=1e-6)


def test_a_bad_family_is_found_within_twenty_submissions() -> None:
    assert (chances(policy("sequential").rule, 0.4, LIFE).quantile(0.5) or LIFE) <= 20


def test_sampled_lives_agree_with_the_chances() -> None:
    told = simulate(policy("sequential"), [0.1, 0.4], submissions=200, runs=400, uniform=Random(7).random)
    for one in told.lives:
        low, high = wilson(one.suspended, one.runs) or (0.0, 1.0)
        assert low - 0.02 <= one.exact.suspended <= high + 0.02
    assert told.lives[1].detected is not None
    assert abs(told.lives[1].detected - (told.lives[1].exact.quantile(0.5) or 0)) <= 3
    assert "strikes" in told.text()
    drawn = ET.fromstring(svg(told))
    assert len(drawn.findall("{*}polyline")) == 2
    assert told.to_json()["curve"][0]["mean_submissions_between"] > 1e6
