"""What changed between two moments: which tasks were born, moved, taken, parked, finished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.projections import moments
from ainarres.projections.catchup import rows
from ainarres.projections.wording import NONE, UNKNOWN, count, instant, printable, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from uuid import UUID

    import psycopg

    from ainarres.projections.moments import Moment

COMPARED = (
    *("title", "stage", "terminal", "priority", "blocked", "blocked_reason", "cancelled", "holder", "holder_family"),
    *("attempts", "rework", "tiers", "waits", "delivered", "approved", "depends_on", "workflow_version"),
)
"""Columns of the board that are compared."""


@dataclass(frozen=True, slots=True)
class Change:
    """One task at two moments; ``fields`` maps what differs to before and after, empty for a task that is new."""

    task: UUID
    title: str
    new: bool
    fields: Mapping[str, tuple[Any, Any]]

    def to_json(self) -> dict[str, Any]:
        """Return the change as plain JSON values."""
        return {
            "task": str(self.task),
            "title": self.title,
            "new": self.new,
            "fields": {name: {"from": _plain(old), "to": _plain(new)} for name, (old, new) in self.fields.items()},
        }


def between(
    connection: psycopg.Connection[Any], first: Moment, second: Moment, lane: str | None = None
) -> tuple[Change, ...]:
    """Return what differs between two moments, in the order in which the tasks were created."""
    before, after = _board(connection, first, lane), _board(connection, second, lane)
    return tuple(_changes(before, after))


def render(changes: tuple[Change, ...], first: Moment, second: Moment) -> str:
    """Write what changed."""
    among = [one.task for one in changes]
    lines = [f"from position {first.position} to {second.position} ({count(len(changes), 'task')} changed):"]
    for one in changes:
        lines.append(f"- {short(one.task, among)} {printable(one.title, 80)}{' (new)' if one.new else ''}")
        lines += [f"    {name}: {_said(old)} → {_said(new)}" for name, (old, new) in one.fields.items()]
    return "\n".join(lines if changes else [*lines, NONE])


def _board(connection: psycopg.Connection[Any], moment: Moment, lane: str | None) -> dict[UUID, dict[str, Any]]:
    with moments.at(connection, moment):
        found = rows(connection, moments.SQL["board"])
    return {row["task"]: row for row in found if lane in (None, row["lane"])}


def _changes(before: Mapping[UUID, dict[str, Any]], after: Mapping[UUID, dict[str, Any]]) -> Iterator[Change]:
    for task, row in (*after.items(), *((task, row) for task, row in before.items() if task not in after)):
        old, new = before.get(task, {}), after.get(task, {})
        fields = {
            name: (old.get(name), new.get(name))
            for name in COMPARED
            if old.get(name) != new.get(name) and (old or new.get(name) not in (None, False, 0, {}, []))
        }
        if fields:
            yield Change(task, row["title"], not old, fields)


def _plain(value: Any) -> Any:
    return [str(one) for one in value] if isinstance(value, list) else value


def _said(value: Any) -> str:
    if value is None or value in ([], {}):
        return UNKNOWN
    return printable(_time(value) if hasattr(value, "astimezone") else str(_plain(value)), 120)


def _time(value: datetime) -> str:
    return instant(value)
