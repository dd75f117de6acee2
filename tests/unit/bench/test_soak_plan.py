"""The soak's own logic: the same seed gives the same plan, and a failing plan is made small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.soak import faults
from bench.soak.shrink import minimise

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = list(faults.KINDS)


def test_the_same_seed_gives_the_same_plan_and_another_another() -> None:
    assert faults.plan(7, 100, 60.0, KINDS) == faults.plan(7, 100, 60.0, KINDS)
    assert faults.plan(7, 100, 60.0, KINDS) != faults.plan(8, 100, 60.0, KINDS)


def test_a_plan_has_every_kind_and_is_spread_over_the_time() -> None:
    plan = faults.plan(1, 200, 600.0, KINDS)
    assert {one.kind for one in plan[: len(KINDS)]} == set(KINDS)
    assert [one.number for one in plan] == list(range(200))
    assert [one.at for one in plan] == sorted(one.at for one in plan)
    assert 590 < plan[-1].at < 600


def test_what_fails_because_of_two_faults_is_brought_down_to_those_two() -> None:
    def fails(part: Sequence[int]) -> bool:
        return {17, 61} <= set(part)

    assert minimise(list(range(80)), fails, lambda: False) == [17, 61]


def test_what_fails_without_any_fault_is_told_so() -> None:
    assert minimise(list(range(80)), lambda _: True, lambda: False) == []


def test_when_time_is_up_what_is_known_to_fail_is_kept() -> None:
    assert minimise([1, 2, 3], lambda _: True, lambda: True) == [1, 2, 3]
