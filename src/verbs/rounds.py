"""The governance job: what policies ask for and no rejection has drawn. Safe to repeat, and for a timer.

Suspensions that ran out are said to be over, families are judged on the evidence there is, and the watch raises the
flags that policies ask for, each incident once. One round at a time; figures that cannot be read hold up nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import psycopg

from ainarres.domain import events as e
from ainarres.domain.policy import JUDGING, Policy
from ainarres.faults import Fault
from ainarres.projections import catchup, evidence, lookout, reviews, track_record, watch
from ainarres.projections.following import PROJECTIONS
from ainarres.projections.moments import Moment
from ainarres.projections.span import Span
from ainarres.verbs.answer import Answer
from ainarres.verbs.definitions import fact, require
from ainarres.verbs.governing import SQL, Subject, broken, restore, suspended, verdict
from ainarres.verbs.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ainarres.domain.commands import RunGovernance
    from ainarres.projections.watch import Finding, World
    from ainarres.verbs.unit import Row, Unit

FOLLOWED = tuple(PROJECTIONS[name] for name in ("track_record", "reviews", "spend", "watch"))
"""What the watch is told by."""
CUMULATIVE = frozenset({"overspending", "spend", "rubber_stamp"})
"""Rules on sums, which begin anew where the last flag on the family was resolved."""
_UNSOUND = (ValueError, ArithmeticError, LookupError, TypeError)
"""What a definition that this release cannot evaluate raises."""


@dataclass(slots=True)
class _Round:
    """What a round came to."""

    restored: list[dict[str, str]]
    suspended: list[dict[str, Any]] = field(default_factory=list)
    flagged: list[dict[str, Any]] = field(default_factory=list)
    broken: list[dict[str, Any]] = field(default_factory=list)
    unread: str | None = None
    """Why the watch's figures could not be read."""

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("restored", "suspended", "flagged", "broken", "unread")}


def run(unit: Unit, command: RunGovernance) -> Answer:
    """Do one round, or with ``dry_run`` say what it would do."""
    unread = _follow(unit.connection)
    unit.start((SQL["lock_run"], None))
    require(unit, "operator", "running governance")
    unit.read_clock()
    done = _Round(restore(unit), unread=unread)
    standing = [row for row in unit.rows(SQL["standing"]) if row["broken"] is None]
    _judge(unit, done)
    if done.unread is None:
        _watch(unit, done, [row for row in standing if not row["slot"].startswith("judging:")])
    if command.dry_run:
        unit.forget(0)
    return Answer(extra={**done.to_json(), "dry_run": command.dry_run})


def _follow(connection: psycopg.Connection[Any]) -> str | None:
    """Bring along what the watch reads, where a policy watches; return why that cannot be done."""
    standing = catchup.rows(connection, SQL["standing"])
    if all(row["slot"].startswith("judging:") for row in standing):
        return None
    try:
        catchup.ready(connection, FOLLOWED)
    except Fault as error:
        return str(error)
    return None


# -- families ----------------------------------------------------------------------------------------------------------


def _judge(unit: Unit, done: _Round) -> None:
    seen: set[tuple[str, str]] = set()
    for judged in unit.rows(evidence.SQL["judged"]):
        subject = Subject(**judged)
        row = unit.row(SQL["in_force"], subject.parameters())
        if row is None or row["broken"] or (subject.family, subject.capability) in seen or _known_broken(done, row):
            continue
        unit.call((SQL["lock"], subject.parameters()))
        try:
            found = verdict(unit, subject, row)
        except _UNSOUND as error:
            _break(unit, done, row, error)
            continue
        if found is not None:
            seen.add((subject.family, subject.capability))
            told = suspended(unit, subject, found)
            unit.add(told)
            done.suspended.append({"family": subject.family, **told.event.model_dump(mode="json")})


def _known_broken(done: _Round, row: Row) -> bool:
    return any(one["policy"] == row["key"] for one in done.broken)


def _break(unit: Unit, done: _Round, row: Row, error: Exception) -> None:
    said = broken(unit, row, error)
    unit.add(said)
    done.broken.append({"policy": row["key"], **said.event.model_dump(include={"reason"})})


# -- the watch ---------------------------------------------------------------------------------------------------------


def _watch(unit: Unit, done: _Round, standing: list[Row]) -> None:
    told, known = len(unit.facts), list(done.broken)
    unit.call((SQL["aside"], None))
    try:
        view = None
        for row in standing:
            try:
                policy = Policy.from_json(row["definition"])
                if policy.rule.kind in JUDGING or policy.action.flag is None:
                    continue
                view = view or _View(unit)
                _flag(unit, done, policy, view)
            except _UNSOUND as error:
                _break(unit, done, row, error)
    except (psycopg.errors.OperationalError, psycopg.InterfaceError):
        raise
    except (psycopg.Error, Fault) as error:  # the figures, not a policy: families are judged all the same
        unit.call((SQL["put_back"], None))
        unit.forget(told)
        done.flagged, done.broken, done.unread = [], known, str(error).partition("\n")[0]


class _View:
    """The figures that the watch is told, as of one position: all of them, or since another."""

    def __init__(self, unit: Unit) -> None:
        self._connection, self._worlds = unit.connection, dict[int, "World"]()
        for projection in FOLLOWED:
            unit.call((catchup.SQL["hold_tables"], {"projection": projection.name}))
            catchup.check_version(unit.connection, projection)
        self._moment = Moment(min(catchup.tracked(unit.connection, one) for one in FOLLOWED), unit.now)

    def since(self, after: int) -> World:
        """Return what stands, beside the sums since a position."""
        if after not in self._worlds:
            span = Span(self._moment.position, after)
            record = track_record.read(self._connection, span)
            reviewers = reviews.read(self._connection, span).by_family.reviewers
            if self._worlds:
                self._worlds[after] = replace(self._worlds[0], record=record, reviewers=reviewers)
            else:
                self._worlds[after] = lookout.world(self._connection, self._moment, record, reviewers)
        return self._worlds[after]


def _flag(unit: Unit, done: _Round, policy: Policy, view: _View) -> None:
    incidents = dict(_incidents(unit, policy, view))
    asked = {"policy": policy.key, "incidents": list(incidents)}
    known = {row["incident"] for row in unit.rows(SQL["raised"], asked)}
    flag = policy.action.flag
    assert flag is not None
    for incident, finding in incidents.items():
        if incident in known:
            continue
        raised = e.FlagRaised(
            id=new_id(unit.now),
            kind=flag.kind,
            severity=flag.severity,
            gap=finding.text if finding.family or finding.task else f"{finding.subject}: {finding.text}",
            capability=finding.capability,
            policy=policy.key,
            incident=incident,
        )
        stream = f"family-{finding.family}" if finding.family else f"policy-{policy.key}"
        unit.add(fact(unit, stream, raised, subject_family=finding.family, task=finding.task))
        done.flagged.append({"family": finding.family, **raised.model_dump(mode="json")})


def _incidents(unit: Unit, policy: Policy, view: _View) -> Iterator[tuple[str, Finding]]:
    """Yield what a policy finds, each under the name by which it is known again."""
    kinds, thresholds = watch.KINDS[policy.rule.kind], watch.thresholds([policy.rule])

    def found(after: int) -> list[Finding]:
        return [one for one in watch.judge(view.since(after), thresholds) if one.kind in kinds]

    everything = found(0)
    if policy.rule.kind not in CUMULATIVE:
        yield from ((f"{one.subject} {one.incident}", one) for one in everything)
        return
    answered = {row["family"]: row["position"] for row in unit.rows(SQL["answered"], {"policy": policy.key})}
    yield from ((f"{one.subject} {one.incident} since 0", one) for one in everything if one.family not in answered)
    for after in sorted(set(answered.values())):
        for one in found(after):
            if one.family is not None and answered.get(one.family) == after:
                yield f"{one.subject} {one.incident} since {after}", one
