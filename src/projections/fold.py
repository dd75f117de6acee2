"""Rows of the board computed from the ledger alone, one task after the other.

What a rebuild writes, what a check compares and what time travel shows comes from here. A task's life depends on no
other's, so that nothing of it is kept once its row is given, and several processes can each take a share of the tasks;
what tasks have to do with each other (edges, ``waits``) is made of the rows afterwards.
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ainarres.domain.eligibility import Route
from ainarres.domain.task import evolve
from ainarres.projections.board import to_row
from ainarres.projections.facts import fact_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ainarres.domain.task import Task
    from ainarres.domain.workflow import Workflow
    from ainarres.ledger.event import StoredEvent

    Workflows = Mapping[tuple[str, int], Workflow]

_PLACE = attrgetter("workflow", "workflow_version", "stage", "tiers", "authors", "review_waived")
"""What of a task may change its route."""


class TaskFold:
    """Folds lives of tasks pinned to ``workflows``; remembers which routes they met."""

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows
        self.routes: dict[int, Route] = {}

    def rows(self, events: Iterable[StoredEvent]) -> Iterator[dict[str, Any]]:
        """Yield the row of each task; its events stand together, in the order of their positions."""
        for _, life in groupby(events, key=attrgetter("task")):
            state = None
            for state in self._states(life):  # noqa: B007 - the last one counts
                pass
            if state is not None:
                yield self._row(*state)

    def steps(self, life: Iterable[StoredEvent]) -> Iterator[dict[str, Any]]:
        """Yield a task's row after each of its events."""
        for state in self._states(life):
            yield self._row(*state)

    def _states(self, life: Iterable[StoredEvent]) -> Iterator[tuple[Task, int, int]]:
        """Yield the task after each event, the position of its first event and of the last in its own stream."""
        task: Task | None = None
        place, created, updated = None, 0, 0
        for stored in life:
            fact = fact_of(stored)
            task = evolve(task, fact)
            if task is None:
                continue
            if fact.stream == task.stream:
                created, updated = created or stored.position, stored.position
            if (now := _PLACE(task)) != place:
                place = now
                route = Route.of(task, self._workflow(task))
                self.routes[route.id] = route
            yield task, created, updated

    def _workflow(self, task: Task) -> Workflow:
        return self._workflows[task.workflow, task.workflow_version]

    def _row(self, task: Task, created: int, updated: int) -> dict[str, Any]:
        row = to_row(task, self._workflow(task))
        return row | {"waits": 0, "created_position": created, "updated_position": updated}
