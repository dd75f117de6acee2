"""Append to the ledger and read it, over a plain psycopg connection.

Appends join whatever transaction the connection has. Reading the log takes two statements, the horizon and then the
rows, so it is right only where each statement has a snapshot of its own: READ COMMITTED, on the primary. A stream needs
no horizon: its versions order it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import errors
from psycopg.rows import tuple_row

from ainarres.database import queries, trip
from ainarres.faults import VersionConflict
from ainarres.ledger import body
from ainarres.ledger.event import NewEvent, StoredEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from psycopg import Connection

SQL = queries.load("ainarres.ledger", "ledger.sql")
END = 2**63 - 1
"""A position and a version that no event reaches."""
OPTIMISTIC_LOCK = "event_stream_version"

_PLAIN = (
    *("stream", "version", "type", "schema"),
    *("actor", "family", "capability", "credential", "subject_agent", "subject_family"),
    *("project", "request", "causation"),
)
_IDS = ("task", "command", "correlation")


def block(events: Sequence[NewEvent]) -> str:
    """Return ``events`` as ``ledger.append`` takes them: one JSON array.

    Raises InvalidInput for a body the ledger cannot keep, ValueError for no events.
    """
    if not events:
        raise ValueError("nothing to append")
    return body.encode([_row(event) for event in events])


def append(connection: Connection[Any], events: Sequence[NewEvent]) -> int:
    """Append ``events``, all or none, to their streams; return the first position, the others follow without a gap.

    Raises VersionConflict when a stream already has one of the versions, and then the transaction is spent. Raises
    InvalidInput for a body the ledger cannot keep, ValueError for no events.
    """
    with conflicts():
        first = trip.run(connection, (SQL["append"],), {"events": block(events)})
    assert first is not None
    return int(first)


@contextmanager
def conflicts() -> Iterator[None]:
    """Turn the database's word for a lost race on a stream into VersionConflict."""
    try:
        yield
    except errors.UniqueViolation as error:
        if error.diag.constraint_name != OPTIMISTIC_LOCK:
            raise
        raise VersionConflict(f"another writer was first: {error.diag.message_detail}") from error


def read(connection: Connection[Any], after: int = 0, limit: int = 500, upto: int | None = None) -> list[StoredEvent]:
    """Read at most ``limit`` events after position ``after``, up to the horizon and, if given, up to ``upto``.

    Fewer than ``limit`` means the end for now; nothing will ever appear at or below the last position returned.
    """
    safe = horizon(connection)
    upto = safe if upto is None else min(safe, upto)
    return _events(connection, SQL["read"], {"after": after, "upto": upto, "limit": limit})


def stream_all(connection: Connection[Any], after: int, upto: int, page: int = 5000) -> Iterator[StoredEvent]:
    """Yield the events after ``after`` up to ``upto``, both known to be settled: by a snapshot, a horizon or a lock."""
    while events := _events(connection, SQL["read"], {"after": after, "upto": upto, "limit": page}):
        yield from events
        after = events[-1].position


def read_stream(
    connection: Connection[Any], stream: str, after_version: int = 0, up_to_position: int | None = None
) -> list[StoredEvent]:
    """Read a stream's events above ``after_version``, in order; ``up_to_position`` shows it as of then."""
    upto = END if up_to_position is None else up_to_position
    return _events(connection, SQL["read_stream"], {"stream": stream, "after": after_version, "upto": upto})


def read_task(connection: Connection[Any], task: UUID, up_to_position: int | None = None) -> list[StoredEvent]:
    """Read every event stamped with ``task``, of whatever stream, in order of position."""
    upto = END if up_to_position is None else up_to_position
    return _events(connection, SQL["read_task"], {"task": task, "upto": upto})


def stream_types(
    connection: Connection[Any], after: int, upto: int, types: Sequence[str], *, only: bool, page: int = 5000
) -> Iterator[list[StoredEvent]]:
    """Yield pages of the events of some ``types`` and, unless ``only`` these, of all that concern no task.

    The span is settled, as for ``stream_all``.
    """
    asked = {"types": list(types), "only": only, "limit": page}
    while events := _events(connection, SQL["read_types"], {"after": after, "upto": upto, **asked}):
        yield events
        after = events[-1].position


def shares(connection: Connection[Any], upto: int, events: int) -> list[tuple[UUID, UUID, int]]:
    """Divide all tasks into spans of ids, first and last, of about so many ``events`` each; returns the number, too."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [
            (first, last, int(number))
            for first, last, number in cursor.execute(SQL["shares"], {"upto": upto, "events": events})
        ]


def read_share(connection: Connection[Any], first: UUID, last: UUID, upto: int) -> list[StoredEvent]:
    """Read the lives of the tasks of a span up to a position, one after the other."""
    return _events(connection, SQL["read_share"], {"first": first, "last": last, "upto": upto})


def read_tasks(connection: Connection[Any], tasks: Sequence[UUID], upto: int) -> list[StoredEvent]:
    """Read the lives of some tasks up to a position, one after the other."""
    return _events(connection, SQL["read_tasks"], {"tasks": list(tasks), "upto": upto})


def touched(connection: Connection[Any], after: int, upto: int) -> set[UUID]:
    """Return the tasks that an event after ``after`` up to ``upto`` concerns."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return {task for (task,) in cursor.execute(SQL["touched"], {"after": after, "upto": upto})}


def stream_version(connection: Connection[Any], stream: str) -> int:
    """Return the version of the stream's last event, 0 where there is none."""
    return int(_one(connection, SQL["stream_version"], {"stream": stream}))


def horizon(connection: Connection[Any]) -> int:
    """Return the position up to which the ledger is complete, 0 for an empty one."""
    return int(_one(connection, SQL["horizon"]))


def clock(connection: Connection[Any]) -> datetime:
    """Return the ledger's time."""
    moment: datetime = _one(connection, SQL["clock"])
    return moment


def _row(event: NewEvent) -> dict[str, Any]:
    """The event as ``ledger.append`` takes it; what is null is left out."""
    row = {name: value for name in _PLAIN if (value := getattr(event, name)) is not None}
    row |= {name: str(value) for name in _IDS if (value := getattr(event, name)) is not None}
    if event.body is not None:
        row["body"] = body.normalise(event.body)
    if event.raw is not None:
        row["raw"] = f"\\x{event.raw.hex()}"
    if event.recorded_at is not None:
        row["recorded_at"] = _moment(event.recorded_at)
    return row


def _moment(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("recorded_at needs a time zone")
    return moment.isoformat()


def _one(connection: Connection[Any], statement: LiteralString, parameters: dict[str, Any] | None = None) -> Any:
    # The connection's own rows may be dicts: the library's pool makes them so.
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(statement, parameters, prepare=True).fetchone()
    assert row is not None
    return row[0]


def _events(connection: Connection[Any], statement: LiteralString, parameters: dict[str, Any]) -> list[StoredEvent]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [_stored(row) for row in cursor.execute(statement, parameters, prepare=True)]


def _stored(row: tuple[Any, ...]) -> StoredEvent:
    return StoredEvent(
        position=row[0],
        stream=row[1],
        version=row[2],
        type=row[3],
        schema=row[4],
        body=None if row[5] is None else body.decode(row[5]),
        raw=row[6],
        actor=row[7],
        family=row[8],
        capability=row[9],
        credential=row[10],
        subject_agent=row[11],
        subject_family=row[12],
        project=row[13],
        task=row[14],
        command=row[15],
        request=row[16],
        causation=row[17],
        correlation=row[18],
        recorded_at=row[19],
    )
