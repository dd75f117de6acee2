"""What an answer said beside its task, told again from the facts that its command appended.

A repeat reads its own events, never the tables as they stand now: the world has moved on since. Only what no event kept
is missing from it: a token, and which tasks were held when others were migrated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from ainarres.database.queries import load
from ainarres.domain import commands as c
from ainarres.domain import events as e
from ainarres.domain.family import read_families
from ainarres.domain.project import read_project
from ainarres.verbs import creating, verdicts
from ainarres.verbs.definitions import changed_family, changed_project, read_or_halt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

    from ainarres.domain.fact import Fact

Extra = dict[str, Any]
SQL = load("ainarres.verbs", "recalling.sql")


def beside(connection: psycopg.Connection[Any], command: c.Command, facts: Sequence[Fact], first: int) -> Extra:
    """Return what the answer to ``command`` said beside the task; ``first`` is the position of its first fact."""
    facts = [fact for fact in facts if not isinstance(fact.event, e.InstructionGiven)] or facts
    if isinstance(command, c.Done):
        return {"done": str(facts[0].task)} if command.claim_next else {}
    if isinstance(command, (c.CreateGraph, c.Apply)):
        return creating.posted(command, [str(fact.task) for fact in facts])
    if isinstance(command, c.AdoptProject):
        return _project(connection, command, facts, first)
    if isinstance(command, c.AdoptPolicy):
        return _policy(connection, facts, first)
    told = _TOLD.get(type(command))
    return told(command, facts) if told is not None else {}


def _project(connection: psycopg.Connection[Any], command: c.AdoptProject, facts: Sequence[Fact], first: int) -> Extra:
    project = read_or_halt(read_project(command.text, command.source))
    named = [f"{project.key}/{lane.key}" for lane in project.lanes]
    left = connection.execute(SQL["left"], {"project": project.key, "named": named, "before": first}).fetchall()
    return {"project": project.key, "changed": [changed_project(fact) for fact in facts], "left": [r[0] for r in left]}


def _families(command: c.AdoptFamilies, facts: Sequence[Fact]) -> Extra:
    families = read_or_halt(read_families(command.text, command.source))
    return {"families": [one.key for one in families], "changed": [changed_family(fact) for fact in facts]}


def _policy(connection: psycopg.Connection[Any], facts: Sequence[Fact], first: int) -> Extra:
    adopted = facts[0].event
    assert isinstance(adopted, e.PolicyAdopted)
    with connection.cursor(row_factory=dict_row) as cursor:
        standing = cursor.execute(SQL["standing"], {"slot": adopted.slot, "before": first}).fetchone()
    replaced = standing["key"] if standing is not None and standing["key"] != adopted.key else None
    return {"policy": adopted.key, "version": adopted.version, "changed": True, "replaces": replaced}


def _opened(_: c.OpenLedger, facts: Sequence[Fact]) -> Extra:
    opened = facts[0].event
    assert isinstance(opened, e.LedgerOpened)
    return {"ledger": str(opened.id)}


def _workflow(_: c.AdoptWorkflow, facts: Sequence[Fact]) -> Extra:
    adopted = facts[0].event
    assert isinstance(adopted, e.WorkflowAdopted)
    return {"workflow": adopted.key, "version": adopted.version, "changed": True}


def _card(_: c.AdoptCard, facts: Sequence[Fact]) -> Extra:
    adopted = facts[0].event
    assert isinstance(adopted, e.CardAdopted)
    return {"card": adopted.role, "version": adopted.version, "changed": True}


def _migrated(command: c.MigrateTasks, facts: Sequence[Fact]) -> Extra:
    first = facts[0].event
    assert isinstance(first, e.TaskMigrated)
    moved = [str(fact.task) for fact in facts]
    return {"workflow": command.workflow, "version": first.workflow_version, "moved": moved}


def _issued(_: c.IssueToken, facts: Sequence[Fact]) -> Extra:
    issued = facts[0].event
    assert isinstance(issued, e.CredentialIssued)
    return {"credential": issued.id, "agent": issued.agent, "expires_at": issued.expires_at}


def _narrowed(command: c.NarrowToken, facts: Sequence[Fact]) -> Extra:
    narrowed = facts[0].event
    assert isinstance(narrowed, e.CredentialNarrowed)
    return {"credential": command.credential, "narrowing": list(narrowed.narrowing)}


def _lane(_: c.PauseLane | c.ResumeLane, facts: Sequence[Fact]) -> Extra:
    lane = facts[0].stream.removeprefix("lane-")
    return {"lane": lane, "paused": isinstance(facts[0].event, e.LanePaused)}


def _suspended(command: c.Suspend, facts: Sequence[Fact]) -> Extra:
    suspended = facts[0].event
    assert isinstance(suspended, e.CapabilitySuspended)
    return {"family": command.family, "feature": command.feature, "until": suspended.until}


def _governed(command: c.RunGovernance, facts: Sequence[Fact]) -> Extra:
    acts: Extra = {
        "restored": [],
        "suspended": [],
        "flagged": [],
        "broken": [],
        "unread": None,
        "dry_run": command.dry_run,
    }
    for fact in facts:
        family = fact.stream.removeprefix("family-")
        match fact.event:
            case e.CapabilityRestored(feature=feature):
                acts["restored"].append({"family": family, "feature": feature})
            case e.CapabilitySuspended():
                acts["suspended"].append({"family": family, **fact.event.model_dump(mode="json")})
            case e.FlagRaised():
                acts["flagged"].append({"family": fact.subject_family, **fact.event.model_dump(mode="json")})
            case e.PolicyBroken(key=key, reason=reason):
                acts["broken"].append({"policy": key, "reason": reason})
    return acts


def _flag(_: c.RaiseFlag, facts: Sequence[Fact]) -> Extra:
    raised = facts[0].event
    assert isinstance(raised, e.FlagRaised)
    return {"flag": str(raised.id), "family": facts[0].stream.removeprefix("family-")}


def _resolved(_: c.ResolveFlag, facts: Sequence[Fact]) -> Extra:
    closed = facts[0].event
    assert isinstance(closed, e.FlagResolved)
    return {"flag": str(closed.id)}


_TOLD: dict[type[c.Command], Callable[[Any, Sequence[Fact]], Extra]] = {
    c.AdoptFamilies: _families,
    c.AdoptWorkflow: _workflow,
    c.AdoptCard: _card,
    c.MigrateTasks: _migrated,
    c.IssueToken: _issued,
    c.NarrowToken: _narrowed,
    c.RevokeToken: lambda command, _: {"credential": command.credential},
    c.PauseLane: _lane,
    c.ResumeLane: _lane,
    c.Stop: lambda _, facts: {"paused": [fact.stream.removeprefix("lane-") for fact in facts]},
    c.RevokeCapability: lambda command, _: {"family": command.family, "feature": command.feature},
    c.LiftDenial: lambda command, _: {"family": command.family, "feature": command.feature},
    c.Suspend: _suspended,
    c.RunGovernance: _governed,
    c.RaiseFlag: _flag,
    c.ResolveFlag: _resolved,
    c.OpenLedger: _opened,
    c.Verdict: lambda _, facts: verdicts.told(facts) | {"changed": True},
    c.Instruct: lambda command, _: {"position_of_act": command.position},
}
