"""Catch-up projections: tables that follow the ledger from a mark of their own, brought along by whoever reads them.

A batch absorbs a span of positions below the horizon by a few set-based statements and moves the mark in the same
transaction, under an advisory lock of the projection: two followers take turns and nothing is counted twice. Rows
depend on the ledger and not on where a batch was cut. ``tracking`` is the tracking record of the `eventsourcing`
library, whose runner (``ainarres.projections.runner``) follows the live tail through the same batches.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row, tuple_row

from ainarres.database.queries import load
from ainarres.faults import Fault, LedgerUnavailable
from ainarres.ledger import store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import LiteralString

    import psycopg

    Progress = Callable[["Step"], None]

SQL = load("ainarres.projections", "catchup.sql")
BATCH = 100_000
"""Positions that one transaction absorbs."""
POLL = 0.05
"""Seconds between two looks of a reader who may only wait."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Projection:
    """A catch-up projection: its tables in the schema ``statistics`` and the statements that fill them."""

    name: str
    version: int
    """Of its definition; tables built by another one are refused until they are rebuilt."""
    tables: tuple[str, ...]
    statements: Mapping[str, LiteralString]
    """Those whose names begin with ``absorb_`` fill the tables, in the order of the file; parameters ``after``,
    ``upto``."""
    reads: Mapping[str, int]
    """Event types the statements read, and the schema of the body they were written for."""

    def absorbing(self) -> list[LiteralString]:
        """Return the statements that take in a span."""
        return [text for name, text in self.statements.items() if name.startswith("absorb_")]


@dataclass(frozen=True, slots=True)
class Step:
    """Progress of a long catching-up."""

    projection: str
    position: int
    target: int
    events_per_second: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a projection has followed when it is read."""

    projection: str
    position: int
    horizon: int

    @property
    def lag(self) -> int:
        """Positions it is behind."""
        return max(0, self.horizon - self.position)


def catch_up(
    connection: psycopg.Connection[Any],
    projection: Projection,
    *,
    upto: int | None = None,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> int:
    """Bring ``projection`` to the horizon, or to ``upto`` where that is lower; return the position it stands at.

    ``connection`` is in autocommit mode and may write. Raises ``Fault`` for tables that another version of the
    projection built.
    """
    horizon = store.horizon(connection)
    target = horizon if upto is None else min(horizon, upto)
    first, started = tracked(connection, projection), time.monotonic()
    while (stands := _absorb_batch(connection, projection, target, batch)) < target:
        if progress is not None:
            progress(step(projection.name, first, stands, target, time.monotonic() - started))
    return stands


def step(name: str, first: int, stands: int, target: int, seconds: float) -> Step:
    """Return the progress after ``seconds`` of work from ``first`` to ``stands``."""
    rate = (stands - first) / max(seconds, 1e-9)
    return Step(name, stands, target, rate, (target - stands) / max(rate, 1e-9))


def _absorb_batch(connection: psycopg.Connection[Any], projection: Projection, target: int, batch: int) -> int:
    name = {"projection": projection.name}
    with transaction(connection):
        connection.execute(SQL["follow_alone"], name)
        stands = tracked(connection, projection)
        if stands >= target:
            return stands
        check_version(connection, projection)
        upto = min(stands + batch, target)
        absorb(connection, projection.absorbing(), stands, upto)
        moved = connection.execute(SQL["track"], {**name, "position": upto}).fetchone()
        assert moved is not None, "the lock lets nobody else move the mark"
        return upto


def absorb(connection: psycopg.Connection[Any], statements: Sequence[LiteralString], after: int, upto: int) -> None:
    """Run absorbing statements over the positions after ``after`` up to ``upto``, inside the caller's transaction."""
    connection.execute(SQL["roomy"])
    for statement in statements:
        connection.execute(statement, {"after": after, "upto": upto}, prepare=False)


def tracked(connection: psycopg.Connection[Any], projection: Projection) -> int:
    """Return the position a projection stands at, 0 before its first batch."""
    return scalar(connection, SQL["tracked"], {"projection": projection.name})


def check_version(connection: psycopg.Connection[Any], projection: Projection) -> None:
    """Raise ``Fault`` where the tables were built by another version of the projection."""
    built = scalar(connection, SQL["version"], {"projection": projection.name})
    if built != projection.version:
        raise Fault(
            f"projection {projection.name} was built by version {built} of its definition, this is version "
            f"{projection.version}; run `ainarres rebuild {projection.name}`"
        )


def ready(
    connection: psycopg.Connection[Any],
    projections: Sequence[Projection],
    *,
    after: int | None = None,
    seconds: float = 30.0,
) -> tuple[Standing, ...]:
    """Bring projections up to date, or tell how far behind they are to a login that may not write.

    ``after``: wait until the ledger is complete up to this position and the projections show it; raises
    ``LedgerUnavailable`` when that takes more than ``seconds``.
    """
    may_write = bool(scalar(connection, SQL["may_write"]))
    deadline = time.monotonic() + seconds
    while True:
        horizon = store.horizon(connection)
        if may_write:
            for projection in projections:
                catch_up(connection, projection, upto=horizon)
        found = tuple(Standing(one.name, tracked(connection, one), horizon) for one in projections)
        if after is None or all(one.position >= after for one in found):
            return found
        if time.monotonic() > deadline:
            behind = min(found, key=lambda one: one.position)
            raise LedgerUnavailable(
                f"{behind.projection} shows position {behind.position} and not {after} after {seconds:g} s; "
                "ask again, or run `ainarres follow`"
            )
        time.sleep(POLL)


@contextmanager
def reading(connection: psycopg.Connection[Any], projections: Sequence[Projection]) -> Iterator[None]:
    """Keep the tables of ``projections`` from being swapped until the end; what is below a mark stays as it is."""
    with transaction(connection):
        for projection in projections:
            connection.execute(SQL["hold_tables"], {"projection": projection.name})
            check_version(connection, projection)
        yield


@contextmanager
def transaction(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Run a transaction on a connection in autocommit mode."""
    connection.execute(SQL["begin"])
    try:
        yield
    except BaseException:
        if not connection.closed:
            connection.execute(SQL["rollback"])
        raise
    connection.execute(SQL["commit"])


def rows(connection: psycopg.Connection[Any], statement: Any, **parameters: Any) -> list[Row]:
    """Run a reading statement and return its rows."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, parameters).fetchall()


def scalar(connection: psycopg.Connection[Any], statement: Any, parameters: Mapping[str, Any] | None = None) -> int:
    """Run a statement that returns one whole number."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(statement, parameters).fetchone()
    assert row is not None
    return int(row[0])
