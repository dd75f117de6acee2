"""The verbs on one task, held or not: lock its row, decide, append."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ainarres.domain import creating, holding, moving, parking
from ainarres.domain.commands import (
    Advance,
    Amend,
    Block,
    Cancel,
    Command,
    Heartbeat,
    Note,
    Progress,
    Reject,
    Release,
    Unblock,
    Waive,
)
from ainarres.domain.events import CredentialExtended, TaskCancelled
from ainarres.domain.fact import Fact
from ainarres.domain.refusal import Refusal
from ainarres.projections import board
from ainarres.verbs.answer import Answer
from ainarres.verbs.unit import Halt

if TYPE_CHECKING:
    from collections.abc import Callable

    from ainarres.domain.context import Context
    from ainarres.domain.story import Decision
    from ainarres.domain.task import Task
    from ainarres.verbs.unit import Unit

GRACE = timedelta(minutes=10)
"""A holder's credential outlives its lease by this much."""
LIFE_CAP = timedelta(hours=24)
"""No credential lives longer than this, however long its holder works."""
_DECIDERS: dict[type[Command], Callable[[Task, Any, Context], Decision | Refusal]] = {
    Progress: holding.progress,
    Reject: moving.reject,
    Release: parking.release,
    Block: parking.block,
    Cancel: parking.cancel,
    Note: creating.note,
    Waive: creating.waive,
}
"""Verbs whose decider needs the task, the command and the context alone."""
_SHORTEST = 4
_HEX = frozenset("0123456789abcdef")


def resolve(unit: Unit, typed: str) -> UUID:
    """Return the task meant by an id, or by a unique prefix or suffix of one (4 digits at least)."""
    text = typed.strip().removeprefix("…").removeprefix("task-").replace("-", "").lower()
    try:
        return UUID(text)
    except ValueError:
        pass
    if len(text) < _SHORTEST or not _HEX.issuperset(text):
        raise Halt(unknown(typed, f"a task id is 32 hexadecimal digits, of which {_SHORTEST} or more will do"))
    found = unit.rows(board.SQL["resolve"], {"typed": text})
    if not found:
        raise Halt(unknown(typed))
    if len(found) > 1:
        raise Halt(Refusal("invalid", f"task: {typed!r} fits more than one task; type more of it", {"field": "task"}))
    task = found[0]["task"]
    assert isinstance(task, UUID)
    return task


def unknown(typed: str, cure: str = "`ainarres board` lists them") -> Refusal:
    """Refuse a task that is not there."""
    return Refusal("not_found", f"no task {typed!r}; {cure}", {"field": "task"})


def lock(unit: Unit, typed: str) -> Task:
    """Start the unit with the task's row locked and return the task."""
    rows = unit.start((board.SQL["lock"], {"task": resolve(unit, typed)}))[0]
    if not rows:
        raise Halt(unknown(typed))
    return board.from_row(rows[0])


def run(unit: Unit, command: Any) -> Answer:
    """Execute a verb on one task."""
    task = lock(unit, command.task)
    decision = unit.take(_decide(unit, task, command))
    if isinstance(command, (Progress, Heartbeat)):
        outlive(unit, decision.task)
    if isinstance(command, Cancel):
        _park_dependents(unit, decision)
    parked = decision.parked and isinstance(command, (Release, Reject))
    reason = f"parked: {decision.task.blocked_reason}; an operator may unblock it" if parked else None
    return Answer(code="blocked" if parked else "ok", reason=reason, task=decision.task)


def _decide(unit: Unit, task: Task, command: Command) -> Decision | Refusal:
    context = unit.context(task)
    match command:
        case Heartbeat():
            return holding.heartbeat(task, context, fence=command.fence)
        case Advance():
            return advance(unit, task, command, context)
        case Unblock():
            given_up = tuple(row["prerequisite"] for row in _unmet(unit, task) if row["cancelled"])
            return parking.unblock(task, command, unit.context(task, cancelled_prerequisites=given_up))
        case Amend():
            return _amend(unit, task, command, context)
        case _:
            return _DECIDERS[type(command)](task, command, context)


def advance(unit: Unit, task: Task, command: Advance, context: Context) -> Decision | Refusal:
    """Decide an advance; one that finishes the task locks what waits on it first, or a wake-up would be lost."""
    decision = moving.advance(task, command, context)
    if not isinstance(decision, Refusal) and decision.task.terminal:
        _lock_dependents(unit, task.id)
    return decision


def outlive(unit: Unit, task: Task) -> None:
    """Let the caller's credential live a while longer than the lease it holds."""
    credential = unit.credential
    if credential is None or task.hold is None:
        return
    until = min(task.hold.expires_at + GRACE, credential.issued_at + LIFE_CAP)
    if until <= credential.expires_at:
        return
    unit.add(
        Fact(
            event=CredentialExtended(expires_at=until),
            stream=f"credential-{credential.id}",
            version=credential.version + 1,
            recorded_at=unit.now,
            actor=unit.caller.actor,
            family=unit.caller.family,
            credential=credential.id,
            project=task.project,
            task=task.id,
            correlation=task.correlation,
        )
    )


def _lock_dependents(unit: Unit, task: UUID) -> list[Task]:
    waiting = [row["task"] for row in unit.rows(board.SQL["dependents"], {"task": task})]
    return [board.from_row(row) for row in unit.rows(board.SQL["lock_several"], {"tasks": waiting})] if waiting else []


def _park_dependents(unit: Unit, decision: Decision) -> None:
    if any(isinstance(fact.event, TaskCancelled) for fact in decision.facts):
        for dependent in _lock_dependents(unit, decision.task.id):
            unit.take(parking.prerequisite_cancelled(dependent, unit.context(dependent)))


def _unmet(unit: Unit, task: Task) -> list[dict[str, Any]]:
    return unit.rows(board.SQL["unmet"], {"task": task.id}) if task.depends_on else []


def _amend(unit: Unit, task: Task, command: Amend, context: Context) -> Decision | Refusal:
    wanted = None
    if command.depends_on is not None:
        wanted = prerequisites(unit, command.depends_on)
        if unit.rows(board.SQL["reaches"], {"starts": list(wanted), "target": task.id})[0]["cycle"]:
            return Refusal(
                "invalid", "depends_on: the task would wait on itself; leave the edge out", {"field": "depends_on"}
            )
    return creating.amend(task, command, context, depends_on=wanted)


def prerequisites(unit: Unit, typed: tuple[str, ...]) -> tuple[UUID, ...]:
    """Return the tasks meant, their rows kept as they are until the edges to them are committed."""
    wanted = tuple(dict.fromkeys(resolve_prerequisite(unit, one) for one in typed))
    found = {row["task"]: row for row in unit.rows(board.SQL["lock_shared"], {"tasks": list(wanted)})}
    for one in wanted:
        if one not in found:
            raise Halt(Refusal("invalid", f"depends_on: no task {one}; create it first", {"field": "depends_on"}))
        if found[one]["cancelled"]:
            text = f"depends_on: {one} was cancelled and will never be done; leave it out"
            raise Halt(Refusal("invalid", text, {"field": "depends_on"}))
    return wanted


def resolve_prerequisite(unit: Unit, typed: str) -> UUID:
    """As ``resolve``, with the field that was wrong."""
    try:
        return resolve(unit, typed)
    except Halt as halt:
        refusal = halt.refusal
        raise Halt(Refusal("invalid", f"depends_on: {refusal.reason}", {"field": "depends_on"})) from None
