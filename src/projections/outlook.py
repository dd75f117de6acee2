"""What is left to do on some lanes: enough for an agent to know that it may go home, and for a picture of the board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from ainarres.database.queries import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

SQL = load("ainarres.projections", "outlook.sql")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is left on some lanes."""

    open: int
    """Tasks neither finished nor cancelled."""
    held: int
    """Of these, under a live lease."""
    position: int
    """The newest position that the tasks show: it grows when any of them moves."""


def remaining(connection: psycopg.Connection[Any], lanes: Sequence[str]) -> Outlook:
    """Return what is left on ``lanes`` (full keys), or on all lanes when there are none."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(SQL["remaining"], {"lanes": list(lanes)}).fetchone()
    assert row is not None
    return Outlook(row["open"], row["held"], row["position"])


def rows(connection: psycopg.Connection[Any], lane: str) -> list[dict[str, Any]]:
    """Return the tasks of ``lane`` as a picture of the board needs them, in the order they were posted."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["rows"], {"lane": lane}).fetchall()
