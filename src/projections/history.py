"""The ledger as facts: all of it for folds, one task's for its story, the newest for a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from ainarres.database.queries import load
from ainarres.ledger import store
from ainarres.ledger.event import StoredEvent
from ainarres.projections.facts import fact_of
from ainarres.projections.timeline import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    import psycopg

    from ainarres.domain.fact import Fact

SQL = load("ainarres.projections", "history.sql")
PAGE = 2000
"""Events that one statement of a whole reading returns."""


def whole(connection: psycopg.Connection[Any]) -> Iterator[tuple[int, Fact]]:
    """Yield every fact with its position, up to the horizon as it stood at the start."""
    after, upto = 0, store.horizon(connection)
    while page := store.read(connection, after, PAGE, upto):
        yield from ((stored.position, fact_of(stored)) for stored in page)
        after = page[-1].position


def following(connection: psycopg.Connection[Any], after: int, limit: int) -> list[Entry]:
    """Return at most ``limit`` events after a position, up to the horizon; nothing will appear between them later."""
    return [Entry(stored.position, fact_of(stored)) for stored in store.read(connection, after, limit)]


def of_task(connection: psycopg.Connection[Any], task: UUID) -> list[Entry]:
    """Return everything that ever concerned a task, heartbeats included, oldest first."""
    return [Entry(stored.position, fact_of(stored)) for stored in store.read_task(connection, task)]


def newest(
    connection: psycopg.Connection[Any],
    *,
    limit: int,
    lane: str | None = None,
    task: UUID | None = None,
    family: str | None = None,
    kind: str | None = None,
) -> list[Entry]:
    """Return the newest ``limit`` events, oldest first.

    ``lane`` is a full key; ``family`` matches who acted and who was credited or charged; ``kind`` is a type's name.
    """
    wanted = {"upto": store.horizon(connection), "limit": limit, "lane": lane, "task": task}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["newest"], {**wanted, "family": family, "type": kind}).fetchall()
    return [Entry(row["position"], fact_of(StoredEvent(**row))) for row in reversed(rows)]
