"""Scored routing in a claim: score the first candidates of a lane that asks for it, and lock them in that order.

Which lane comes first is a matter of priority and age, as everywhere; the score orders tasks inside the lane. Where all
that was scored is locked by others the claim goes on in claim order, so that a crowd never hears a spurious "nothing".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.domain.eligibility import covered, opening
from ainarres.domain.feature import kind_of
from ainarres.domain.scoring import CONSIDERED, Asker, Candidate, ranked, score
from ainarres.projections import evidence
from ainarres.verbs.unit import SQL as UNIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from ainarres.domain.eligibility import Route
    from ainarres.domain.events import Score
    from ainarres.domain.task import Task
    from ainarres.verbs.unit import Row, Unit

SQL = load("ainarres.verbs", "scoring.sql")
_DEPTH = 4096
"""Newest events among which an agent's last claim is looked for."""


def lanes_in(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the lanes that score."""
    return frozenset(row["key"] for row in rows if row["routing"] == "scored")


def pick(unit: Unit, routes: Sequence[Route], scored: frozenset[str]) -> tuple[Row, Score] | None:
    """Lock the task that suits the caller best, of the lane whose turn it is, and read the clock.

    Null where that lane does not score, there is nothing, or others have locked all that was scored.
    """
    head = unit.row(SQL["head"], _wanted(unit, routes))
    lane = next((route.lane for route in routes if head is not None and route.id == head["route"]), None)
    if lane not in scored:
        return None
    mine = [route for route in routes if route.lane == lane]
    order, asker = _order(unit, mine)
    wanted = {"tasks": [one.task for one, _ in order], "routes": [route.id for route in mine]}
    locked, clock = unit.call((SQL["lock_first"], wanted), (UNIT["clock"], None))
    if not locked:
        return None
    unit.now = clock[0]["now"]
    return locked[0], score(_candidate(unit, locked[0], {route.id: route for route in mine}), asker)


def place(unit: Unit, task: Task, routes: Sequence[Route]) -> Row | None:
    """Return how a task scores for the caller, and its place in the order of its lane's candidates; null when it is
    none of the first ``CONSIDERED``. ``routes`` are of the task's lane.
    """
    order, _ = _order(unit, routes)
    for number, (candidate, points) in enumerate(order, start=1):
        if candidate.task == task.id:
            return {**points.model_dump(), "place": number, "of": len(order)}
    return None


def _order(unit: Unit, routes: Sequence[Route]) -> tuple[list[tuple[Candidate, Score]], Asker]:
    caller = unit.caller
    assert caller.family is not None
    rows, last, judged = unit.call(
        (SQL["candidates"], {**_wanted(unit, routes), "most": CONSIDERED}),
        (SQL["last_project"], {"agent": caller.actor, "depth": _DEPTH}),
        evidence.asked(caller.family, (feature for feature in caller.features if kind_of(feature) == "role")),
    )
    rates = evidence.rates(judged)
    asker = Asker(
        features=caller.features,
        last_project=last[0]["project"] if last else None,
        reputation={role: rate.interval[0] for role, rate in rates.items() if rate.interval is not None},
    )
    known = {route.id: route for route in routes}
    return ranked((_candidate(unit, row, known) for row in rows), asker), asker


def _wanted(unit: Unit, routes: Sequence[Route]) -> dict[str, Any]:
    openings = [
        o for r in routes if (o := opening(r, unit.caller, unit.workflow_version(r.workflow, r.workflow_version)))
    ]
    return {
        "routes": [one.route for one in openings],
        "befores": [None if one.after is None else unit.now - one.after for one in openings],
        "agent": unit.caller.actor,
    }


def _candidate(unit: Unit, row: Row, routes: Mapping[int, Route]) -> Candidate:
    route = routes[row["route"]]
    workflow = unit.workflow_version(route.workflow, route.workflow_version)
    task: UUID = row["task"]
    return Candidate(
        task=task,
        position=row["created_position"],
        project=row["project"],
        priority=row["priority"],
        skills=tuple(row["skills"]),
        capability=workflow.capability(covered(workflow, route.stage, unit.caller.features)[0]),
    )
