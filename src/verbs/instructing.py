"""On whose word somebody acted: recorded beside the act, or afterwards; never enforced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ainarres.database.queries import load
from ainarres.domain.command import Instructed
from ainarres.domain.events import InstructionGiven
from ainarres.domain.refusal import Refusal
from ainarres.verbs.answer import Answer
from ainarres.verbs.definitions import fact, require
from ainarres.verbs.unit import Halt

if TYPE_CHECKING:
    from ainarres.domain.commands import Command, Instruct
    from ainarres.verbs.unit import Unit

SQL = load("ainarres.verbs", "instructing.sql")


def record(unit: Unit, command: Command, answer: Answer) -> None:
    """Take the instruction of a command that appends something into its transaction, after its own events."""
    if not isinstance(command, Instructed) or command.instruction is None or not unit.facts:
        return
    unit.flush()  # the act's position is what the instruction names
    act = unit.facts[answer.lead]
    given = InstructionGiven(instruction=command.instruction, instructed_by=command.instructed_by)
    more = {"task": act.task, "project": act.project, "causation": unit.positions[answer.lead]}
    unit.add(fact(unit, f"agent-{unit.caller.actor}", given, **more))


def instruct(unit: Unit, command: Instruct) -> Answer:
    """Say on whose word an act was done, after the fact; said already is no news."""
    unit.start()
    require(unit, "operator", "saying on whose word an operator acted")
    act = unit.row(SQL["act"], {"position": command.position})
    if act is None:
        text = f"position: {command.position} is no act of an operator's credential; `ainarres inbox` lists them"
        raise Halt(Refusal("not_found", text, {"field": "position"}))
    if not act["instructed"]:
        given = InstructionGiven(instruction=command.instruction, instructed_by=command.instructed_by)
        more = {"task": act["task"], "project": act["project"], "causation": command.position}
        unit.add(fact(unit, f"agent-{act['actor']}", given, **more))
    return Answer(extra={"position_of_act": command.position})
