"""Epics: how far each bounded deliverable is, and what a person said of it. The status is derived, never an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.domain import epic
from ainarres.projections.catchup import Projection, rows

if TYPE_CHECKING:
    import psycopg

    from ainarres.projections.catchup import Row
    from ainarres.projections.declared import Sees
    from ainarres.projections.span import Span

SQL = load("ainarres.projections", "epics.sql")
PROJECTION = Projection(
    name="epics",
    version=2,
    tables=("epic_task", "brief"),
    statements=SQL,
    reads={"TaskCreated": 1, "TaskAdvanced": 1, "TaskCancelled": 1},
)


@dataclass(frozen=True, slots=True)
class Epic:
    """The tasks born of one brief, counted."""

    key: str
    title: str
    """Of the brief."""
    tasks: int
    done: int
    cancelled: int
    verdict: str | None = None
    """``accept`` or ``reject``."""
    code: str | None = None
    reason: str | None = None
    rework: str | None = None
    """The brief of what is to be done again."""

    @property
    def status(self) -> str:
        """``open``, ``delivered``, ``cancelled``, ``accepted`` or ``rejected``."""
        return epic.status(self.tasks, self.done, self.cancelled, self.verdict)

    def to_json(self) -> dict[str, Any]:
        """Return the epic as plain JSON values."""
        return {
            "epic": self.key,
            "title": self.title,
            "status": self.status,
            "tasks": self.tasks,
            "done": self.done,
            "cancelled": self.cancelled,
            "verdict": self.verdict,
            "code": self.code,
            "reason": self.reason,
            "rework": self.rework,
        }


def read(connection: psycopg.Connection[Any], span: Span, sees: Sees | None = None) -> tuple[Epic, ...]:
    """Return every epic as of the span's end, in the order of their first task.

    Of a brief on a lane that is not shown (``sees``; null for all) there are the counts and the verdict without words.
    """
    found = rows(connection, SQL["figures"], **span.parameters())
    return tuple(_epic(row, sees) for row in found)


def _epic(row: Row, sees: Sees | None) -> Epic:
    lane = row.pop("lane")
    shown = sees is None or (lane is not None and sees(lane))
    return Epic(**row if shown else row | {"title": "", "reason": None})
