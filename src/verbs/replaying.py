"""A repeated command: the same answer again, rendered from the fold at the command's last position.

What was said once and is kept nowhere cannot be said again: a token, the counts of an empty board, which tasks a
migration found held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.domain.commands import (
    Apply,
    Command,
    CreateGraph,
    Done,
    Instruct,
    IssueToken,
    MigrateTasks,
    Next,
    Reject,
    Release,
    Verdict,
)
from ainarres.domain.events import TaskClaimed
from ainarres.domain.task import fold
from ainarres.ledger import store
from ainarres.projections.facts import fact_of
from ainarres.verbs import briefing, recalling
from ainarres.verbs.envelope import Envelope
from ainarres.verbs.presenting import event_view, moves_of, next_verbs, task_view

if TYPE_CHECKING:
    import psycopg

    from ainarres.domain.task import Task
    from ainarres.verbs.unit import Unit

_MANY = (CreateGraph, Apply, MigrateTasks, Verdict, Instruct)
"""Verbs on several tasks, or on an act, whose answer shows no task whole."""

_UNSEEN = "this was done before, on a lane that the credential does not see any more; `ainarres whoami` names its lanes"


def replay(connection: psycopg.Connection[Any], unit: Unit, command: Command) -> Envelope:
    """Return the envelope of a command done before, marked ``replayed``; appends nothing."""
    assert unit.remembered is not None
    first, last = unit.remembered["first"], unit.remembered["last"]
    stored = [s for s in store.stream_all(connection, first - 1, last) if s.command == unit.command]
    told = [(s.position, fact_of(s)) for s in stored]
    claimed = next((one for one in told if isinstance(one[1].event, TaskClaimed)), None)
    position, fact = told[0] if claimed is None else claimed
    found_nothing = isinstance(command, Done) and command.claim_next and claimed is None
    task, extra = None, recalling.beside(connection, command, [fact for _, fact in told], first)
    if fact.task is not None:
        task = fold(fact_of(s) for s in store.read_task(connection, fact.task, last))
    parked = task is not None and task.blocked and isinstance(command, (Release, Reject))
    code = "blocked" if parked else "ok"
    if task is not None and not unit.caller.sees(task.lane):
        if unit.caller.may("agent"):
            return Envelope(code=code, reason=_UNSEEN, position=last, extra=extra | {"replayed": True})
        task = None
    if found_nothing or isinstance(command, _MANY):
        task = None
    workflow = unit.workflow(task) if task is not None else None
    if isinstance(command, Next) and task is not None and workflow is not None:
        extra |= {"moves": moves_of(task, workflow, unit.caller), **briefing.of(connection, task, last)}
    return Envelope(
        code=code,
        reason=_reason(command, task if parked else None, found_nothing=found_nothing),
        task=task_view(task, unit.caller) if task is not None else None,
        event=event_view(fact, position),
        next=next_verbs(task, workflow, unit.caller, unit.now),
        position=last,
        extra=extra | {"replayed": True},
    )


def _reason(command: Command, parked: Task | None, *, found_nothing: bool) -> str | None:
    if parked is not None:
        return f"parked: {parked.blocked_reason}; an operator may unblock it"
    if found_nothing:
        return "there was nothing to claim when this was done; ask again with `next`"
    if isinstance(command, IssueToken):
        return "the token was shown once, when it was issued, and is kept nowhere; revoke this one and issue another"
    return None
