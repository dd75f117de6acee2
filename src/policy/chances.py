"""Exact chances: how likely a family of a known fault rate is suspended, and when.

A judging rule is a Markov chain with few states (faults and passes since the test began), so nothing here is sampled:
the distribution over states is carried forward one submission at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

from ainarres.policy.judging import begin

if TYPE_CHECKING:
    from ainarres.domain.policy import Rule

SUSPENDED = -1
_NEGLIGIBLE = 1e-11
"""Probability below which a state is left out of the sum."""


class Chain:
    """A rule as a table, worked out as far as it is walked: from a state to the one after a pass and after a fault.

    State 0 is the start. The sequential test has a diagonal strip of them, endless but thin.
    """

    def __init__(self, rule: Rule) -> None:
        start = begin(rule)
        self._tests = [start]
        self._known = {start: 0}
        self._moves: dict[int, tuple[int, int]] = {}

    def moves(self, state: int) -> tuple[int, int]:
        """Return the states after a pass and after a fault; ``SUSPENDED`` is one of them."""
        if state not in self._moves:
            self._moves[state] = self._move(state, fault=False), self._move(state, fault=True)
        return self._moves[state]

    def _move(self, state: int, *, fault: bool) -> int:
        after = self._tests[state].step(fault=fault)
        if after.crossed:
            return SUSPENDED
        if after.cleared:
            return 0
        if after not in self._known:
            self._known[after] = len(self._tests)
            self._tests.append(after)
        return self._known[after]


@dataclass(frozen=True, slots=True)
class Chances:
    """What comes of one family."""

    rate: float
    by: tuple[float, ...]
    """Chance of having been suspended by the n-th submission, from the first."""
    between: float
    """Mean submissions from the start to a suspension; infinite where there is none in sight."""

    @property
    def suspended(self) -> float:
        """Chance of a suspension in the whole life."""
        return self.by[-1]

    def quantile(self, share: float) -> int | None:
        """Return the submission by which ``share`` of lives have been suspended; null if that is not reached."""
        return next((n for n, chance in enumerate(self.by, 1) if chance >= share), None)


@lru_cache(maxsize=32)
def chain(rule: Rule) -> Chain:
    """Return the rule's chain. A window of time is not part of it: submissions have no pace here."""
    return Chain(rule)


def chances(rule: Rule, rate: float, submissions: int) -> Chances:
    """Return what comes of a family whose submissions are faulty at ``rate``, over a life of ``submissions``."""
    table = chain(rule)
    now: dict[int, float] = {0: 1.0}
    gone, by = 0.0, []
    for _ in range(submissions):
        after: dict[int, float] = {}
        for state, weight in now.items():
            passed, faulty = table.moves(state)
            after[passed] = after.get(passed, 0.0) + weight * (1 - rate)
            if faulty == SUSPENDED:
                gone += weight * rate
            else:
                after[faulty] = after.get(faulty, 0.0) + weight * rate
        now = {state: weight for state, weight in after.items() if weight > _NEGLIGIBLE}
        by.append(gone)
    return Chances(rate, tuple(by), between(rule, rate))


def between(rule: Rule, rate: float) -> float:
    """Return the mean number of submissions from the start of a test to a suspension.

    By renewal: a test ends after a mean length, in a suspension or back at its start, so the mean is that length over
    the chance of the former.
    """
    if rate == 0:
        return inf
    table, length, crossed = chain(rule), 0.0, 0.0
    now: dict[int, float] = {0: 1.0}
    while now:
        after: dict[int, float] = {}
        for state, weight in now.items():
            length += weight
            for target, share in zip(table.moves(state), (1 - rate, rate), strict=True):
                if target == SUSPENDED:
                    crossed += weight * share
                elif target != 0 or state == 0:
                    after[target] = after.get(target, 0.0) + weight * share
        # a rule that goes nowhere on a pass (strikes) waits in the same state: the weight decays by the faults alone
        now = {state: weight for state, weight in after.items() if weight > _NEGLIGIBLE}
    return length / crossed if crossed else inf
