"""What ``next`` brings along: the role card the claim named, and what happened to the task so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.domain.events import TaskClaimed
from ainarres.ledger import store
from ainarres.projections.facts import fact_of

if TYPE_CHECKING:
    import psycopg

    from ainarres.domain.fact import Fact
    from ainarres.domain.task import Task

SQL = load("ainarres.verbs", "briefing.sql")
RECENT = 20
"""Events of the past that a briefing tells."""


def of(connection: psycopg.Connection[Any], task: Task, upto: int | None = None) -> dict[str, Any]:
    """Return ``card`` (role, version, text; null if the stage has none) and ``history`` (newest last) as of ``upto``,
    a position; now if it is null.
    """
    told = [(stored.position, fact_of(stored)) for stored in store.read_task(connection, task.id, upto)]
    claims = [fact.event for _, fact in told if isinstance(fact.event, TaskClaimed)]
    past = [_line(position, fact) for position, fact in told if fact.stream == task.stream]
    return {"card": _card(connection, claims[-1] if claims else None), "history": past[-RECENT:]}


def _card(connection: psycopg.Connection[Any], claimed: TaskClaimed | None) -> dict[str, Any] | None:
    if claimed is None or claimed.card is None:
        return None
    row = connection.execute(SQL["card"], {"role": claimed.card.role, "version": claimed.card.version}).fetchone()
    assert row is not None
    return {"role": claimed.card.role, "version": claimed.card.version, "text": row[0]}


def _line(position: int, fact: Fact) -> dict[str, Any]:
    words = {
        name: value
        for name in ("from_stage", "to_stage", "note", "reason", "text", "to_tier")
        if (value := getattr(fact.event, name, None)) is not None
    }
    if artifacts := getattr(fact.event, "artifacts", ()):
        words["artifacts"] = [a.model_dump(mode="json", exclude_none=True) for a in artifacts]
    told = {"position": position, "at": fact.recorded_at, "type": type(fact.event).__name__}
    return told | {"family": fact.family} | words
