"""The verbs on one task, held or not: lock its row, decide, append."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ainarres.database.queries import load
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
from ainarres.verbs.unit import SQL as UNIT
from ainarres.verbs.unit import Halt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ainarres.domain.context import Context
    from ainarres.domain.story import Decision
    from ainarres.domain.task import Task
    from ainarres.verbs.unit import Row, Unit

SQL = load("ainarres.verbs", "tasks.sql")
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


def whole(typed: str) -> UUID | None:
    """Return the task meant by an id typed in full; null for a part of one, which only the board can tell."""
    try:
        return UUID(_digits(typed))
    except ValueError:
        return None


def resolve(unit: Unit, typed: str) -> UUID:
    """Return the task meant by an id, or by a unique prefix or suffix of one (4 digits at least)."""
    if (task := whole(typed)) is not None:
        return task
    text = _digits(typed)
    if len(text) < _SHORTEST or not _HEX.issuperset(text):
        raise Halt(unknown(typed, f"a task id is 32 hexadecimal digits, of which {_SHORTEST} or more will do"))
    found = unit.rows(board.SQL["resolve"], {"typed": text})
    if not found:
        raise Halt(unknown(typed))
    if len(found) > 1:
        raise Halt(Refusal("invalid", f"task: {typed!r} fits more than one task; type more of it", {"field": "task"}))
    found_one = found[0]["task"]
    assert isinstance(found_one, UUID)
    return found_one


def _digits(typed: str) -> str:
    return typed.strip().removeprefix("…").removeprefix("task-").replace("-", "").lower()


def unknown(typed: str, cure: str = "`ainarres board` lists them") -> Refusal:
    """Refuse a task that is not there."""
    return Refusal("not_found", f"no task {typed!r}; {cure}", {"field": "task"})


def lock(unit: Unit, typed: str) -> Task:
    """Start the unit with the task's row locked and return the task."""
    if (task := whole(typed)) is not None:
        row = unit.begin(locked=task)["task"]
        working(unit)
        if row is None or not (unit.caller.sees(row["lane"]) or row["holder"] == unit.caller.actor):
            raise Halt(unknown(typed))
        return board.from_json(row)
    unit.start()  # who asks comes first: what ids there are is not for everybody
    rows = _lock_later(unit, typed)
    working(unit)
    if not rows:
        raise Halt(unknown(typed))
    return board.from_row(rows[0])


def _lock_to_amend(unit: Unit, command: Amend, wanted: tuple[str, ...]) -> Task:
    """As ``lock``, with the prerequisites-to-be before the task: the order in which the end of one of them locks."""
    unit.start((SQL["lock_edges"], None))
    working(unit)
    seen = unit.row(board.SQL["one"], {"task": resolve(unit, command.task)})
    if seen is None:
        raise Halt(unknown(command.task))
    task = board.from_row(seen)
    may = creating.amend(task, command, unit.context(task), depends_on=None)
    if isinstance(may, Refusal):  # who may not amend is not told what there is to wait on
        raise Halt(may)
    prerequisites(unit, wanted)
    rows = _lock_later(unit, command.task)
    if not rows:
        raise Halt(unknown(command.task))
    return board.from_row(rows[0])


def _lock_later(unit: Unit, typed: str) -> list[Row]:
    rows, clock = unit.call((board.SQL["lock"], {"task": resolve(unit, typed)}), (UNIT["clock"], None))
    unit.now = clock[0]["now"]
    return rows


def working(unit: Unit) -> None:
    """End the verb unless the caller's credential is for work: monitors read and meters count, and that is all."""
    if not (unit.caller.may("agent") or unit.caller.may("operator")):
        text = (
            f"a credential of scope {unit.caller.scope} moves no tasks; use one of scope agent (`ainarres token issue`)"
        )
        raise Halt(Refusal("not_eligible", text, {"missing": ["agent"]}))


def run(unit: Unit, command: Any) -> Answer:
    """Execute a verb on one task."""
    if isinstance(command, Amend) and command.depends_on is not None:
        task = _lock_to_amend(unit, command, command.depends_on)
    else:
        task = lock(unit, command.task)
    decision = unit.take(_decide(unit, task, command))
    if isinstance(command, (Progress, Heartbeat)):
        outlive(unit, decision.task)
    if isinstance(command, Cancel):
        _park_dependents(unit, decision)
    if isinstance(command, Reject):
        from ainarres.verbs import governing  # noqa: PLC0415 - loaded by who needs it

        governing.reflect(unit, decision.facts[0], decision.task.workflow)
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
    may = creating.amend(task, command, context, depends_on=None)
    if command.depends_on is None or isinstance(may, Refusal):
        return may
    wanted = tuple(dict.fromkeys(prerequisites(unit, command.depends_on).values()))
    if unit.rows(board.SQL["reaches"], {"starts": list(wanted), "target": task.id})[0]["cycle"]:
        return Refusal(
            "invalid", "depends_on: the task would wait on itself; leave the edge out", {"field": "depends_on"}
        )
    return creating.amend(task, command, context, depends_on=wanted)


def prerequisites(unit: Unit, typed: Iterable[str]) -> dict[str, UUID]:
    """Return the tasks meant by what was typed, their rows kept as they are until the edges to them are committed."""
    wanted = {one: resolve_prerequisite(unit, one) for one in typed}
    tasks = list(set(wanted.values()))
    found = {row["task"]: row for row in unit.rows(board.SQL["lock_shared"], {"tasks": tasks})} if tasks else {}
    for one in wanted.values():
        if one not in found or not unit.caller.sees(found[one]["lane"]):
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
