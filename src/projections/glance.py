"""Reads of the live board: status, columns, one task; each asks the tables and the ledger's clock once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from ainarres.database.queries import load
from ainarres.projections import columns, declared, governed, history, status
from ainarres.projections.portrait import Portrait

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import psycopg

    from ainarres.projections.columns import Lane
    from ainarres.projections.status import Status

SQL = load("ainarres.projections", "glance.sql")


def read_status(
    connection: psycopg.Connection[Any], lane: str | None = None, limit: int = 10, *, governance: bool = True
) -> Status:
    """Return the status of a lane (full key) or of all, with the newest ``limit`` events."""
    counts = {row["stage"]: row["tasks"] for row in _rows(connection, "counts", lane=lane)}
    return status.build(
        lane=lane,
        now=read_clock(connection),
        counts=counts,
        notable=_rows(connection, "notable", lane=lane),
        recent=history.newest(connection, limit=limit, lane=lane),
        limit=limit,
        # last: trouble with it spoils nothing that was read before
        governance=governed.look(connection) if governance else None,
    )


def read_columns(
    connection: psycopg.Connection[Any], lane: str | None = None, limit: int = 8
) -> tuple[datetime, tuple[Lane, ...]]:
    """Return the ledger's time, and each lane's columns with at most ``limit`` cards."""
    now = read_clock(connection)
    rows = _rows(connection, "columns", lane=lane, limit=limit)
    return now, columns.build(_rows(connection, "stages", lane=lane), rows, now)


def read_portrait(connection: psycopg.Connection[Any], task: UUID, sees: declared.Sees) -> Portrait:
    """Return one task with its neighbours, as far as those are shown; raises ``LookupError`` where there is none."""
    row = declared.one(connection, "task", task=task)
    if row is None:
        raise LookupError(task)
    edges = tuple(declared.neighbour(edge, sees) for edge in declared.rows(connection, "edges", task=task))
    return Portrait(row, edges, read_clock(connection))


def read_clock(connection: psycopg.Connection[Any]) -> datetime:
    """Return the ledger's time."""
    now: datetime = _rows(connection, "now")[0]["now"]
    return now


def _rows(connection: psycopg.Connection[Any], statement: str, **parameters: Any) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL[statement], parameters).fetchall()
