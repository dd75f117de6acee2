"""Rebuild and check of catch-up projections: new tables filled beside the live ones, then swapped in one moment.

Readers hold the tables they read (``catchup.reading``), so a swap waits for them and they never see half of it. A check
fills temporary tables up to the live mark and compares row for row.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from psycopg import sql

from ainarres.ledger import store
from ainarres.projections import catchup
from ainarres.projections.catchup import SQL, scalar, step, tracked, transaction
from ainarres.projections.rebuild import Checked, difference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import LiteralString

    import psycopg

    from ainarres.projections.catchup import Progress, Projection
    from ainarres.projections.rebuild import Difference


def rebuild(
    owner: psycopg.Connection[Any],
    projection: Projection,
    progress: Progress | None = None,
    batch: int = catchup.BATCH,
) -> int:
    """Build ``projection`` anew and swap it in; return the position it stands at.

    ``owner`` is a connection of the tables' owner, in autocommit mode and without a statement timeout.
    """
    name = {"projection": projection.name}
    owner.execute(SQL["rebuild_alone"], name)
    try:
        return _rebuild(owner, projection, progress, batch)
    finally:
        if not owner.closed:
            owner.execute(SQL["rebuild_ended"], name)


def rebuild_all(
    connect: Callable[[], psycopg.Connection[Any]],
    projections: Sequence[Projection],
    progress: Progress | None = None,
    threads: int = 2,
) -> dict[str, int]:
    """Rebuild several projections side by side, each on a connection of its own; return where each stands."""

    def one(projection: Projection) -> int:
        with connect() as owner:
            return rebuild(owner, projection, progress)

    with ThreadPoolExecutor(threads) as pool:
        return dict(zip([p.name for p in projections], pool.map(one, projections), strict=True))


def check(connection: psycopg.Connection[Any], projection: Projection, batch: int = catchup.BATCH) -> Checked:
    """Compare a projection with what the ledger gives up to its mark. Changes nothing; followers wait meanwhile."""
    statements = _into(projection, "pg_temp")
    with transaction(connection):
        connection.execute(SQL["follow_alone"], {"projection": projection.name})
        mark = tracked(connection, projection)
        for table in projection.tables:
            connection.execute(_named("create_temporary", table))
        _fill(connection, statements, 0, mark, batch)
        found = (_difference(connection, table, mark) for table in projection.tables)
        difference = next((one for one in found if one is not None), None)
        counts = {table: scalar(connection, _named("count", table)) for table in projection.tables}
        for table in projection.tables:
            connection.execute(_named("forget_temporary", table))
    return Checked(mark, {f"statistics.{table}": rows for table, rows in counts.items()}, difference)


def _rebuild(owner: psycopg.Connection[Any], projection: Projection, progress: Progress | None, batch: int) -> int:
    schema = f"statistics_next_{projection.name}"
    statements = _into(projection, schema)
    owner.execute(_named("drop_next", schema=schema))
    owner.execute(_named("create_next", schema=schema))
    for table in projection.tables:
        owner.execute(_named("create_table", table, schema))
    horizon, stands, started = store.horizon(owner), 0, time.monotonic()
    while stands < horizon:
        upto = min(stands + batch, horizon)
        with transaction(owner):
            catchup.absorb(owner, statements, stands, upto)
        if stands == 0:  # the planner knows nothing of tables that were empty a moment ago
            for table in projection.tables:
                owner.execute(_named("analyze_next", table, schema))
        stands = upto
        if progress is not None:
            progress(step(projection.name, 0, stands, horizon, time.monotonic() - started))
    return _swap(owner, projection, schema, stands)


def _swap(owner: psycopg.Connection[Any], projection: Projection, schema: str, stands: int) -> int:
    name = {"projection": projection.name}
    with transaction(owner):
        owner.execute(SQL["follow_alone"], name)
        # The live mark is below the horizon, and no follower moves it now.
        mark = max(tracked(owner, projection), stands)
        if mark > stands:
            catchup.absorb(owner, _into(projection, schema), stands, mark)
        owner.execute(SQL["swap_alone"], name)
        for table in projection.tables:
            owner.execute(_named("drop_live", table))
            owner.execute(_named("move_next", table, schema))
            owner.execute(_named("grant_app", table))
            owner.execute(_named("grant_reader", table))
        owner.execute(SQL["retrack"], {**name, "position": mark})
        owner.execute(SQL["reversion"], {**name, "version": projection.version})
        owner.execute(_named("drop_next", schema=schema))
    for table in projection.tables:
        owner.execute(_named("analyze", table))
    return mark


def _fill(
    connection: psycopg.Connection[Any], statements: Sequence[LiteralString], after: int, upto: int, batch: int
) -> None:
    while after < upto:
        end = min(after + batch, upto)
        catchup.absorb(connection, statements, after, end)
        after = end


def _into(projection: Projection, schema: str) -> list[LiteralString]:
    """Point the absorbing statements at the projection's tables in another schema."""
    return [text.replace("statistics.", f"{schema}.") for text in projection.absorbing()]


def _difference(connection: psycopg.Connection[Any], table: str, upto: int) -> Difference | None:
    sides = [connection.execute(_named(side, table)).fetchone() for side in ("only_live", "only_ledger")]
    return difference(connection, table, sides, upto, schema="statistics.")


def _named(statement: str, name: str = "", schema: str = "") -> sql.Composed:
    return sql.SQL(SQL[statement]).format(name=sql.Identifier(name), next=sql.Identifier(schema))
