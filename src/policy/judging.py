"""The verdict: what a rule makes of the evidence on one family at one capability.

``judge`` is the only evaluation there is. The rejecting verb, the governance job, the back-test and the simulation all
call it, or step the same ``Test`` one piece of evidence at a time.

The sequential test is Wald's (Sequential Tests of Statistical Hypotheses, 1945): the log likelihood ratio of p1 against
p0, an upper boundary log((1-beta)/alpha), a lower one log(beta/(1-alpha)), which starts the test anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta
    from uuid import UUID

    from ainarres.domain.policy import Rule, Sequential, Strikes


@dataclass(frozen=True, slots=True)
class Evidence:
    """One submission judged: it passed the next stage, or somebody found it faulty."""

    position: int
    """Of the advance or reject that judged it."""
    at: datetime
    fault: bool
    submission: int
    """Position of the advance that is judged."""
    task: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wald:
    """The sequential test in the middle of an episode."""

    rule: Sequential
    faults: int = 0
    passes: int = 0

    @property
    def boundaries(self) -> tuple[float, float]:
        """Lower and upper boundary of the log likelihood ratio."""
        rule = self.rule
        return log(rule.beta / (1 - rule.alpha)), log((1 - rule.beta) / rule.alpha)

    @property
    def value(self) -> float:
        """The log likelihood ratio so far."""
        rule = self.rule
        return self.faults * log(rule.p1 / rule.p0) + self.passes * log((1 - rule.p1) / (1 - rule.p0))

    @property
    def crossed(self) -> bool:
        """The upper boundary is reached: suspend."""
        return self.value >= self.boundaries[1]

    @property
    def cleared(self) -> bool:
        """The lower boundary is reached: the family is tolerable, and a new test begins."""
        return self.value <= self.boundaries[0]

    def step(self, *, fault: bool) -> Wald:
        """Return the test after one more piece of evidence; a test that is decided begins anew first."""
        start = Wald(self.rule) if self.cleared else self
        return Wald(self.rule, start.faults + fault, start.passes + (not fault))


@dataclass(frozen=True, slots=True)
class Count:
    """Faults counted: no pass ever helps."""

    rule: Strikes
    faults: int = 0

    @property
    def boundaries(self) -> tuple[float, float]:
        """There is no way down; the threshold is the upper boundary."""
        return 0.0, float(self.rule.threshold)

    @property
    def value(self) -> float:
        """Faults so far."""
        return float(self.faults)

    @property
    def crossed(self) -> bool:
        """The threshold is reached."""
        return self.faults >= self.rule.threshold

    @property
    def cleared(self) -> bool:
        """Never."""
        return False

    def step(self, *, fault: bool) -> Count:
        """Return the count after one more piece of evidence."""
        return Count(self.rule, self.faults + fault)


Test: TypeAlias = Wald | Count


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence comes to."""

    suspend: bool
    value: float
    lower: float
    upper: float
    weighed: int
    """Pieces of evidence since the test last began anew."""
    cause: tuple[int, ...]
    """Positions of the faults among them, up to the one that decided."""
    spent: int
    """Position of the newest evidence that was looked at."""


def begin(rule: Rule) -> Test:
    """Return the test at its start. ``rule`` is ``sequential`` or ``strikes``; raises ``ValueError`` for another."""
    if rule.sequential is not None:
        return Wald(rule.sequential)
    if rule.strikes is not None:
        return Count(rule.strikes)
    raise ValueError(f"rule {rule.kind!r} does not judge submissions")


def judge(rule: Rule, evidence: Iterable[Evidence], now: datetime) -> Verdict:
    """Return the verdict at ``now`` on evidence in the order of its positions, all since the last reset."""
    test, since, spent = begin(rule), [], 0
    lower, upper = test.boundaries
    for one in evidence:
        spent = one.position
        if not _counts(rule, one, now):
            continue
        if test.cleared:
            since = []
        test = test.step(fault=one.fault)
        since.append(one)
        if test.crossed:
            break
    cause = tuple(one.position for one in since if one.fault)
    return Verdict(test.crossed, test.value, lower, upper, len(since), cause, spent)


def _counts(rule: Rule, one: Evidence, now: datetime) -> bool:
    window: timedelta | None = rule.strikes.window if rule.strikes is not None else None
    return window is None or one.at > now - window
