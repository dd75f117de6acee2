"""Import an export into an empty ledger, and promote the copy to a ledger of its own.

A copy must not go on by itself: two ledgers of one name would tell two stories. So its sequence of positions ends where
the export ended, and whoever appends is refused by the database. ``promote`` lets it go on, under a new name and with
every credential void.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from ainarres.database import trip
from ainarres.domain import events as e
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput
from ainarres.ledger import audit, chain, export, leaf
from ainarres.projections import rebuild
from ainarres.verbs.definitions import fact
from ainarres.verbs.ids import new_id
from ainarres.verbs.memory import Known
from ainarres.verbs.unit import SQL as UNIT
from ainarres.verbs.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    import psycopg

    from ainarres.ledger.audit import Audited


@dataclass(frozen=True, slots=True)
class Promoted:
    """A fork: its new id, the ledger it was, and the position of the event that says so."""

    id: UUID
    of: UUID
    position: int


def load(owner: psycopg.Connection[Any], path: Path, progress: Callable[[int, int], None] | None = None) -> Audited:
    """Import the export at ``path`` into the empty ledger of ``owner``, then build every projection.

    ``owner`` is a connection of the tables' owner in autocommit mode, without time limits. Positions, checkpoints and
    stamps are as they were. An export that is not sound (``differences``) is not imported. Raises InvalidInput for a
    ledger that is not empty and for a file that is no export.
    """
    owner.execute(trip.SQL["begin"])
    try:
        audited = _fill(owner, path, progress)
        owner.execute(UNIT["rollback"] if audited.differences else UNIT["commit"])
    except BaseException:
        if not owner.closed:
            owner.execute(UNIT["rollback"])
        raise
    if not audited.differences:
        rebuild.rebuild(owner)
    return audited


def _fill(owner: psycopg.Connection[Any], path: Path, progress: Callable[[int, int], None] | None) -> Audited:
    owner.execute(audit.SQL["alone"])
    if _scalar(owner, audit.SQL["anything"]):
        raise InvalidInput("ledger", "holds events already; an import needs an empty one", "give a new --home or --url")
    found = audit.Audit(export.chain_of(path))
    with owner.cursor() as cursor, cursor.copy(audit.SQL["import"]) as copy:
        for count, (row, content) in enumerate(export.read(path), 1):
            found.feed(row, content)
            copy.write_row(row)
            if progress is not None and count % audit.PAGE == 0:
                progress(row[leaf.POSITION], 0)
    audited = found.finish()
    if not audited.events:
        raise InvalidInput("file", f"{path} holds no events", "name a file that `ainarres export` wrote")
    owner.execute(audit.SQL["positions_taken"], {"position": audited.position})
    owner.execute(sql.SQL(audit.SQL["close"]).format(last=sql.Literal(audited.position)))
    return audited


def is_copy(connection: psycopg.Connection[Any]) -> bool:
    """Tell whether the ledger is an imported copy that nobody promoted."""
    return bool(_scalar(connection, audit.SQL["closed"]))


def promote(owner: psycopg.Connection[Any]) -> Promoted | Refusal:
    """Make an imported copy a ledger of its own: a new id, positions above the old ones, every credential void.

    ``owner`` is a connection of the tables' owner in autocommit mode.
    """
    unit = Unit(owner, Known(), token_sha256=None, command=None, request=None)
    unit.start()
    try:
        if not is_copy(owner):
            unit.rollback()
            return Refusal("conflict", "the ledger is no imported copy; it takes events already")
        last = _scalar(owner, rebuild.SQL["last"])
        told = audit.chain_of(owner, last)
        if told.id is None:
            unit.rollback()
            return Refusal("not_found", "the ledger was never opened; import a whole export")
        owner.execute(audit.SQL["open"])
        forked = e.LedgerForked(id=new_id(unit.now), of=told.id, position=last)
        unit.add(fact(unit, chain.STREAM, forked))
        position = unit.finish()
    except BaseException:
        if not owner.closed:
            unit.rollback()
        raise
    assert position is not None
    return Promoted(forked.id, forked.of, position)


def _scalar(connection: psycopg.Connection[Any], statement: Any) -> Any:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]
