"""Evidence on families: one row a judged submission, written in the transaction of the move that judged it.

Nothing is counted and nothing updated, so that a family's verbs never wait for each other. A rebuild runs the same
statement over the whole ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.domain.events import TaskAdvanced, TaskRejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from ainarres.domain.fact import Fact

SQL = load("ainarres.projections", "evidence.sql")


def record(connection: psycopg.Connection[Any], block: Sequence[Fact]) -> None:
    """Write what the just appended ``block`` says; safe in a pipeline, after the board is written."""
    if any(isinstance(fact.event, (TaskAdvanced, TaskRejected)) for fact in block):
        connection.execute(SQL["record"], {"after": None, "upto": None, "count": len(block)})
