"""Moments of the past: any read as of a position or a time, by the code and the statements that read the present.

The board as it stood goes into temporary tables, by what a rebuild runs: rows that no event has touched since are
copied, tasks that were under way then are folded anew, so that a look back costs what was going on and not how long the
ledger is. For as long as the block lasts, the connection's statements find those tables where the live ones are, the
ledger's end at the moment's position and the moment's time on its clock.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg

from ainarres.database.queries import load
from ainarres.faults import InvalidInput
from ainarres.ledger import store
from ainarres.projections import rebuild
from ainarres.projections.catchup import rows, scalar
from ainarres.projections.wording import instant

if TYPE_CHECKING:
    from collections.abc import Iterator

SQL = load("ainarres.projections", "moments.sql")
_CURE = "write a position, or a time such as 2026-03-01T12:00:00Z; a time without a zone is UTC"


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in the ledger and the time that its clock shows there."""

    position: int
    clock: datetime

    def __str__(self) -> str:
        return f"as of position {self.position}, {instant(self.clock)}"

    def to_json(self) -> dict[str, Any]:
        """Return the moment as plain JSON values."""
        return {"position": self.position, "clock": instant(self.clock)}


def now(connection: psycopg.Connection[Any]) -> Moment:
    """Return the ledger's end and time."""
    return Moment(store.horizon(connection), store.clock(connection))


def resolve(connection: psycopg.Connection[Any], typed: str, field: str = "--at") -> Moment:
    """Read a position or an ISO 8601 time. Raises ``InvalidInput`` naming ``field`` for anything else.

    A position's clock is the time of its event, or of the last one before it. A time's position is the largest up to
    which every event was recorded no later; its clock is the time itself.
    """
    horizon = store.horizon(connection)
    if re.fullmatch(r"\d{1,18}", typed):
        found = rows(connection, SQL["time_of"], position=int(typed))
        if not found or int(typed) > horizon:
            raise InvalidInput(field, f"the ledger has no position {typed}", f"positions are 1 to {horizon}")
        return Moment(int(typed), found[0]["recorded_at"])
    try:
        time = datetime.fromisoformat(typed)
    except ValueError:
        raise InvalidInput(field, f"{typed!r} is neither a position nor a time", _CURE) from None
    time = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return Moment(scalar(connection, SQL["before_time"], {"upto": horizon, "time": time}), time)


@contextmanager
def at(connection: psycopg.Connection[Any], moment: Moment | None) -> Iterator[None]:
    """Make ``connection`` show the past until the block ends; null leaves it in the present. Nothing is written."""
    if moment is None:
        yield
        return
    connection.execute(rebuild.SQL["begin_check"])
    try:
        rebuild.fill_then(connection, moment.position)
        ordinary = connection.cursor_factory
        connection.cursor_factory = _cursor(moment)
        try:
            yield
        finally:
            connection.cursor_factory = ordinary
    finally:
        if not connection.closed:
            connection.execute(rebuild.SQL["rollback"])


def _cursor(moment: Moment) -> type[psycopg.Cursor[Any]]:
    places = {
        "projection.": "pg_temp.",
        "ledger.event": "pg_temp.event",
        "ledger.horizon()": f"{moment.position}::bigint",
        "ledger.clock()": f"timestamptz '{moment.clock.isoformat()}'",
    }

    class PastCursor(psycopg.Cursor[Any]):
        """Reads the past."""

        def execute(self, query: Any, *arguments: Any, **more: Any) -> Any:
            for present, then in places.items():
                query = query.replace(present, then)
            return super().execute(query, *arguments, **more)

    return PastCursor
