"""Demand: what work waits, and what it takes to do it. Enough for a scaler to ask "is there any for my roster?"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.domain.duration import show
from ainarres.domain.eligibility import Route
from ainarres.domain.workflow import Workflow
from ainarres.projections.catchup import rows
from ainarres.projections.wording import NONE, count, instant, printable

if TYPE_CHECKING:
    from datetime import datetime

    import psycopg

SQL = load("ainarres.projections", "demand.sql")


@dataclass(frozen=True, slots=True)
class Demand:
    """Tasks that wait on one route: open, with nothing left to wait for."""

    route: Route
    pending: int
    oldest_at: datetime
    """When the one that waits longest entered the stage."""
    ways: tuple[tuple[str, ...], ...]
    """What the exits of the stage require; who covers ``route.needs`` and one of these can do the work."""

    def to_json(self, now: datetime) -> dict[str, Any]:
        """Return the demand as plain JSON values."""
        return {
            **self.route.to_json(),
            "pending": self.pending,
            "oldest_at": instant(self.oldest_at),
            "oldest_seconds": (now - self.oldest_at).total_seconds(),
            "ways": [list(way) for way in self.ways],
        }


def read(connection: psycopg.Connection[Any], lane: str | None = None) -> tuple[Demand, ...]:
    """Return what waits in a lane (full key) or in all, the oldest first."""
    workflows = definitions(connection)
    return tuple(
        Demand(
            route := Route.from_json(row["parts"]),
            row["pending"],
            row["oldest_at"],
            tuple(
                dict.fromkeys(t.requires for t in workflows[route.workflow, route.workflow_version].exits(route.stage))
            ),
        )
        for row in rows(connection, SQL["pending"], lane=lane)
    )


def definitions(connection: psycopg.Connection[Any]) -> dict[tuple[str, int], Workflow]:
    """Return every adopted workflow by key and version."""
    found = rows(connection, SQL["workflows"])
    return {(row["key"], row["version"]): Workflow.from_json(row["definition"]) for row in found}


def render(demands: tuple[Demand, ...], now: datetime) -> str:
    """Write the demand, a line a route."""
    lines = [f"demand ({count(sum(one.pending for one in demands), 'task')} on {count(len(demands), 'route')}):"]
    for one in demands:
        route = one.route
        ways = " or ".join("+".join(way) for way in one.ways)
        author = f", not by {printable(route.author)}" if route.author else ""
        lines.append(
            f"- {printable(route.lane)} [{printable(route.stage)}] {one.pending} waiting, oldest "
            f"{show(now - one.oldest_at)}: {printable(', '.join(route.needs))}; {printable(ways)}{author}"
        )
    return "\n".join(lines if demands else [*lines, NONE])
