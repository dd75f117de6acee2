"""A policy tried on history: whom it would have suspended, when, for how long, on what evidence.

What the ledger holds is replayed in order of position, people's acts among it; the verdict is the live one's. Work that
a family claimed while it would have been suspended would have gone to others: it is counted, and its evidence left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import merge
from typing import TYPE_CHECKING, Any

from ainarres.policy.judging import Docket, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from ainarres.domain.policy import Policy

Subject = tuple[str, str]
"""Family and capability."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Evidence, whom it is about, and when the submission was claimed."""

    evidence: Evidence
    family: str
    capability: str
    workflow: str
    claimed_at: datetime | None

    @property
    def position(self) -> int:
        """Its place in the ledger."""
        return self.evidence.position


@dataclass(frozen=True, slots=True)
class Act:
    """A person's act on a family's capability: ``suspended``, ``revoked`` or ``lifted``."""

    position: int
    at: datetime
    family: str
    capability: str
    kind: str
    until: datetime | None = None
    after: int = 0


@dataclass(slots=True)
class Suspension:
    """One that the policy would have pronounced."""

    family: str
    capability: str
    since: datetime
    until: datetime
    n: int
    cause: tuple[int, ...]
    after: int
    lifted_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        names = ("family", "capability", "since", "until", "n", "lifted_at")
        return {name: getattr(self, name) for name in names} | {"cause": list(self.cause)}


@dataclass(slots=True)
class Backtest:
    """What came of it."""

    suspensions: list[Suspension] = field(default_factory=list)
    rerouted: dict[Subject, int] = field(default_factory=dict)
    """Submissions claimed while their family would have been suspended."""
    weighed: int = 0


@dataclass(slots=True)
class _Standing:
    docket: Docket
    denied_until: datetime | None = None
    revoked: bool = False
    unlifted: int = 0
    told: list[tuple[datetime, datetime]] = field(default_factory=list)
    after: int = 0


def backtest(policy: Policy, evidence: Iterable[Judged], acts: Iterable[Act], *, after: int = 0) -> Backtest:
    """Replay evidence and acts, each in order of position; evidence up to ``after`` is not the policy's business.

    Raises ``ValueError`` for a policy whose rule does not judge submissions.
    """
    found, standings = Backtest(), dict[Subject, _Standing]()
    for one in _in_order(evidence, acts):
        subject = one.family, one.capability
        if subject not in standings:
            standings[subject] = _Standing(Docket(policy.rule), after=after)
        standing = standings[subject]
        if isinstance(one, Act):
            _act(found, standing, policy, one)
        elif _covers(policy, one):
            _weigh(found, standing, policy, one)
    return found


def _in_order(evidence: Iterable[Judged], acts: Iterable[Act]) -> Iterator[Judged | Act]:
    return merge(evidence, acts, key=lambda one: one.position)


def _covers(policy: Policy, one: Judged) -> bool:
    scope = policy.scope
    return scope.capability in (None, one.capability) and scope.workflow in (None, one.workflow)


def _act(found: Backtest, standing: _Standing, policy: Policy, act: Act) -> None:
    if act.kind == "revoked":
        standing.revoked = True
    elif act.kind == "suspended":
        assert act.until is not None
        standing.denied_until = act.until
        standing.unlifted += 1
        _reset(standing, policy, act.after)
    else:
        standing.revoked = False
        if standing.denied_until is not None and standing.denied_until > act.at:
            standing.denied_until = None
            standing.unlifted -= 1
            _lift(found, standing, act)


def _lift(found: Backtest, standing: _Standing, act: Act) -> None:
    for one in reversed(found.suspensions):
        if (one.family, one.capability) == (act.family, act.capability) and one.until > act.at:
            one.lifted_at = act.at
            standing.told[-1] = one.since, act.at
            return


def _weigh(found: Backtest, standing: _Standing, policy: Policy, one: Judged) -> None:
    if one.evidence.submission <= standing.after:
        return
    if one.claimed_at is not None and any(since <= one.claimed_at < until for since, until in standing.told):
        subject = one.family, one.capability
        found.rerouted[subject] = found.rerouted.get(subject, 0) + 1
        return
    found.weighed += 1
    standing.docket.hear(one.evidence)
    now, suspend = one.evidence.at, policy.action.suspend
    if not one.evidence.fault or suspend is None or standing.revoked:
        return
    if standing.denied_until is not None and standing.denied_until > now:
        return
    verdict = standing.docket.verdict(now)
    if not verdict.suspend:
        return
    standing.unlifted += 1
    until = now + suspend.lasts(standing.unlifted)
    told = Suspension(one.family, one.capability, now, until, standing.unlifted, verdict.cause, verdict.spent)
    found.suspensions.append(told)
    standing.denied_until = until
    standing.told.append((now, until))
    _reset(standing, policy, verdict.spent)


def _reset(standing: _Standing, policy: Policy, after: int) -> None:
    later, standing.docket = standing.docket.later, Docket(policy.rule)
    standing.after = max(standing.after, after)
    for one in later:
        if one.submission > standing.after:
            standing.docket.hear(one)
