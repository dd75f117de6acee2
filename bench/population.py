"""Ledgers of any size for benchmarks: events appended in bulk through the ledger's one door, then a rebuild.

What is appended is what the verbs would have appended (minus the claims in between), so every projection can be rebuilt
and checked; only the time it takes is shortened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from ainarres.domain import events as e
from ainarres.verbs.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    import psycopg

BLOCK = 2000
"""Events one append carries."""
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of task: where it stands and what it needs."""

    stage: str
    requires: tuple[str, ...] = ()
    author: tuple[str, str, str] | None = None
    """Agent, family and maker who advanced it out of the initial stage, if somebody did."""
    depends_on: tuple[UUID, ...] = ()
    title: str = "a task"
    cancelled: bool = False
    """Given up at once."""


@dataclass(slots=True)
class Population:
    """Appends tasks of one lane under version 1 of one workflow."""

    connection: psycopg.Connection[Any]
    lane: str
    workflow: str
    initial: str
    born: int = 0
    _ids: list[UUID] = field(default_factory=list)

    def add(self, count: int, kind: Kind) -> None:
        """Append ``count`` tasks of a kind."""
        rows = self._rows(count, kind)
        while block := list(islice(rows, BLOCK)):
            self.connection.execute("SELECT ledger.append(%s::jsonb)", (json.dumps(block),))

    def _rows(self, count: int, kind: Kind) -> Iterator[dict[str, Any]]:
        for _ in range(count):
            self.born += 1
            at = START + timedelta(milliseconds=self.born)
            yield from _task(new_id(at), at, self, kind)


def _task(task: UUID, at: datetime, population: Population, kind: Kind) -> Iterable[dict[str, Any]]:
    created = e.TaskCreated(
        id=task,
        project=population.lane.partition("/")[0],
        lane=population.lane,
        workflow=population.workflow,
        workflow_version=1,
        stage=population.initial,
        title=kind.title,
        payload={"goal": "something"},
        priority=3,
        requires=kind.requires,
        skills=(),
        depends_on=kind.depends_on,
        epic=None,
        template=None,
    )
    yield _row(task, at, 1, created, {"actor": "human:local"})
    if kind.cancelled:
        yield _row(task, at, 2, e.TaskCancelled(reason="not wanted"), {"actor": "human:local"})
    elif kind.author is not None:
        agent, family, maker = kind.author
        advanced = e.TaskAdvanced(
            from_stage=population.initial,
            to_stage=kind.stage,
            terminal=False,
            note=None,
            artifacts=(),
            maker=maker,
            digest=None,
            approved=False,
        )
        stamps = {"actor": agent, "family": family, "capability": "role:implementer"}
        yield _row(task, at, 2, advanced, stamps)


def _row(task: UUID, at: datetime, version: int, event: e.Event, stamps: dict[str, str]) -> dict[str, Any]:
    return {
        "stream": f"task-{task}",
        "version": version,
        "type": type(event).__name__,
        "schema": 1,
        "body": event.model_dump(mode="json"),
        "project": "web",
        "task": str(task),
        "recorded_at": at.isoformat(),
        **stamps,
    }
