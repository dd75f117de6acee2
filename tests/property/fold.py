"""The board computed from the ledger event by event, edges and all: the plain way, against which the tables, and the
rebuild's set-based way, are held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.domain.eligibility import Route
from ainarres.domain.events import TaskAdvanced, TaskAmended, TaskCreated, TaskUnblocked, WorkflowAdopted
from ainarres.domain.task import evolve
from ainarres.domain.workflow import Workflow
from ainarres.projections.board import to_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from uuid import UUID

    from ainarres.domain.fact import Fact
    from ainarres.domain.task import Task


class BoardFold:
    """Tasks, edges and routes after the facts given so far, which come in the order of their positions."""

    def __init__(self) -> None:
        self.tasks: dict[UUID, Task] = {}
        self.edges: dict[UUID, dict[UUID, bool]] = {}
        """Task to its prerequisites, and whether each is met."""
        self.routes: dict[int, Route] = {}
        self._positions: dict[UUID, tuple[int, int]] = {}
        self._dependents: dict[UUID, set[UUID]] = {}
        self._workflows: dict[tuple[str, int], Workflow] = {}

    def apply(self, position: int, fact: Fact) -> None:
        """Fold one fact in."""
        if isinstance(fact.event, WorkflowAdopted):
            self._workflows[fact.event.key, fact.event.version] = Workflow.from_json(fact.event.definition)
        if fact.task is None:
            return
        task = evolve(self.tasks.get(fact.task), fact)
        if task is None:
            return
        self.tasks[task.id] = task
        if fact.stream == task.stream:
            created = self._positions.get(task.id, (position, position))[0]
            self._positions[task.id] = created, position
        route = Route.of(task, self.workflow(task))
        self.routes[route.id] = route
        self._edges(fact, task)

    def workflow(self, task: Task) -> Workflow:
        """Return the version a task is pinned to."""
        return self._workflows[task.workflow, task.workflow_version]

    def rows(self, only: AbstractSet[UUID] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the board's rows in the order of creation, of all tasks or of some."""
        for key, task in self.tasks.items():
            if only is not None and key not in only:
                continue
            created, updated = self._positions[key]
            waits = sum(not met for met in self.edges.get(key, {}).values())
            row = to_row(task, self.workflow(task))
            yield row | {"waits": waits, "created_position": created, "updated_position": updated}

    def dependents(self, task: UUID) -> frozenset[UUID]:
        """Return the tasks that name this one as a prerequisite."""
        return frozenset(self._dependents.get(task, ()))

    def unmet(self, task: UUID) -> tuple[UUID, ...]:
        """Return what a task waits on."""
        return tuple(sorted(p for p, met in self.edges.get(task, {}).items() if not met))

    def _edges(self, fact: Fact, task: Task) -> None:
        match fact.event:
            case TaskCreated(depends_on=wanted) if wanted:
                self._depend(task)
            case TaskAmended(depends_on=wanted) if wanted is not None:
                for prerequisite in self.edges.pop(task.id, {}):
                    self._dependents[prerequisite].discard(task.id)
                self._depend(task)
            case TaskUnblocked(waived=waived):
                self.edges.get(task.id, {}).update(dict.fromkeys(waived, True))
            case TaskAdvanced(terminal=True):
                for dependent in self._dependents.get(task.id, ()):
                    self.edges[dependent][task.id] = True
            case _:
                pass

    def _depend(self, task: Task) -> None:
        self.edges[task.id] = {p: self.tasks[p].terminal or p in task.waived for p in task.depends_on}
        for prerequisite in task.depends_on:
            self._dependents.setdefault(prerequisite, set()).add(task.id)
