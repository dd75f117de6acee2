"""The board: one row a task, as the verbs read and write it inside the transaction of their append.

A row is ``Task`` spread over columns, plus what follows from other streams: the route, the agent who may not review,
and how many prerequisites are open. ``fold.py`` computes the same rows from the ledger alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ainarres.database.queries import load
from ainarres.domain.eligibility import Route, author_of
from ainarres.domain.events import Artifact, TaskAdvanced, TaskAmended, TaskClaimed, TaskCreated, TaskUnblocked
from ainarres.domain.task import Author, Hold, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from ainarres.domain.fact import Fact
    from ainarres.domain.story import Told
    from ainarres.domain.workflow import Workflow

SQL = load("ainarres.projections", "board.sql")

_PLAIN = [
    "project",
    "lane",
    "workflow",
    "workflow_version",
    "stage",
    "terminal",
    "title",
    "payload",
    "priority",
    "epic",
    "template",
    "attempts",
    "infra_releases",
    "rework",
    "tiers",
    "blocked",
    "blocked_reason",
    "cancelled",
    "review_waived",
    "delivered",
    "approved",
    "created_by",
    "created_by_family",
    "version",
    "correlation",
]
_TUPLES = ("requires", "skills", "depends_on", "waived")
_TIMES = ("created_at", "updated_at", "entered_stage_at")
_LEASE_TIMES = ("claimed_at", "lease_expires_at")
_FIELDS = (*_PLAIN, *_TIMES, *_TUPLES, "authors", "artifacts", "hold")
_HOLD = {
    "holder": "agent",
    "holder_family": "family",
    "holder_maker": "maker",
    "holder_capability": "capability",
    "fence": "fence",
    "attempt": "attempt",
    "renewals": "renewals",
    "claimed_at": "claimed_at",
    "lease_expires_at": "expires_at",
}
"""Columns of a task's hold, and what they are called there."""
_OF_A_HOLD = frozenset({"hold", "version", "updated_at"})
"""Fields on which it does not depend who may take a task."""
_ENCODER = json.JSONEncoder(default=str, ensure_ascii=False, separators=(",", ":"))


def to_row(task: Task, workflow: Workflow) -> dict[str, Any]:
    """Spread a task over the board's columns (positions and ``waits`` apart); JSON columns hold plain values."""
    return _spread(task, _FIELDS) | _standing(task, workflow) | {"task": task.id}


def changed(before: Task, after: Task, workflow: Workflow) -> dict[str, Any]:
    """Return the columns in which a task's row may differ from what it was."""
    old, new = before.__dict__, after.__dict__
    fields = [name for name in _FIELDS if old[name] is not new[name]]
    row = _spread(after, fields)
    return row if _OF_A_HOLD.issuperset(fields) else row | _standing(after, workflow)


def _spread(task: Task, fields: Iterable[str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in fields:
        value = getattr(task, name)
        match name:
            case "hold":
                row |= dict.fromkeys(_HOLD) if value is None else {c: getattr(value, f) for c, f in _HOLD.items()}
            case "authors":
                row[name] = {
                    stage: {"agent": a.agent, "family": a.family, "maker": a.maker, "capability": a.capability}
                    for stage, a in value.items()
                }
            case "artifacts":
                row[name] = [a.model_dump(mode="json") for a in value]
            case _:
                row[name] = list(value) if name in _TUPLES else value
    return row


def _standing(task: Task, workflow: Workflow) -> dict[str, Any]:
    author = author_of(task, workflow)
    return {"route": Route.of(task, workflow).id, "author_agent": author.agent if author else None}


def from_json(row: Mapping[str, Any]) -> Task:
    """Gather a task from its row as JSON, which knows neither times nor ids."""
    typed = dict(row)
    for name in (*_TIMES, *_LEASE_TIMES):
        if typed[name] is not None:
            typed[name] = datetime.fromisoformat(typed[name])
    typed["task"] = UUID(typed["task"])
    if typed["correlation"] is not None:
        typed["correlation"] = UUID(typed["correlation"])
    for name in ("depends_on", "waived"):
        typed[name] = [UUID(one) for one in typed[name]]
    return from_row(typed)


def from_row(row: Mapping[str, Any]) -> Task:
    """Gather a task from its row."""
    hold = None
    if row["holder"] is not None:
        hold = Hold(
            agent=row["holder"],
            family=row["holder_family"],
            maker=row["holder_maker"],
            capability=row["holder_capability"],
            fence=row["fence"],
            claimed_at=_utc(row["claimed_at"]),
            expires_at=_utc(row["lease_expires_at"]),
            attempt=row["attempt"],
            renewals=row["renewals"],
        )
    parts: dict[str, Any] = {name: row[name] for name in _PLAIN}
    parts |= {name: _utc(row[name]) for name in _TIMES}
    parts |= {name: tuple(row[name]) for name in _TUPLES}
    return Task(
        id=row["task"],
        **parts,
        authors={stage: Author(**parts) for stage, parts in row["authors"].items()},
        artifacts=tuple(Artifact(**parts) for parts in row["artifacts"]),
        hold=hold,
    )


@dataclass(slots=True)
class Changes:
    """What a block of events makes of the board, as ``verb.write`` takes it."""

    routes: list[dict[str, Any]] = field(default_factory=list)
    """Routes to intern."""
    born: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)
    """Of rows that stand already, what changed."""
    renewed: list[dict[str, Any]] = field(default_factory=list)
    """Holds whose deadline moved, and nothing else of their task."""
    edges: list[dict[str, Any]] = field(default_factory=list)
    """Acts on prerequisites, in order."""

    def parameters(self) -> dict[str, str | None]:
        """Return each part as JSON; null where there is nothing to do."""
        return {name: _spell(rows) if (rows := getattr(self, name)) else None for name in self.__slots__}


def changes(
    block: Sequence[Fact], told: Sequence[Told], workflows: Mapping[UUID, Workflow], known: AbstractSet[int]
) -> Changes:
    """Return what ``told``, the part of ``block`` that concerns tasks, makes of the board.

    ``workflows`` maps each touched task to the version it is pinned to; ``known`` are routes interned already.
    """
    found, interned = Changes(), set(known)
    place_of = {id(fact): place for place, fact in enumerate(block)}
    by_task: dict[UUID, list[Told]] = {}
    for one in told:
        by_task.setdefault(one.task.id, []).append(one)
    for key, mine in by_task.items():  # in the order of the block: prerequisites come before what waits on them
        task, before = mine[-1].task, mine[0].before
        for one in mine:
            if isinstance(one.fact.event, TaskClaimed):  # whoever holds a task, it stays on its route
                continue
            route = Route.of(one.task, workflows[key])
            if route.id not in interned:
                found.routes.append({"id": route.id, "parts": route.to_json()})
                interned.add(route.id)
        places = [place_of[id(one.fact)] for one in mine if one.fact.stream == one.task.stream]
        if before is None:
            found.born.append(to_row(task, workflows[key]) | {"first_place": places[0], "place": places[-1]})
        elif places:
            found.moved.append(changed(before, task, workflows[key]) | {"task": task.id, "place": places[-1]})
        else:  # the hold's own stream
            assert task.hold is not None
            deadline = {"lease_expires_at": task.hold.expires_at, "renewals": task.hold.renewals}
            found.renewed.append({"task": task.id, **deadline})
        found.edges.extend(_acts([one.fact for one in mine], task))
    return found


def _acts(facts: Sequence[Fact], task: Task) -> Iterator[dict[str, Any]]:
    for fact in facts:
        match fact.event:
            case TaskCreated(depends_on=wanted) if wanted:
                yield {"act": "depend", "task": task.id, "prerequisites": task.depends_on, "waived": task.waived}
            case TaskAmended(depends_on=wanted) if wanted is not None:
                yield {"act": "depend", "task": task.id, "prerequisites": task.depends_on, "waived": task.waived}
            case TaskUnblocked(waived=waived) if waived:
                yield {"act": "waive", "task": task.id, "prerequisites": waived}
            case TaskAdvanced(terminal=True):
                yield {"act": "finish", "task": task.id}
            case _:
                pass


def _spell(rows: list[dict[str, Any]]) -> str:
    return _ENCODER.encode(rows)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
