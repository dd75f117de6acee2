"""Rebuild and check: the inline projections computed from the ledger alone, beside the live ones.

A rebuild fills new tables while verbs go on, then stops them for the tail and the swap; readers never see half. A check
fills temporary tables in one snapshot and compares, row for row. Both run the code that a replay runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.types.json import Jsonb

from ainarres.database.queries import load
from ainarres.ledger import store
from ainarres.projections import cause, evidence, registers, shares

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import LiteralString
    from uuid import UUID

    import psycopg

    from ainarres.projections.cause import Cause

    Progress = Callable[[int, int], None]
    """Hears how many events were folded, and of how many."""

SQL = load("ainarres.projections", "rebuild.sql")
PAST = load("ainarres.projections", "moments.sql")
TAIL, ROUNDS = 500, 20
"""Positions that a rebuild leaves for the moment in which verbs wait, and how often it tries to get there."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first row in which a live table and the ledger disagree."""

    table: str
    live: str | None
    ledger: str | None
    cause: Cause | None = None
    """The event it goes back to, where that can be told."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found."""

    position: int
    rows: Mapping[str, int]
    """Rows of each table that was compared."""
    difference: Difference | None


def check(
    connection: psycopg.Connection[Any], progress: Progress | None = None, *, workers: int = shares.WORKERS
) -> Checked:
    """Compare every inline projection with what the ledger gives, in one snapshot. Changes nothing.

    ``connection`` is in autocommit mode; ``workers`` processes help where the ledger is large.
    """
    connection.execute(SQL["begin_check"])
    try:
        connection.execute(SQL["patient"])
        last = _scalar(connection, SQL["last"])
        names = _create_temporary(connection)
        _Filler(connection, "pg_temp", progress).fill(last, workers)
        found = next((d for name in names if (d := _difference(connection, name, last)) is not None), None)
        rows = {name: _scalar(connection, _named("count", name)) for name in names}
        return Checked(last, rows, found)
    finally:
        if not connection.closed:
            connection.execute(SQL["rollback"])


def fill_then(connection: psycopg.Connection[Any], upto: int) -> None:
    """Fill temporary tables, gone with the open transaction, with the projections as of a position.

    Not with the versions of agents' streams: only verbs under way ask for them.
    """
    _create_temporary(connection, but=("evidence",))
    _Filler(connection, "pg_temp", None).go_back(upto)


def _create_temporary(connection: psycopg.Connection[Any], but: tuple[str, ...] = ()) -> list[str]:
    names = [name for name, _ in _tables(connection) if name not in but]
    for name in names:
        _run(connection, "create_temporary", name)
    return names


def rebuild(owner: psycopg.Connection[Any], progress: Progress | None = None, *, workers: int = shares.WORKERS) -> int:
    """Build the inline projections anew from the ledger and swap them in. Returns the position they stand at.

    ``owner`` is a connection of the tables' owner, in autocommit mode and without a statement timeout; ``workers``
    processes help where the ledger is large.
    """
    owner.execute(SQL["one_at_a_time"])
    try:
        return _rebuild(owner, progress, workers)
    finally:
        if not owner.closed:
            owner.execute(SQL["one_is_enough"])


def _rebuild(owner: psycopg.Connection[Any], progress: Progress | None, workers: int) -> int:
    owner.execute(SQL["drop_next"])
    owner.execute(SQL["create_next"])
    tables = _tables(owner)
    for name, settings in tables:
        _run(owner, "create_table", name)
        if settings:
            _run(owner, "set_table", name, settings)
    filler, stands = _Filler(owner, "projection_next", progress), store.horizon(owner)
    filler.fill(stands, workers)
    for _ in range(ROUNDS):  # verbs go on meanwhile; each round leaves less to do while they are kept waiting
        safe = store.horizon(owner)
        if safe - stands <= TAIL:
            break
        filler.refill(stands, safe)
        stands = safe
    owner.execute(SQL["begin"])
    try:
        owner.execute(SQL["alone"])
        last = _scalar(owner, SQL["last"])
        filler.refill(stands, last)
        for step in ("drop_live", "rename_next", "grant_schema", "grant_app", "grant_reader", "renew"):
            owner.execute(SQL[step])
        owner.execute(SQL["commit"])
    except BaseException:
        if not owner.closed:
            owner.execute(SQL["rollback"])
        raise
    for name, _ in tables:
        _run(owner, "analyze", name)
    return last


class _Filler:
    """Writes what the ledger gives into the tables of one schema."""

    def __init__(self, connection: psycopg.Connection[Any], schema: str, progress: Progress | None) -> None:
        self._connection, self._progress = connection, progress
        self._sql = _into(SQL, schema)
        self._registers, self._evidence = _into(registers.SQL, schema), _into(evidence.SQL, schema)

    def fill(self, upto: int, workers: int) -> None:
        """Fill empty tables with the projections as of a position."""
        registers.replay(self._connection, self._registers, 0, upto)
        done = 0
        for share in shares.everything(self._connection, upto, workers=workers):
            self._write(share)
            done += share.events
            if self._progress is not None:
                self._progress(done, share.of)
        self._settle(None, 0, upto)

    def refill(self, after: int, upto: int) -> None:
        """Bring filled tables from one position to a later one."""
        registers.replay(self._connection, self._registers, after, upto)
        touched = store.touched(self._connection, after, upto)
        asked = {"tasks": list(touched)}
        touched |= {task for (task,) in self._connection.execute(self._sql["dependents"], asked)}
        asked = {"tasks": list(touched)}
        self._connection.execute(self._sql["forget_tasks"], asked)
        self._connection.execute(self._sql["forget_edges"], asked)
        for share in shares.some(self._connection, touched, upto):
            self._write(share)
        self._settle(asked["tasks"], after, upto)

    def go_back(self, upto: int) -> None:
        """Fill empty tables with the projections as of a position of the past, starting from the live ones."""
        then = {"position": upto}
        registers.replay(self._connection, self._registers, 0, upto, definitions=True)
        self._connection.execute(_past("settled"), then)
        self._connection.execute(PAST["forget_waits"])
        unsettled = [task for (task,) in self._connection.execute(PAST["unsettled"], then)]
        for share in shares.some(self._connection, unsettled, upto):
            self._write(share)
        self._connection.execute(self._sql["edges"], {"tasks": None})
        self._connection.execute(self._sql["waits"], {"tasks": None})
        self._connection.execute(PAST["routes_then"])
        self._connection.execute(_past("evidence_then", upto))
        self._connection.execute(_past("events_then", upto))

    def _write(self, share: shares.Folded) -> None:
        with self._connection.cursor() as cursor, cursor.copy(self._sql["copy_board"]) as copy:
            for row in share.rows:
                copy.write_row(row)
        routes = [{"id": key, "parts": Jsonb(parts)} for key, parts in share.routes.items()]
        with self._connection.cursor() as cursor:
            cursor.executemany(self._sql["add_route"], routes)

    def _settle(self, tasks: list[UUID] | None, after: int, upto: int) -> None:
        """Write what is made of the rows and of the ledger at once."""
        self._connection.execute(self._sql["edges"], {"tasks": tasks})
        self._connection.execute(self._sql["waits"], {"tasks": tasks})
        self._connection.execute(self._evidence["record"], {"after": after, "upto": upto})


def _into(statements: Mapping[str, LiteralString], schema: str) -> dict[str, LiteralString]:
    """Point statements at the tables of another schema."""
    return {name: text.replace("projection.", f"{schema}.") for name, text in statements.items()}


def _past(statement: str, position: int = 0) -> sql.Composed:
    columns = sql.SQL(", ").join(map(sql.Identifier, shares.COLUMNS))
    return sql.SQL(PAST[statement]).format(columns=columns, position=sql.Literal(position))


def _tables(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        return [(row[0], row[1]) for row in cursor.execute(SQL["tables"]).fetchall()]


def _named(statement: str, name: str, settings: str = "") -> sql.Composed:
    return sql.SQL(SQL[statement]).format(name=sql.Identifier(name), settings=sql.SQL(settings))


def _run(connection: psycopg.Connection[Any], statement: str, name: str, settings: str = "") -> None:
    connection.execute(_named(statement, name, settings))


def _difference(connection: psycopg.Connection[Any], name: str, upto: int) -> Difference | None:
    sides = [connection.execute(_named(side, name)).fetchone() for side in ("only_live", "only_ledger")]
    return difference(connection, name, sides, upto)


def difference(
    connection: psycopg.Connection[Any], name: str, sides: Sequence[Any], upto: int, *, schema: str = ""
) -> Difference | None:
    """Return how a table differs, from the first row (as text and as JSON) that each of the two ``sides`` has alone."""
    if not any(sides):
        return None
    live, ledger = ((None, None) if side is None else side for side in sides)
    return Difference(schema + name, live[0], ledger[0], cause.of(connection, name, live[1], ledger[1], upto))


def _scalar(connection: psycopg.Connection[Any], statement: Any) -> int:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0])
