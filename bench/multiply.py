"""A large ledger out of a small one: every task that nobody holds, repeated with all its events, in a few statements.

Appending a million tasks and folding them takes many minutes, copying them one. Ids, streams, positions and times are
new in each copy, and no command asked for it; all else is as it was. ``rebuild.check`` on a ledger multiplied a little
says whether tables and ledger still agree, and a test runs it. The catch-up projections are not copied: rebuild those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

_FRESH = "(lpad(to_hex(k.n), 8, '0') || substr(md5({task}::text || k.n), 9))::uuid"
"""The id of a copy: those of one round lie together, as the ids of tasks made at one time do."""
_EVENTS = {
    "position": "t.position + k.n * %(span)s",
    "stream": "'task-' || " + _FRESH.format(task="t.task"),
    "task": _FRESH.format(task="t.task"),
    "command": "NULL::uuid",
    "request": "NULL",
    "causation": "t.causation + k.n * %(span)s",
    "body": "CASE t.type WHEN 'TaskCreated' THEN t.body || jsonb_build_object('id', "
    + _FRESH.format(task="t.task")
    + ")"
    " WHEN 'UsageReported' THEN t.body || jsonb_build_object('transition', (t.body ->> 'transition')::bigint"
    " + k.n * %(span)s) ELSE t.body END",
}
_BOARD = {
    "task": _FRESH.format(task="t.task"),
    "created_position": "t.created_position + k.n * %(span)s",
    "updated_position": "t.updated_position + k.n * %(span)s",
}
_EDGES = {"task": _FRESH.format(task="t.task")}
_EVIDENCE = {
    "position": "t.position + k.n * %(span)s",
    "submission": "t.submission + k.n * %(span)s",
    "task": _FRESH.format(task="t.task"),
}


def multiply(owner: psycopg.Connection[Any], copies: int) -> None:
    """Repeat every task that nobody holds ``copies`` times. ``owner`` owns the tables and has no statement timeout."""
    row = owner.execute(
        "SELECT max(position), extract(epoch FROM max(recorded_at) - min(recorded_at)) + 1 FROM ledger.event"
        " WHERE task IS NOT NULL"
    ).fetchone()
    assert row is not None
    given = {"span": row[0], "seconds": row[1], "copies": copies}
    with owner.transaction():
        owner.execute(
            "CREATE TEMPORARY TABLE copied ON COMMIT DROP AS SELECT task FROM projection.board WHERE holder IS NULL"
        )
        owner.execute("ALTER TABLE copied ADD PRIMARY KEY (task)")
        for schema, table, changed in (
            ("ledger", "event", _EVENTS),
            ("projection", "board", _BOARD),
            ("projection", "dependency", _EDGES),
            ("projection", "evidence", _EVIDENCE),
        ):
            _copy(owner, schema, table, changed, given)
        owner.execute("SELECT setval('ledger.position', (%(copies)s + 1) * %(span)s)", given)


def _copy(
    owner: psycopg.Connection[Any], schema: str, table: str, changed: Mapping[str, str], given: Mapping[str, Any]
) -> None:
    columns = owner.execute(
        "SELECT attname, atttypid = 'timestamptz'::regtype FROM pg_attribute WHERE attrelid = %s::regclass"
        " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        (f"{schema}.{table}",),
    ).fetchall()
    names = ", ".join(f'"{name}"' for name, _ in columns)
    values = ", ".join(
        changed.get(name) or (f"t.\"{name}\" + k.n * %(seconds)s * interval '1 s'" if moment else f't."{name}"')
        for name, moment in columns
    )
    order = "t.position" if "position" in changed else "t.task"
    owner.execute(
        f"INSERT INTO {schema}.{table} ({names}) SELECT {values}"  # noqa: S608 - names out of the catalogue
        f" FROM generate_series(1, %(copies)s) AS k(n) CROSS JOIN {schema}.{table} AS t JOIN copied USING (task)"
        f" ORDER BY k.n, {order}",
        given,
    )
