"""The verdict: what a rule makes of the evidence on one family at one capability.

``judge`` is the only evaluation there is. The rejecting verb, the governance job, the back-test and the simulation all
call it, or step the same ``Test`` one piece of evidence at a time.

The sequential test is Wald's (Sequential Tests of Statistical Hypotheses, 1945): the log likelihood ratio of p1 against
p0, an upper boundary log((1-beta)/alpha), a lower one log(beta/(1-alpha)), which starts the test anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, ClassVar, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta
    from uuid import UUID

    from ainarres.domain.policy import Rule, Sequential


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

    up: float
    """What a fault adds to the log likelihood ratio."""
    down: float
    """What a pass adds: it is negative."""
    lower: float
    upper: float
    faults: int = 0
    passes: int = 0

    @classmethod
    def of(cls, rule: Sequential) -> Wald:
        """Return the test of a rule at its start."""
        return cls(
            log(rule.p1 / rule.p0),
            log((1 - rule.p1) / (1 - rule.p0)),
            log(rule.beta / (1 - rule.alpha)),
            log((1 - rule.beta) / rule.alpha),
        )

    @property
    def value(self) -> float:
        """The log likelihood ratio so far."""
        return self.faults * self.up + self.passes * self.down

    @property
    def crossed(self) -> bool:
        """The upper boundary is reached: suspend."""
        return self.value >= self.upper

    @property
    def cleared(self) -> bool:
        """The lower boundary is reached: the family is tolerable, and a new test begins."""
        return self.value <= self.lower

    def step(self, *, fault: bool) -> Wald:
        """Return the test after one more piece of evidence; a test that was cleared begins anew first."""
        faults, passes = (0, 0) if self.cleared else (self.faults, self.passes)
        return Wald(self.up, self.down, self.lower, self.upper, faults + fault, passes + (not fault))


@dataclass(frozen=True, slots=True)
class Count:
    """Faults counted: no pass ever helps."""

    upper: float
    faults: int = 0
    lower: ClassVar[float] = 0.0
    """There is no way down."""

    @property
    def value(self) -> float:
        """Faults so far."""
        return float(self.faults)

    @property
    def crossed(self) -> bool:
        """The threshold is reached."""
        return self.faults >= self.upper

    @property
    def cleared(self) -> bool:
        """Never."""
        return False

    def step(self, *, fault: bool) -> Count:
        """Return the count after one more piece of evidence."""
        return Count(self.upper, self.faults + fault)


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
        return Wald.of(rule.sequential)
    if rule.strikes is not None:
        return Count(float(rule.strikes.threshold))
    raise ValueError(f"rule {rule.kind!r} does not judge submissions")


def judge(rule: Rule, evidence: Iterable[Evidence], now: datetime) -> Verdict:
    """Return the verdict at ``now`` on evidence in the order of its positions, all since the last reset."""
    docket = Docket(rule)
    for one in evidence:
        docket.hear(one)
    return docket.verdict(now)


class Docket:
    """Evidence heard one piece at a time, and the verdict at any moment: what ``judge`` does, without starting over."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._window: timedelta | None = rule.strikes.window if rule.strikes is not None else None
        self._test = begin(rule)
        self._since: list[Evidence] = []
        self._spent = 0
        self.later: list[Evidence] = []
        """What came after a test that was decided against the family: the next one's business."""

    def hear(self, one: Evidence) -> None:
        """Take one more piece of evidence, the newest by position."""
        if self._window is None and self._test.crossed:
            self.later.append(one)
            return
        self._spent = one.position
        if self._test.cleared:
            self._since = []
        self._test = self._test.step(fault=one.fault)
        self._since.append(one)

    def verdict(self, now: datetime) -> Verdict:
        """Return what it comes to at ``now``; a window of time ends there."""
        test, since = self._test, self._since
        if self._window is not None:
            since = [one for one in since if one.at > now - self._window]
            test = begin(self._rule)
            for one in since:
                test = test.step(fault=one.fault)
        cause = tuple(one.position for one in since if one.fault)
        return Verdict(test.crossed, test.value, test.lower, test.upper, len(since), cause, self._spent)
