"""The verdict on an epic: a person's, once. A rejection cancels what is unfinished and, if anything shipped, asks for
rework: one new brief that carries the request, the reason and references to what there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.domain import commands as c
from ainarres.domain import creating, epic, parking
from ainarres.domain.context import Context
from ainarres.domain.creating import Birth
from ainarres.domain.events import EpicJudged, TaskCancelled
from ainarres.domain.refusal import Refusal
from ainarres.projections import board
from ainarres.verbs.answer import Answer
from ainarres.verbs.definitions import fact, require
from ainarres.verbs.ids import new_id
from ainarres.verbs.tasks import resolve, unknown
from ainarres.verbs.unit import Halt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from ainarres.domain.fact import Fact
    from ainarres.domain.task import Task
    from ainarres.verbs.unit import Unit

SQL = load("ainarres.verbs", "verdicts.sql")
TITLE = 200
"""Characters of the brief's title that the rework's keeps."""


def join(unit: Unit, named: UUID | str) -> None:
    """Make sure that an epic may still take tasks, and that no verdict comes in between.

    Raises ``Halt`` when it was judged.
    """
    which = {"epic": str(named)}
    unit.call((SQL["join"], which))
    row = unit.row(SQL["judged"], which)
    if row is not None:
        text = f"epic: it is {epic.JUDGED[row['body']['verdict']]} and takes no more tasks; open another"
        raise Halt(Refusal("conflict", text, {"field": "epic"}))


def verdict(unit: Unit, command: c.Verdict) -> Answer:
    """Execute the verb."""
    unit.start()
    require(unit, "human", "a verdict")
    brief_id = resolve(unit, command.epic)
    which = {"epic": str(brief_id)}
    unit.call((SQL["alone"], which))
    rows = [board.from_row(row) for row in unit.rows(SQL["tasks"], which)]
    unit.read_clock()
    brief = next((task for task in rows if task.id == brief_id), None)
    if brief is None:
        raise Halt(unknown(command.epic))
    if refused := epic.opened(brief):
        raise Halt(refused)
    tasks = [task for task in rows if task.id != brief_id]
    standing = unit.row(SQL["judged"], which)
    judged = EpicJudged.model_validate(standing["body"]) if standing is not None else None
    done, cancelled = sum(task.terminal for task in tasks), sum(task.cancelled for task in tasks)
    said = epic.judge(epic.Epic(brief_id, len(tasks), done, cancelled, judged), command, new_id(unit.now))
    if isinstance(said, Refusal):
        raise Halt(said)
    if said is None:
        assert judged is not None
        return Answer(extra=_shown(judged, ()) | {"changed": False})
    # the one event of its stream: of two verdicts at once the ledger refuses the second, which then sees the first
    judging = fact(unit, f"epic-{brief_id}", said, task=brief_id, project=brief.project, correlation=brief.correlation)
    unit.add(judging)
    unit.flush()
    if said.verdict == "reject":
        _give_up(unit, [task for task in rows if not (task.terminal or task.cancelled)], said)
        if said.rework is not None:
            _ask_again(unit, brief, [task for task in tasks if task.terminal], said)
    return Answer(extra=told(unit.facts) | {"changed": True})


def told(facts: Sequence[Fact]) -> dict[str, Any]:
    """Return what the answer says of a verdict, from the facts it appended."""
    judged = facts[0].event
    assert isinstance(judged, EpicJudged)
    return _shown(judged, (str(one.task) for one in facts if isinstance(one.event, TaskCancelled)))


def _shown(judged: EpicJudged, cancelled: Iterable[str]) -> dict[str, Any]:
    names = ("epic", "verdict", "rework")
    shown = {name: getattr(judged, name) for name in names}
    return {**shown, "verdict_code": judged.code, "cancelled": list(cancelled)}


def _give_up(unit: Unit, unfinished: list[Task], said: EpicJudged) -> None:
    reason = f"the epic was rejected: {said.reason}"
    for task in unfinished:
        unit.take(parking.cancel(task, c.Cancel(task=str(task.id), reason=reason), unit.context(task)))
    given_up = {task.id for task in unfinished}
    waiting = {row["task"] for row in unit.rows(SQL["waiting"], {"tasks": list(given_up)})} - given_up
    if waiting:
        for row in unit.rows(board.SQL["lock_several"], {"tasks": list(waiting)}):
            dependent = board.from_row(row)
            unit.take(parking.prerequisite_cancelled(dependent, unit.context(dependent)))


def _ask_again(unit: Unit, brief: Task, shipped: list[Task], said: EpicJudged) -> None:
    lane = unit.lane(brief.lane)
    version, workflow = unit.newest_workflow(lane["workflow"])
    payload = {
        "request": brief.payload.get("request", dict(brief.payload)),
        "rework_of": str(brief.id),
        "code": said.code,
        "reason": said.reason,
        "shipped": [
            {
                "task": str(task.id),
                "title": task.title,
                "artifacts": [one.model_dump(mode="json", exclude_none=True) for one in task.artifacts],
            }
            for task in shipped
        ],
    }
    assert said.rework is not None
    birth = Birth(
        id=said.rework,
        project=brief.project,
        lane=brief.lane,
        workflow_version=version,
        causation=unit.positions[0],
        correlation=brief.correlation or brief.id,
    )
    title = f"Rework: {brief.title.removeprefix('Rework: ')}"[:TITLE]
    asked = c.Create(lane=brief.lane, title=title, payload=payload, priority=brief.priority, skills=brief.skills)
    # a paused lane takes no claims; what a verdict asks for waits there all the same
    unit.take(creating.create(asked, birth, Context(now=unit.now, caller=unit.caller, workflow=workflow)), workflow)
