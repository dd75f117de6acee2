"""Create, a graph of tasks, a template: tasks pinned to their lane's newest workflow, edges and all, or nothing."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from ainarres.domain import creating
from ainarres.domain.commands import Apply, Create, CreateGraph, Planned
from ainarres.domain.context import Context
from ainarres.domain.creating import Birth
from ainarres.domain.epic import opened
from ainarres.domain.malformed import MalformedError
from ainarres.domain.refusal import Refusal
from ainarres.domain.template import expand, read_template
from ainarres.projections import board
from ainarres.verbs.answer import Answer
from ainarres.verbs.definitions import read_or_halt
from ainarres.verbs.ids import new_id
from ainarres.verbs.tasks import prerequisites, resolve, working
from ainarres.verbs.unit import Halt
from ainarres.verbs.verdicts import join

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from ainarres.domain.task import Task
    from ainarres.verbs.unit import Unit


def create(unit: Unit, command: Create) -> Answer:
    """Execute the verb."""
    planned = Planned(key="task", **command.model_dump(include=Planned.model_fields.keys() - {"key", "after", "lane"}))
    origin = _Origin(unit, command.epic, command.correlation)
    born = _bear(unit, command.lane, (planned,), origin, command.template)
    return Answer(task=next(iter(born.values())))


def create_graph(unit: Unit, command: CreateGraph) -> Answer:
    """Execute the verb."""
    origin = _Origin(unit, command.epic, command.correlation)
    born = _bear(unit, command.lane, command.tasks, origin, command.template)
    return Answer(extra=posted(command, [str(task.id) for task in born.values()]))


def apply(unit: Unit, command: Apply) -> Answer:
    """Execute the verb: the template's tasks as a graph."""
    planned, template = _filled_in(command)
    born = _bear(unit, command.lane, planned, _Origin(unit, command.epic, None), template)
    return Answer(extra=posted(command, [str(task.id) for task in born.values()]))


def posted(command: CreateGraph | Apply, ids: list[str]) -> dict[str, Any]:
    """Return what the answer says of the tasks created, whose ``ids`` come in the order of their creation."""
    planned, template = (command.tasks, None) if isinstance(command, CreateGraph) else _filled_in(command)
    tasks = dict(zip((one.key for one in _ordered(planned)), ids, strict=True))
    return {"tasks": tasks} if template is None else {"tasks": tasks, "template": template}


def _filled_in(command: Apply) -> tuple[tuple[Planned, ...], str]:
    template = read_or_halt(read_template(command.text, command.source))
    try:
        tasks = expand(template, command.parameters)
    except MalformedError as error:
        raise Halt(Refusal("invalid", f"parameters: {error}", {"field": "parameters"})) from None
    return tuple(Planned(**task.model_dump()) for task in tasks), template.key


class _Origin:
    """Where new tasks descend from: the epic named, or the task their creator holds."""

    def __init__(self, unit: Unit, epic: str | None, correlation: UUID | None) -> None:
        self._unit, self._epic, self._correlation = unit, epic, correlation

    def settle(self) -> tuple[str | None, int | None, UUID | None]:
        """Return epic, causation and correlation; to be asked once the unit has started."""
        if self._epic is not None:
            epic = resolve(self._unit, self._epic)
            join(self._unit, epic)
            brief = self._unit.row(board.SQL["one"], {"task": epic})
            if brief is None or not self._unit.caller.sees(brief["lane"]):
                raise Halt(Refusal("not_found", f"epic: no task {epic}", {"field": "epic"}))
            if refused := opened(board.from_row(brief)):
                raise Halt(refused)
            return str(epic), brief["updated_position"], brief["correlation"] or epic
        held = self._unit.row(board.SQL["mine"], {"agent": self._unit.caller.actor})
        if held is None:
            return None, None, self._correlation
        if held["epic"] is not None:
            join(self._unit, held["epic"])
        return held["epic"], held["updated_position"], self._correlation or held["correlation"] or held["task"]


def _bear(
    unit: Unit, lane: str, planned: tuple[Planned, ...], origin: _Origin, template: str | None
) -> dict[str, Task]:
    """Create tasks in an order in which they can be done; return them by key."""
    unit.start()
    working(unit)
    order = _ordered(planned)
    lanes = {name: unit.lane(name) for name in {one.lane or lane for one in planned}}
    workflows = {name: unit.newest_workflow(row["workflow"]) for name, row in lanes.items()}
    for name, row in lanes.items():
        context = Context(now=unit.now, caller=unit.caller, workflow=workflows[name][1], lane_paused=row["paused"])
        if refused := creating.starter_gate(row["key"], context):
            raise Halt(refused)
    epic, causation, correlation = origin.settle()
    outside = prerequisites(unit, (typed for one in order for typed in one.depends_on))
    if outside or epic is not None:
        unit.read_clock()
    born: dict[str, Task] = {}
    for one in order:
        row, (version, workflow) = lanes[one.lane or lane], workflows[one.lane or lane]
        birth = Birth(
            id=new_id(unit.now),
            project=row["project"],
            lane=row["key"],
            workflow_version=version,
            depends_on=tuple(dict.fromkeys((*(born[k].id for k in one.after), *(outside[t] for t in one.depends_on)))),
            epic=epic,
            causation=causation,
            correlation=correlation,
        )
        asked = one.model_dump(exclude={"key", "after", "lane", "depends_on"})
        context = Context(now=unit.now, caller=unit.caller, workflow=workflow, lane_paused=row["paused"])
        decision = creating.create(Create(lane=row["key"], template=template, **asked), birth, context)
        born[one.key] = unit.take(decision, workflow).task
    return born


def _ordered(planned: Iterable[Planned]) -> list[Planned]:
    by_key: dict[str, Planned] = {}
    for one in planned:
        if one.key in by_key:
            raise Halt(Refusal("invalid", f"tasks: key {one.key!r} is used twice", {"field": "tasks"}))
        by_key[one.key] = one
    for one in by_key.values():
        for key in one.after:
            if key not in by_key:
                text = f"tasks: {one.key!r} comes after {key!r}, which is not in the graph"
                raise Halt(Refusal("invalid", text, {"field": "tasks"}))
        for typed in by_key.keys() & set(one.depends_on):
            text = f"tasks: depends_on of {one.key!r} is for tasks outside the graph; write after = [{typed!r}]"
            raise Halt(Refusal("invalid", text, {"field": "tasks"}))
    try:
        return [by_key[key] for key in TopologicalSorter({k: one.after for k, one in by_key.items()}).static_order()]
    except CycleError as error:
        way = " -> ".join(error.args[1])
        raise Halt(Refusal("invalid", f"tasks: they wait on each other: {way}", {"field": "tasks"})) from None
