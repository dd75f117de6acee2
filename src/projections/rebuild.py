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
from ainarres.projections import evidence, registers
from ainarres.projections.facts import fact_of
from ainarres.projections.fold import BoardFold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import LiteralString
    from uuid import UUID

    import psycopg

SQL = load("ainarres.projections", "rebuild.sql")
COLUMNS = [name.strip() for name in SQL["copy_board"].partition("(")[2].partition(")")[0].split(",")]
_JSON = frozenset({"payload", "tiers", "authors", "artifacts"})


@dataclass(frozen=True, slots=True)
class Difference:
    """The first row in which a live table and the ledger disagree."""

    table: str
    live: str | None
    ledger: str | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found."""

    position: int
    rows: Mapping[str, int]
    """Rows of each table that was compared."""
    difference: Difference | None


def check(connection: psycopg.Connection[Any], progress: Callable[[int, int], None] | None = None) -> Checked:
    """Compare every inline projection with what the ledger gives, in one snapshot. Changes nothing."""
    connection.execute(SQL["begin_check"])
    try:
        last = _scalar(connection, SQL["last"])
        names = [name for name, _ in _tables(connection)]
        fill_temporary(connection, last, progress)
        found = next((d for name in names if (d := _difference(connection, name)) is not None), None)
        rows = {name: _scalar(connection, _named("count", name)) for name in names}
        return Checked(last, rows, found)
    finally:
        connection.execute(SQL["rollback"])


def fill_temporary(
    connection: psycopg.Connection[Any], upto: int, progress: Callable[[int, int], None] | None = None
) -> None:
    """Fill temporary tables with the projections as of a position; they are gone with the open transaction."""
    for name, _ in _tables(connection):
        _run(connection, "create_temporary", name)
    filler = _Filler(connection, "pg_temp", progress)
    filler.read(0, upto)
    filler.write_all(0, upto)


def rebuild(owner: psycopg.Connection[Any], progress: Callable[[int, int], None] | None = None) -> int:
    """Build the inline projections anew from the ledger and swap them in. Returns the position they stand at.

    ``owner`` is a connection of the tables' owner, in autocommit mode and without a statement timeout.
    """
    owner.execute(SQL["one_at_a_time"])
    try:
        return _rebuild(owner, progress)
    finally:
        owner.execute(SQL["one_is_enough"])


def _rebuild(owner: psycopg.Connection[Any], progress: Callable[[int, int], None] | None) -> int:
    owner.execute(SQL["drop_next"])
    owner.execute(SQL["create_next"])
    tables = _tables(owner)
    for name, settings in tables:
        _run(owner, "create_table", name)
        if settings:
            _run(owner, "set_table", name, settings)
    safe = store.horizon(owner)
    filler = _Filler(owner, "projection_next", progress)
    filler.read(0, safe)
    filler.write_all(0, safe)
    owner.execute(SQL["begin"])
    try:
        owner.execute(SQL["alone"])
        last = _scalar(owner, SQL["last"])
        touched = filler.read(safe, last)
        filler.write_tail(touched, safe, last)
        for step in ("drop_live", "rename_next", "grant_schema", "grant_app", "grant_reader"):
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
    """Folds the ledger and writes what it gives into the tables of one schema."""

    def __init__(
        self, connection: psycopg.Connection[Any], schema: str, progress: Callable[[int, int], None] | None
    ) -> None:
        self._connection, self._progress = connection, progress
        self._fold = BoardFold()
        self._sql = _into(SQL, schema)
        self._registers = _into(registers.SQL, schema)
        self._evidence = _into(evidence.SQL, schema)

    def read(self, after: int, upto: int) -> set[UUID]:
        """Fold events after ``after`` up to ``upto``; the registers are written at once. Returns the tasks touched."""
        touched: set[UUID] = set()
        for count, stored in enumerate(store.stream_all(self._connection, after, upto), 1):
            fact = fact_of(stored)
            self._fold.apply(stored.position, fact)
            registers.apply(self._connection, fact, self._registers)
            if fact.task is not None:
                touched |= {fact.task, *self._fold.dependents(fact.task)}
            if self._progress is not None and count % 1000 == 0:
                self._progress(stored.position, upto)
        return touched

    def write_all(self, after: int, upto: int) -> None:
        """Write board, edges, routes and evidence."""
        self._copy_board(self._fold.rows())
        self._copy_edges(self._fold.edges)
        self._copy_routes()
        self._connection.execute(self._evidence["record"], {"after": after, "upto": upto})

    def write_tail(self, touched: set[UUID], after: int, upto: int) -> None:
        """Write what changed since ``write_all``."""
        tasks = {"tasks": list(touched)}
        self._connection.execute(self._sql["forget_task"], tasks)
        self._connection.execute(self._sql["forget_edges"], tasks)
        self._copy_board(self._fold.rows(only=touched))
        self._copy_edges({task: edges for task, edges in self._fold.edges.items() if task in touched})
        self._connection.execute(self._sql["forget_routes"])
        self._copy_routes()
        self._connection.execute(self._evidence["record"], {"after": after, "upto": upto})

    def _copy_board(self, rows: Iterable[Mapping[str, Any]]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(self._sql["copy_board"]) as copy:
            for row in rows:
                copy.write_row([Jsonb(row[name]) if name in _JSON else row[name] for name in COLUMNS])

    def _copy_edges(self, edges: Mapping[UUID, Mapping[UUID, bool]]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(self._sql["copy_edges"]) as copy:
            for task, wanted in edges.items():
                for prerequisite, met in wanted.items():
                    copy.write_row([task, prerequisite, met])

    def _copy_routes(self) -> None:
        with self._connection.cursor() as cursor, cursor.copy(self._sql["copy_routes"]) as copy:
            for key, route in self._fold.routes.items():
                copy.write_row([key, Jsonb(route.to_json())])


def _into(statements: Mapping[str, LiteralString], schema: str) -> dict[str, LiteralString]:
    """Point statements at the tables of another schema."""
    return {name: text.replace("projection.", f"{schema}.") for name, text in statements.items()}


def _tables(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        return [(row[0], row[1]) for row in cursor.execute(SQL["tables"]).fetchall()]


def _named(statement: str, name: str, settings: str = "") -> sql.Composed:
    return sql.SQL(SQL[statement]).format(name=sql.Identifier(name), settings=sql.SQL(settings))


def _run(connection: psycopg.Connection[Any], statement: str, name: str, settings: str = "") -> None:
    connection.execute(_named(statement, name, settings))


def _difference(connection: psycopg.Connection[Any], name: str) -> Difference | None:
    live = connection.execute(_named("only_live", name)).fetchone()
    ledger = connection.execute(_named("only_ledger", name)).fetchone()
    if live is None and ledger is None:
        return None
    return Difference(name, live[0] if live else None, ledger[0] if ledger else None)


def _scalar(connection: psycopg.Connection[Any], statement: Any) -> int:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0])
