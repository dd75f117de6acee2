"""What a policy would do to families of known fault rates: sampled lives beside the exact chances.

Lives are sampled because a person believes what was played through; the curve is exact (``ainarres.policy.chances``).
The strikes rule stands beside every figure, because it is what most boards do.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from statistics import median
from typing import TYPE_CHECKING, Any

from ainarres.domain.policy import Rule, Strikes
from ainarres.policy.chances import Chances, chances
from ainarres.policy.judging import begin
from ainarres.projections.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ainarres.domain.policy import Policy

STRIKES = Rule(strikes=Strikes())
CURVE = (0.01, 0.02, 0.03, 0.05, 0.075, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40)
"""Fault rates of the curve."""


@dataclass(frozen=True, slots=True)
class Lives:
    """Lives played through of families with one fault rate."""

    rate: float
    runs: int
    suspended: int
    detected: float | None
    """Median submissions to the suspension, of lives that met one."""
    exact: Chances
    strikes: Chances

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON values."""
        low, high = wilson(self.suspended, self.runs) or (0.0, 1.0)
        return {
            "rate": self.rate,
            "runs": self.runs,
            "suspended": self.suspended,
            "suspended_share": self.suspended / self.runs,
            "interval": [low, high],
            "median_submissions": self.detected,
            "exact": _exact(self.exact),
            "strikes": _exact(self.strikes),
        }


@dataclass(frozen=True, slots=True)
class Simulation:
    """A policy put to the test."""

    policy: str
    submissions: int
    lives: tuple[Lives, ...]
    curve: tuple[Chances, ...]
    strikes: tuple[Chances, ...]

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "policy": self.policy,
            "submissions": self.submissions,
            "families": [one.to_json() for one in self.lives],
            "curve": [
                {**_exact(one), "strikes": _exact(other)} for one, other in zip(self.curve, self.strikes, strict=True)
            ],
        }

    def text(self) -> str:
        """Write everything for a person."""
        lines = [f"policy {self.policy}: lives of {self.submissions} submissions, beside three strikes for ever"]
        for one in self.lives:
            low, high = wilson(one.suspended, one.runs) or (0.0, 1.0)
            median_ = "never" if one.detected is None else f"after {one.detected:g} submissions (median)"
            lines.append(
                f"- a {one.rate:.1%} family: {one.suspended}/{one.runs} lives suspended"
                f" ({one.suspended / one.runs:.2%}, 95 % {low:.2%} to {high:.2%}; exactly {one.exact.suspended:.3%}),"
                f" {median_}; strikes: {one.strikes.suspended:.1%}"
            )
        lines.append("faults   suspended   median   mean submissions between suspensions   (strikes)")
        lines += [_row(one, other) for one, other in zip(self.curve, self.strikes, strict=True)]
        return "\n".join(lines)


def simulate(
    policy: Policy, rates: Sequence[float], *, submissions: int, runs: int, uniform: Callable[[], float]
) -> Simulation:
    """Play ``runs`` lives of ``submissions`` for each rate; ``uniform`` draws from [0, 1).

    Raises ``ValueError`` for a policy whose rule does not judge submissions.
    """
    lives = tuple(_lives(policy.rule, rate, submissions, runs, uniform) for rate in rates)
    curve = tuple(chances(policy.rule, rate, submissions) for rate in CURVE)
    return Simulation(policy.key, submissions, lives, curve, tuple(chances(STRIKES, r, submissions) for r in CURVE))


def _lives(rule: Rule, rate: float, submissions: int, runs: int, uniform: Callable[[], float]) -> Lives:
    ends = [_life(rule, rate, submissions, uniform) for _ in range(runs)]
    met = [end for end in ends if end is not None]
    exact, strikes = chances(rule, rate, submissions), chances(STRIKES, rate, submissions)
    return Lives(rate, runs, len(met), median(met) if met else None, exact, strikes)


def _life(rule: Rule, rate: float, submissions: int, uniform: Callable[[], float]) -> int | None:
    """Return the submission that met the suspension; null for a life without."""
    test = begin(rule)
    for number in range(1, submissions + 1):
        test = test.step(fault=uniform() < rate)
        if test.crossed:
            return number
    return None


def _exact(one: Chances) -> dict[str, Any]:
    mean = one.between if isfinite(one.between) else None
    return {
        "rate": one.rate,
        "suspended_share": one.suspended,
        "median_submissions": one.quantile(0.5),
        "mean_submissions_between": mean,
    }


def _row(one: Chances, other: Chances) -> str:
    median_ = one.quantile(0.5) or "-"
    ours = f"{one.rate:6.1%} {one.suspended:11.4%} {median_:>8} {_mean(one.between):>39}"
    return f"{ours}   {other.suspended:.1%}, {_mean(other.between)}"


def _mean(value: float) -> str:
    return f"{value:,.0f}" if isfinite(value) else "never"
