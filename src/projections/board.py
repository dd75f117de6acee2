"""The board: one row a task, as the verbs read and write it inside the transaction of their append.

A row is ``Task`` spread over columns, plus what follows from other streams: the route, the agent who may not review,
and how many prerequisites are open. ``fold.py`` computes the same rows from the ledger alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from ainarres.database.queries import load
from ainarres.domain.eligibility import Route, author_of
from ainarres.domain.events import Artifact, TaskAdvanced, TaskAmended, TaskCreated, TaskUnblocked
from ainarres.domain.task import Author, Hold, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from uuid import UUID

    import psycopg

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
_JSON = ("payload", "tiers", "authors", "artifacts")


def to_row(task: Task, workflow: Workflow) -> dict[str, Any]:
    """Spread a task over the board's columns (positions and ``waits`` apart); JSON columns hold plain values."""
    hold, author = task.hold, author_of(task, workflow)
    row: dict[str, Any] = {name: getattr(task, name) for name in (*_PLAIN, *_TIMES)}
    row |= {name: list(getattr(task, name)) for name in _TUPLES}
    row |= {
        "task": task.id,
        "tiers": dict(task.tiers),
        "authors": {
            stage: {"agent": a.agent, "family": a.family, "maker": a.maker, "capability": a.capability}
            for stage, a in task.authors.items()
        },
        "artifacts": [a.model_dump(mode="json") for a in task.artifacts],
        "holder": hold.agent if hold else None,
        "holder_family": hold.family if hold else None,
        "holder_maker": hold.maker if hold else None,
        "holder_capability": hold.capability if hold else None,
        "fence": hold.fence if hold else None,
        "attempt": hold.attempt if hold else None,
        "renewals": hold.renewals if hold else None,
        "claimed_at": hold.claimed_at if hold else None,
        "lease_expires_at": hold.expires_at if hold else None,
        "route": Route.of(task, workflow).id,
        "author_agent": author.agent if author else None,
    }
    return row


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


def write(
    connection: psycopg.Connection[Any],
    block: Sequence[Fact],
    told: Sequence[Told],
    workflows: Mapping[UUID, Workflow],
    known: AbstractSet[int],
) -> set[int]:
    """Bring the board to what ``told``, the part of the just appended ``block`` that concerns tasks, made of it.

    ``workflows`` maps each touched task to the version it is pinned to; ``known`` are routes interned already. Safe in
    a pipeline: nothing is read back. Returns the routes newly interned, to be known once the transaction is committed.
    """
    interned: set[int] = set()
    back_of = {id(fact): len(block) - 1 - place for place, fact in enumerate(block)}
    by_task: dict[UUID, list[tuple[int, Told]]] = {}
    for one in told:
        by_task.setdefault(one.task.id, []).append((back_of[id(one.fact)], one))
    for key, mine in by_task.items():  # in the order of the block: prerequisites come before what waits on them
        for _, one in mine:
            route = Route.of(one.task, workflows[key])
            if route.id not in known and route.id not in interned:
                connection.execute(SQL["add_route"], {"id": route.id, "parts": Jsonb(route.to_json())})
                interned.add(route.id)
        _write_row(connection, mine, workflows[key])
        _write_edges(connection, [one.fact for _, one in mine], mine[-1][1].task)
    return interned


def _write_row(connection: psycopg.Connection[Any], mine: list[tuple[int, Told]], workflow: Workflow) -> None:
    task = mine[-1][1].task
    own = [back for back, one in mine if one.fact.stream == task.stream]
    if not own:  # the hold's own stream: only its deadline moved
        assert task.hold is not None
        renewed = {"task": task.id, "lease_expires_at": task.hold.expires_at, "renewals": task.hold.renewals}
        connection.execute(SQL["renew"], renewed)
        return
    row = to_row(task, workflow)
    row |= {name: Jsonb(row[name]) for name in _JSON}
    row["back"] = own[-1]
    born = isinstance(mine[0][1].fact.event, TaskCreated)
    connection.execute(SQL["insert" if born else "update"], row)


def _write_edges(connection: psycopg.Connection[Any], facts: Sequence[Fact], task: Task) -> None:
    edges = {"task": task.id, "prerequisites": list(task.depends_on), "waived": list(task.waived)}
    for fact in facts:
        match fact.event:
            case TaskCreated(depends_on=wanted) if wanted:
                connection.execute(SQL["depend"], edges)
            case TaskAmended(depends_on=wanted) if wanted is not None:
                connection.execute(SQL["undepend"], edges)
                connection.execute(SQL["depend"], edges)
            case TaskUnblocked(waived=waived) if waived:
                connection.execute(SQL["waive"], {"task": task.id, "prerequisites": list(waived)})
            case TaskAdvanced(terminal=True):
                connection.execute(SQL["finish_dependents"], {"task": task.id})
                continue
            case _:
                continue
        connection.execute(SQL["count_waits"], {"tasks": [task.id]})


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
