"""Many callers at one moment: threads behind a barrier, one connection each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from psycopg.rows import namedtuple_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    import psycopg

    from ainarres.domain.commands import Command
    from ainarres.verbs.envelope import Envelope
    from ainarres.verbs.session import Session

T = TypeVar("T")
SEVEN = ("ok", "code", "reason", "task", "event", "next", "position")
"""What every envelope holds."""


def together(*calls: Callable[[], T]) -> list[T]:
    """Run ``calls`` at one moment, a thread each, and return what they returned, in their order."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def at_once(sessions: Iterable[Session], command: Command, key: UUID | None = None) -> list[Envelope]:
    """Say ``command`` in every session at one moment; under ``key``, or each under a key of its own."""
    return together(*(partial(session.execute, command, key or uuid4()) for session in sessions))


def until(connection: psycopg.Connection[Any], question: str, *parameters: Any) -> None:
    """Ask the database until the answer is true. The end is one of time and not of tries: on a machine that is busy
    elsewhere, tries are over before the thread that is waited for has had its turn.
    """
    end = monotonic() + 120
    while monotonic() < end:
        row = connection.execute(question, parameters).fetchone()
        if row is not None and row[0]:
            return
    raise AssertionError(f"never true: {question}")


WAITING = """
SELECT count(DISTINCT l.pid) >= %s FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE NOT l.granted AND a.datname = current_database()
"""
"""Whether so many sessions of this database wait for a lock; what they wait for is no secret, unlike what they run."""


def events(connection: psycopg.Connection[Any], kind: str | None = None) -> Sequence[Any]:
    """Return the ledger's rows in order, all or of one type."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        asked = "SELECT * FROM ledger.event WHERE type = coalesce(%s, type) ORDER BY position"
        return cursor.execute(asked, [kind]).fetchall()


def count(connection: psycopg.Connection[Any]) -> int:
    """Return how many events the ledger holds."""
    row = connection.execute("SELECT count(*) FROM ledger.event").fetchone()
    assert row is not None
    return int(row[0])
