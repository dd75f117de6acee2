"""What operators and meters do: stop, sweep, move tasks to a new workflow version, report what tokens were spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ainarres.database.queries import load
from ainarres.domain import events as e
from ainarres.domain.refusal import Refusal
from ainarres.domain.story import Decision, Story
from ainarres.projections import board
from ainarres.verbs.answer import Answer
from ainarres.verbs.definitions import begin, fact, require
from ainarres.verbs.unit import Halt

if TYPE_CHECKING:
    from ainarres.domain.commands import MigrateTasks, Stop, Sweep, Usage
    from ainarres.domain.task import Task
    from ainarres.domain.workflow import Workflow
    from ainarres.verbs.unit import Unit

SQL = load("ainarres.verbs", "operating.sql")


def stop(unit: Unit, command: Stop) -> Answer:
    """Pause every lane that is open."""
    begin(unit)
    require(unit, "operator", "stopping every lane")
    lanes = unit.rows(SQL["open_lanes"])
    for lane in lanes:
        paused = e.LanePaused(reason=command.reason)
        unit.add(fact(unit, f"lane-{lane['key']}", paused, project=lane["project"]))
    return Answer(extra={"paused": [lane["key"] for lane in lanes]})


def sweep(unit: Unit, command: Sweep) -> Answer:  # noqa: ARG001 - the signature of all verbs
    """Answer after the session has recorded every lease that ran out."""
    unit.start()
    require(unit, "operator", "sweeping")
    return Answer()


def usage(unit: Unit, command: Usage) -> Answer:
    """Append what a harness spent: on the task of its transition, or on the agent's stream."""
    unit.start()
    require(unit, "meter", "reporting usage")
    moved = unit.row(SQL["transition"], {"position": command.transition}) if command.transition else None
    if command.transition is not None and moved is None:
        text = f"transition: position {command.transition} is no advance or reject"
        raise Halt(Refusal("not_found", text, {"field": "transition"}))
    reported = e.UsageReported(**command.model_dump(exclude={"agent", "family"}))
    family = (unit.row(SQL["family_of"], {"agent": command.agent}) or {"family": command.family})["family"]
    if command.family is not None and (family != command.family or unit.row(SQL["family"], {"key": family}) is None):
        text = f"family: {command.agent} is not known as an agent of {command.family!r}; `ainarres agents` lists them"
        raise Halt(Refusal("not_found", text, {"field": "family"}))
    if moved is None:
        unit.add(fact(unit, f"agent-{command.agent}", reported, subject_agent=command.agent, subject_family=family))
        return Answer()
    if moved["actor"] != command.agent:
        text = f"agent: {moved['actor']} made that transition, not {command.agent}"
        raise Halt(Refusal("invalid", text, {"field": "agent"}))
    task = board.from_row(unit.rows(board.SQL["lock"], {"task": moved["task"]})[0])
    unit.read_clock()
    story = Story(task, unit.context(task))
    story.add(reported, subject=(command.agent, moved["family"]))
    task = unit.take(story.end()).task
    return Answer(task=task if unit.caller.sees(task.lane) else None)


def migrate(unit: Unit, command: MigrateTasks) -> Answer:
    """Move a workflow's unfinished tasks to its newest version; held ones are left and named."""
    unit.start()
    require(unit, "human", "migrating tasks")
    version, newest = unit.newest_workflow(command.workflow)
    for old, new in command.stages.items():  # a slip is told before there are tasks that it would move
        _require_open(newest, version, old, new)
    rows = unit.rows(SQL["older"], {"workflow": command.workflow, "version": version})
    unit.read_clock()
    moved, held = [], []
    for row in rows:
        task = board.from_row(row)
        if task.hold is not None:
            held.append(str(task.id))
            continue
        decision = _migrated(unit, task, version, newest, command.stages)
        unit.take(decision, newest)
        moved.append(str(task.id))
    return Answer(extra={"workflow": command.workflow, "version": version, "moved": moved, "held": held})


def _require_open(newest: Workflow, version: int, old: str, new: str) -> None:
    there = newest.stage(new)
    if there is None or there.terminal:
        keys = ", ".join(s.key for s in newest.stages if not s.terminal)
        text = f"stages: version {version} has no open stage {new!r}; map {old!r} to one of {keys}"
        raise Halt(Refusal("invalid", text, {"field": "stages"}))


def _migrated(unit: Unit, task: Task, version: int, newest: Workflow, stages: dict[str, str]) -> Decision:
    stage = stages.get(task.stage, task.stage)
    _require_open(newest, version, task.stage, stage)
    story = Story(task, unit.context(task))
    story.add(
        e.TaskMigrated(
            workflow=newest.key,
            workflow_version=version,
            stage=stage,
            attempts=task.attempts if stage == task.stage else 0,
        )
    )
    return story.end()
