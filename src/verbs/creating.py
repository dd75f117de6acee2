"""Create: a task pinned to its lane's newest workflow, its prerequisites kept still until the edges are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ainarres.domain import creating
from ainarres.domain.context import Context
from ainarres.domain.creating import Birth
from ainarres.projections import board
from ainarres.verbs.answer import Answer
from ainarres.verbs.ids import new_id
from ainarres.verbs.tasks import prerequisites

if TYPE_CHECKING:
    from ainarres.domain.commands import Create
    from ainarres.verbs.unit import Unit


def create(unit: Unit, command: Create) -> Answer:
    """Execute the verb."""
    unit.start()
    lane = unit.lane(command.lane)
    version, workflow = unit.newest_workflow(lane["workflow"])
    depends_on = prerequisites(unit, command.depends_on) if command.depends_on else ()
    if depends_on:
        unit.read_clock()
    born_of = unit.row(board.SQL["mine"], {"agent": unit.caller.actor})
    correlation = command.correlation
    if correlation is None and born_of is not None:
        correlation = born_of["correlation"] or born_of["task"]
    birth = Birth(
        id=new_id(unit.now),
        project=lane["project"],
        lane=lane["key"],
        workflow_version=version,
        depends_on=depends_on,
        correlation=correlation,
    )
    context = Context(now=unit.now, caller=unit.caller, workflow=workflow, lane_paused=lane["paused"])
    decision = unit.take(creating.create(command, birth, context), workflow)
    return Answer(task=decision.task)
