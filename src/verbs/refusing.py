"""What is told of a verb that came to nothing: a denied permission, an empty poll. Best effort, rarely, and never in
its way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from psycopg import errors

from ainarres.database.queries import load
from ainarres.domain import events as e
from ainarres.domain.refusal import Refusal
from ainarres.projections import board
from ainarres.verbs.definitions import fact
from ainarres.verbs.tasks import resolve
from ainarres.verbs.unit import Halt

if TYPE_CHECKING:
    from uuid import UUID

    from ainarres.domain.commands import Command
    from ainarres.verbs.unit import Row, Unit

SQL = load("ainarres.verbs", "refusing.sql")
DENIALS = frozenset({"not_eligible", "needs_other_family"})
READ_ONLY = Refusal(
    "read_only", "the ledger is an imported copy and takes no events; `ainarres promote` makes it a ledger of its own"
)
REFUSAL_EVERY = timedelta(minutes=1)
EMPTY_EVERY = timedelta(minutes=10)


def record(unit: Unit, command: Command, refusal: Refusal) -> None:
    """Append ``VerbRefused`` to the agent's stream: a denial, at most one a minute for the same verb and task."""
    if refusal.code not in DENIALS:
        return
    verb = type(command).__name__.lower()
    try:
        row = _start(unit)
        task = _named(unit, command)
        slot = f"{verb}:{task or ''}"  # as the register of agents spells it
        last = (row["last_refusals"] if row else {}).get(slot)
        if last is not None and unit.now - datetime.fromisoformat(last) < REFUSAL_EVERY:
            unit.rollback()
            return
        refused = e.VerbRefused(verb=verb, code=refusal.code, reason=refusal.reason)
        unit.add(fact(unit, f"agent-{unit.caller.actor}", refused, task=task))
        unit.finish()
    except (Halt, errors.UniqueViolation):
        unit.rollback()


def record_empty(unit: Unit, lane: str | None) -> None:
    """Append ``ClaimEmpty`` to the agent's stream: the first empty poll, then one in ten minutes."""
    try:
        row = _start(unit)
        last = row["last_empty_at"] if row else None
        if last is not None and unit.now - last < EMPTY_EVERY:
            unit.rollback()
            return
        empty = e.ClaimEmpty(lane=lane, count=1, since=unit.now)
        unit.add(fact(unit, f"agent-{unit.caller.actor}", empty))
        unit.finish()
    except (Halt, errors.UniqueViolation):
        unit.rollback()


def _named(unit: Unit, command: Command) -> UUID | None:
    """Return the task that ``command`` names, where it names one that is there."""
    typed = getattr(command, "task", None)
    if typed is None:
        return None
    try:
        row = unit.row(board.SQL["one"], {"task": resolve(unit, typed)})
    except Halt:
        return None
    return row["task"] if row is not None else None


def _start(unit: Unit) -> Row | None:
    unit.start()
    return unit.row(SQL["agent"], {"agent": unit.caller.actor})
