"""Epics: how far each bounded deliverable is. The status is derived and never an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.projections.catchup import Projection, rows

if TYPE_CHECKING:
    import psycopg

    from ainarres.projections.span import Span

SQL = load("ainarres.projections", "epics.sql")
PROJECTION = Projection(
    name="epics",
    version=1,
    tables=("epic_task",),
    statements=SQL,
    reads={"TaskCreated": 1, "TaskAdvanced": 1, "TaskCancelled": 1},
)


@dataclass(frozen=True, slots=True)
class Epic:
    """The tasks born of one brief, counted."""

    key: str
    tasks: int
    done: int
    cancelled: int

    @property
    def status(self) -> str:
        """``delivered`` when a task is done and no other is open, ``cancelled`` when all were given up."""
        if self.done + self.cancelled < self.tasks:
            return "open"
        return "delivered" if self.done else "cancelled"

    def to_json(self) -> dict[str, Any]:
        """Return the epic as plain JSON values."""
        return {
            "epic": self.key,
            "status": self.status,
            "tasks": self.tasks,
            "done": self.done,
            "cancelled": self.cancelled,
        }


def read(connection: psycopg.Connection[Any], span: Span) -> tuple[Epic, ...]:
    """Return every epic as of the span's end, in the order of their first task."""
    found = rows(connection, SQL["figures"], **span.parameters())
    return tuple(Epic(row["epic"], row["tasks"], row["done"], row["cancelled"]) for row in found)
