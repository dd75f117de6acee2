"""Which event a difference goes back to: where somebody who looks for the reason begins to read.

Of a task's row it is the event that last changed one of the columns that differ, found by folding the task's life step
by step. Of a row made by one event it is that event, of any other the newest of its task or of its stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import tuple_row

from ainarres.database.queries import load
from ainarres.ledger import store
from ainarres.projections import shares
from ainarres.projections.fold import TaskFold

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    Row = Mapping[str, Any]

SQL = load("ainarres.projections", "cause.sql")
_STREAMS = {
    "agent": ("agent", "agent"),
    "card": ("card", "role"),
    "credential": ("credential", "id"),
    "denial": ("family", "family"),
    "family": ("family", "key"),
    "feature": ("family", "family"),
    "lane": ("lane", "key"),
    "policy": ("policy", "key"),
    "project": ("project", "key"),
    "suspension": ("family", "family"),
    "workflow": ("workflow", "key"),
}
"""Table to the category of the stream that its rows follow, and the column that names the rest of the stream."""


@dataclass(frozen=True, slots=True)
class Cause:
    """An event."""

    position: int
    type: str

    def __str__(self) -> str:
        return f"{self.type} at position {self.position}"


def of(
    connection: psycopg.Connection[Any], table: str, live: Row | None, ledger: Row | None, upto: int
) -> Cause | None:
    """Return what made ``live`` and ``ledger`` of ``table`` differ, rows as JSON; null where nothing tells."""
    row = ledger or live
    if row is None:
        return None
    if table == "board":
        other = live if row is ledger and live is not None and live["task"] == row["task"] else None
        return _of_task(connection, row, other, upto)
    if row.get("position") is not None:
        return _one(connection, "at", position=row["position"])
    if row.get("task") is not None:
        return _one(connection, "newest_of_task", task=row["task"], upto=upto)
    if table in _STREAMS:
        category, column = _STREAMS[table]
        stream = f"{category}-{row[column]}"
        return _one(connection, "newest_of_stream", stream=stream, feature=row.get("feature"), upto=upto)
    return None


def _of_task(connection: psycopg.Connection[Any], row: Row, other: Row | None, upto: int) -> Cause | None:
    """Return the event that last changed a column in which the two differ; the first where there is but one row."""
    life = store.read_tasks(connection, [UUID(row["task"])], upto)
    differ = [name for name in row if other is not None and row[name] != other[name]]
    found, before = life[0] if life else None, dict[str, Any]()
    for stored, now in zip(life, TaskFold(shares.workflows(connection, upto)).steps(life), strict=False):
        if before and any(now.get(name) != before.get(name) for name in differ):
            found = stored
        before = now
    return None if found is None else Cause(found.position, found.type)


def _one(connection: psycopg.Connection[Any], statement: str, **asked: Any) -> Cause | None:
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(SQL[statement], asked).fetchone()
    return None if row is None else Cause(*row)
