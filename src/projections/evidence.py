"""Evidence on families: one row a judged submission, written in the transaction of the move that judged it.

Nothing is counted and nothing updated, so that a family's verbs never wait for each other. A rebuild runs the same
function, ``verb.judged``, over the whole ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from ainarres.database.queries import load
from ainarres.domain.events import TaskAdvanced, TaskRejected
from ainarres.projections.intervals import Rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import LiteralString

    import psycopg

    from ainarres.domain.story import Told

SQL = load("ainarres.projections", "evidence.sql")
NEWEST = 200
"""Pieces of evidence that a reputation looks back on, so that it costs the same however old the ledger is."""


def judges(told: Told) -> bool:
    """Tell whether a move may judge a submission: there has been one."""
    moved = isinstance(told.fact.event, (TaskAdvanced, TaskRejected))
    return moved and told.before is not None and bool(told.before.authors)


def reputation(connection: psycopg.Connection[Any], family: str, capabilities: Iterable[str]) -> Mapping[str, Rate]:
    """Return a family's first-pass yield at some capabilities: of its newest judged submissions, how many nobody sent
    back. A capability without evidence is left out.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return rates(cursor.execute(*asked(family, capabilities)).fetchall())


def asked(family: str, capabilities: Iterable[str]) -> tuple[LiteralString, dict[str, Any]]:
    """Return the question that ``reputation`` asks, for a pipeline; ``rates`` reads the answer."""
    return SQL["yield"], {"family": family, "capabilities": sorted(set(capabilities)), "newest": NEWEST}


def rates(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Rate]:
    """Return first-pass yields by capability from the rows of the answer."""
    return {row["capability"]: Rate(row["passed"], row["judged"]) for row in rows}
