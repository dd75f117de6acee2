"""A repeated command: the same answer again, rendered from the fold at the command's last position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.domain.commands import Command, Done, Next, Reject, Release
from ainarres.domain.events import TaskAdvanced, TaskClaimed
from ainarres.domain.task import fold
from ainarres.ledger import store
from ainarres.projections.facts import fact_of
from ainarres.verbs import briefing
from ainarres.verbs.envelope import Envelope
from ainarres.verbs.presenting import event_view, moves_of, next_verbs, task_view

if TYPE_CHECKING:
    import psycopg

    from ainarres.verbs.unit import Unit


def replay(connection: psycopg.Connection[Any], unit: Unit, command: Command) -> Envelope:
    """Return the envelope of a command done before, marked ``replayed``; appends nothing."""
    assert unit.remembered is not None
    first, last = unit.remembered["first_position"], unit.remembered["last_position"]
    stored = [s for s in store.stream_all(connection, first - 1, last) if s.command == unit.command]
    told = [(s.position, fact_of(s)) for s in stored]
    extra: dict[str, Any] = {"replayed": True}
    lead = told[0]
    if isinstance(command, Done) and command.claim_next:
        extra["done"] = str(lead[1].task)
        lead = next((one for one in told if isinstance(one[1].event, TaskClaimed)), lead)
    claimed_nothing = "done" in extra and isinstance(lead[1].event, TaskAdvanced)
    task = None
    if lead[1].task is not None and not claimed_nothing:
        task = fold(fact_of(s) for s in store.read_task(connection, lead[1].task, last))
    workflow = unit.workflow(task) if task is not None else None
    if isinstance(command, Next) and task is not None and workflow is not None:
        extra |= {"moves": moves_of(task, workflow, unit.caller), **briefing.of(connection, task, last)}
    parked = task is not None and task.blocked and isinstance(command, (Release, Reject))
    return Envelope(
        code="blocked" if parked else "ok",
        reason=f"parked: {task.blocked_reason}; an operator may unblock it" if parked and task else None,
        task=task_view(task, unit.caller) if task is not None else None,
        event=event_view(lead[1], lead[0]),
        next=next_verbs(task, workflow, unit.caller, unit.now),
        position=last,
        extra=extra,
    )
