"""Governance in verbs: what follows a rejection at once, and what people and auditors do.

A verdict comes after its rejection is appended, in a savepoint: a policy that cannot be evaluated is recorded as broken
and the rejection stands. A suspension is for a while; nothing here grants, and nothing automatic denies for good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors

from ainarres.database.queries import load
from ainarres.domain import duration
from ainarres.domain import events as e
from ainarres.domain.epic import opened
from ainarres.domain.policy import Policy, read_policy
from ainarres.domain.policy import Suspend as SuspendAction
from ainarres.domain.refusal import Refusal
from ainarres.faults import VersionConflict
from ainarres.policy.judging import Evidence, Verdict, judge
from ainarres.projections import board, evidence
from ainarres.verbs.answer import Answer
from ainarres.verbs.definitions import fact, known, read_or_halt, require
from ainarres.verbs.ids import new_id
from ainarres.verbs.unit import Halt

if TYPE_CHECKING:
    from ainarres.domain.commands import AdoptPolicy, RaiseFlag, ResolveFlag, Suspend
    from ainarres.domain.fact import Fact
    from ainarres.verbs.unit import Row, Unit

SQL = load("ainarres.verbs", "governing.sql")
_NOT_OURS = (
    VersionConflict,
    errors.UniqueViolation,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.OperationalError,
    psycopg.InterfaceError,
)
"""Trouble that says nothing about the policy: the whole verb is tried again, or has failed anyway."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a verdict is about: a family at a capability, on tasks of a workflow."""

    family: str
    capability: str
    workflow: str

    def parameters(self) -> dict[str, Any]:
        """Return the subject as parameters of statements."""
        return {"family": self.family, "capability": self.capability, "feature": self.capability} | {
            "workflow": self.workflow
        }


@dataclass(frozen=True, slots=True)
class Due:
    """A suspension that a policy asks for."""

    policy: str
    version: int
    action: SuspendAction
    verdict: Verdict
    n: int


# -- the verdict ------------------------------------------------------------------------------------------------------


def reflect(unit: Unit, rejection: Fact, workflow: str) -> None:
    """Append what the unit holds, a rejection among it, and then what the policy in force makes of it."""
    event = rejection.event
    assert isinstance(event, e.TaskRejected)
    if event.producer_family is None or event.producer_capability is None:
        return
    subject = Subject(event.producer_family, event.producer_capability, workflow)
    unit.call((SQL["lock"], subject.parameters()))
    place = len(unit.facts) - 1 - [id(one) for one in reversed(unit.facts)].index(id(rejection))
    unit.flush()
    row = unit.row(SQL["in_force"], subject.parameters())
    if row is None or row["broken"] is not None:
        return
    told = len(unit.facts)
    unit.call((SQL["aside"], None))
    try:
        found = verdict(unit, subject, row)
        if found is not None:
            unit.add(suspended(unit, subject, found, causation=unit.positions[place]))
            unit.flush()
    except _NOT_OURS:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a policy, the rejection stands
        unit.call((SQL["put_back"], None))
        unit.forget(told)
        unit.add(broken(unit, row, error))
        unit.flush()


def verdict(unit: Unit, subject: Subject, row: Row) -> Due | None:
    """Return the suspension that is due; null where none is.

    ``row`` is of the policy in force. Raises whatever is wrong with its definition.
    """
    policy = Policy.from_json(row["definition"])
    wanted = subject.parameters()
    if policy.action.suspend is None or unit.row(SQL["denied"], {**wanted, "now": unit.now}) is not None:
        return None
    past = unit.rows(SQL["past"], wanted)[0]
    after = max(row["after"], past["after"])
    wanted |= {"after": after, "workflow": policy.scope.workflow}
    found = judge(policy.rule, (Evidence(**one) for one in unit.rows(evidence.SQL["since"], wanted)), unit.now)
    if not found.suspend:
        return None
    return Due(row["key"], row["version"], policy.action.suspend, found, past["times"] + 1)


def suspended(unit: Unit, subject: Subject, due: Due, **more: Any) -> Fact:
    """Return the fact of a suspension that is due."""
    lasts, found = due.action.lasts(due.n), due.verdict
    reason = f"{due.policy}: {len(found.cause)} faults in {found.weighed} submissions; {duration.text(lasts)}"
    event = e.CapabilitySuspended(
        feature=subject.capability,
        until=unit.now + lasts,
        n=due.n,
        policy=due.policy,
        policy_version=due.version,
        cause=found.cause,
        after=found.spent,
        holds=due.action.holds,
        reason=reason,
    )
    return fact(unit, f"family-{subject.family}", event, subject_family=subject.family, **more)


def broken(unit: Unit, row: Row, error: Exception) -> Fact:
    """Return the fact that a policy cannot be evaluated."""
    said = f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]
    event = e.PolicyBroken(key=row["key"], version=row["version"], reason=said)
    return fact(unit, f"policy-{row['key']}", event)


def restore(unit: Unit, family: str | None = None) -> list[dict[str, str]]:
    """Say of suspensions that ran out that they are over, of one family or of all; the unit has begun."""
    rows = [r for r in unit.rows(SQL["over"], {"now": unit.now}) if family in (None, r["family"])]
    for row in rows:
        event = e.CapabilityRestored(feature=row["feature"])
        unit.add(fact(unit, f"family-{row['family']}", event, subject_family=row["family"]))
    return [{"family": row["family"], "feature": row["feature"]} for row in rows]


def observe(unit: Unit) -> None:
    """Append that the caller's suspensions are over, if one is; best effort, in a unit of its own."""
    try:
        unit.start()
        restore(unit, unit.caller.family)
        unit.finish()
    except (Halt, VersionConflict, errors.UniqueViolation):
        unit.rollback()


# -- what people do ---------------------------------------------------------------------------------------------------


def adopt_policy(unit: Unit, command: AdoptPolicy) -> Answer:
    """Give a policy force under the next version number, in place of whatever decided the same before."""
    policy = read_or_halt(read_policy(command.text, command.source))
    unit.start()
    require(unit, "human", "adopting a policy")
    newest = unit.row(SQL["policy"], {"key": policy.key})
    standing = next((row for row in unit.rows(SQL["standing"]) if row["slot"] == policy.slot), None)
    same = newest is not None and newest["digest"] == policy.digest() and newest["broken"] is None
    if same and newest is not None and standing is not None and standing["key"] == policy.key:
        return Answer(extra={"policy": policy.key, "version": newest["version"], "changed": False})
    version = 1 if newest is None else newest["version"] + 1
    adopted = e.PolicyAdopted(
        key=policy.key,
        version=version,
        digest=policy.digest(),
        definition=policy.to_json(),
        slot=policy.slot,
        after=unit.rows(evidence.SQL["newest"])[0]["position"],
    )
    unit.add(fact(unit, f"policy-{policy.key}", adopted))
    replaced = standing["key"] if standing is not None and standing["key"] != policy.key else None
    return Answer(extra={"policy": policy.key, "version": version, "changed": True, "replaces": replaced})


def suspend(unit: Unit, command: Suspend) -> Answer:
    """Deny a family a capability for a while, by a person's word."""
    unit.start((SQL["lock"], {"family": command.family, "capability": command.feature}))
    require(unit, "human", "suspending a capability")
    known(unit, command.family, command.feature)
    unit.read_clock()
    subject = Subject(command.family, command.feature, "")
    if unit.row(SQL["denied"], {**subject.parameters(), "now": unit.now}) is not None:
        text = f"{command.family} is denied {command.feature} already; see `ainarres families`"
        raise Halt(Refusal("conflict", text))
    past = unit.rows(SQL["past"], subject.parameters())[0]
    event = e.CapabilitySuspended(
        feature=command.feature,
        until=unit.now + duration.parse(command.period),
        n=past["times"] + 1,
        policy=None,
        policy_version=None,
        cause=(),
        after=unit.rows(evidence.SQL["newest"])[0]["position"],
        holds=command.holds,
        reason=command.reason,
    )
    unit.add(fact(unit, f"family-{command.family}", event, subject_family=command.family))
    return Answer(extra={"family": command.family, "feature": command.feature, "until": event.until})


def raise_flag(unit: Unit, command: RaiseFlag) -> Answer:
    """Tell a person of a family's gap; an auditor's act, which has no consequence by itself."""
    unit.start()
    _auditor(unit)
    known(unit, command.family, *filter(None, [command.capability]), field="capability")
    from ainarres.verbs.tasks import resolve, unknown  # noqa: PLC0415 - tasks ask for verdicts of this module

    if command.task is not None and command.epic is not None:
        raise Halt(Refusal("invalid", "epic: a flag is about a task or an epic; leave one out", {"field": "epic"}))
    shows = command.task or command.epic  # an epic is known by its brief
    task = resolve(unit, shows) if shows is not None else None
    row = unit.row(board.SQL["one"], {"task": task}) if task is not None else None
    if task is not None and row is None:
        raise Halt(unknown(str(shows)))
    if row is not None and command.epic is not None and (refused := opened(board.from_row(row))):
        raise Halt(refused)
    flag = e.FlagRaised(
        id=new_id(unit.now),
        kind=command.kind,
        severity=command.severity,
        gap=command.gap,
        capability=command.capability,
        policy=None,
        incident=None,
    )
    unit.add(fact(unit, f"family-{command.family}", flag, subject_family=command.family, task=task))
    return Answer(extra={"flag": str(flag.id), "family": command.family})


def resolve_flag(unit: Unit, command: ResolveFlag) -> Answer:
    """Close a flag with a reason: an auditor's or a person's act."""
    unit.start()
    if not unit.caller.may("human"):
        _auditor(unit)
    row = _flag(unit, command.flag)
    if unit.caller.scope == "agent" and row["family"] == unit.caller.family:
        text = f"the flag is on {row['family']}, your own family; another family's auditor or a person may resolve it"
        raise Halt(Refusal("not_eligible", text, {"missing": ["human"]}))
    if row["resolved_at"] is None:
        closed = e.FlagResolved(id=row["id"], reason=command.reason)
        stream = f"family-{row['family']}" if row["family"] else f"policy-{row['policy']}"
        unit.add(fact(unit, stream, closed, subject_family=row["family"], task=row["task"]))
    return Answer(extra={"flag": str(row["id"])})


def _flag(unit: Unit, typed: str) -> Row:
    """Return the flag meant by an id, or by a unique prefix or suffix of one (4 digits at least)."""
    digits = typed.strip().removeprefix("…").replace("-", "").lower()
    if not re.fullmatch("[0-9a-f]{4,32}", digits):
        cure = "a flag's id is 32 hexadecimal digits, of which 4 or more will do: `ainarres flag list`"
        raise Halt(Refusal("not_found", f"no flag {typed!r}; {cure}", {"field": "flag"}))
    found = unit.rows(SQL["flags_named"], {"typed": digits})
    if not found:
        raise Halt(Refusal("not_found", f"no flag {typed!r}; `ainarres flag list` names them", {"field": "flag"}))
    if len(found) > 1:
        raise Halt(Refusal("invalid", f"flag: {typed!r} fits more than one flag; type more of it", {"field": "flag"}))
    return found[0]


def _auditor(unit: Unit) -> None:
    if unit.caller.scope != "agent" or "role:auditor" not in unit.caller.features:
        text = "flags are an auditor's: this needs a credential of scope agent whose family is granted role:auditor"
        raise Halt(Refusal("not_eligible", text, {"missing": ["role:auditor"]}))
