"""Why a task is not moving, and why an agent gets nothing: the claim's own predicates, asked without claiming."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.domain import eligibility
from ainarres.domain.context import Caller
from ainarres.domain.duration import show
from ainarres.projections import board
from ainarres.projections.declared import neighbour
from ainarres.verbs import claiming, scoring
from ainarres.verbs.answer import Answer
from ainarres.verbs.tasks import resolve, unknown
from ainarres.verbs.unit import Halt

if TYPE_CHECKING:
    from ainarres.domain.commands import Why
    from ainarres.domain.context import Context
    from ainarres.domain.eligibility import Obstacle
    from ainarres.domain.task import Task
    from ainarres.verbs.unit import Row, Unit

SQL = load("ainarres.verbs", "why.sql")
_CURES = {
    "cancelled": "create another task",
    "terminal": "nothing is left to do",
    "blocked": "an operator looks into the reason, then `ainarres unblock TASK --reason …`",
    "waits": "finish what it waits on; a cancelled one is waived by `ainarres unblock TASK --reason …`",
    "paused": "an operator resumes the lane: `ainarres lane resume LANE --reason …`",
    "wip": "a task at this stage must move on first",
    "held": "wait for the holder, or for the lease to run out; an operator may `ainarres release TASK --reason …`",
    "features": "a person grants what is missing in families.toml: `ainarres family adopt FILE`",
    "same_agent": "another agent asks for it",
    "family_rule": "another family asks for it, or an operator waives the rule: `ainarres waive TASK --reason …`",
}


def why(unit: Unit, command: Why) -> Answer:
    """Execute the verb; appends nothing."""
    unit.start()
    if command.task is None:
        return _why_me(unit)
    row = unit.row(board.SQL["one"], {"task": resolve(unit, command.task)})
    if row is None or not unit.caller.sees(row["lane"]):
        raise Halt(unknown(command.task))
    return _why_task(unit, board.from_row(row))


def _why_task(unit: Unit, task: Task) -> Answer:
    waits = unit.rows(SQL["prerequisites"], {"task": task.id})
    held = task.hold is not None and task.hold.live(unit.now)
    lane = unit.row(SQL["lane"], {"lane": task.lane})
    context = unit.context(
        task,
        lane_paused=bool(lane and lane["paused"]),
        unmet=tuple(row["task"] for row in waits),
        wip_full=not held and claiming.full_stage(unit, task) is not None,  # what is held is inside the limit
    )
    if held and task.hold is not None and task.hold.agent == unit.caller.actor:
        return _yours(task, context)
    standing = eligibility.standing(task, context)
    mine = eligibility.obstacles(task, context) if unit.caller.scope == "agent" else standing
    families = [_family(unit, task, row) for row in unit.rows(SQL["families"], {"now": unit.now})]
    could = [one["family"] for one in families if not one["obstacles"]]
    scores = lane is not None and bool(scoring.lanes_in([lane])) and unit.caller.scope == "agent"
    score = scoring.place(unit, task, claiming.routes_of(unit, task.lane)) if scores and not mine else None
    extra = {
        "obstacles": [_told(obstacle) for obstacle in mine],
        "waits_on": [{**neighbour(row, unit.caller.sees), "task": str(row["task"])} for row in waits],
        "could": could,
        "families": families,
        "score": score,
    }
    said = _said(task, context, standing, could)
    return Answer(reason=f"{said}; {_suits(score)}" if score is not None else said, task=task, extra=extra)


def _yours(task: Task, context: Context) -> Answer:
    """Say to the holder that nothing is in the way of a task."""
    assert task.hold is not None
    left = show((task.hold.expires_at - context.now).total_seconds())
    text = f"you hold it, for {left} unless you renew the lease; end with `ainarres done`, reject, release or block"
    nothing: dict[str, Any] = {"obstacles": [], "waits_on": [], "could": [], "families": [], "score": None}
    return Answer(reason=text, task=task, extra=nothing)


def _suits(score: Row) -> str:
    parts = ", ".join(f"{name} {score[name]:g}" for name in ("skills", "priority", "project", "reputation"))
    return f"its score for you is {score['total']:g} ({parts}), place {score['place']} of {score['of']}"


def _said(task: Task, context: Context, standing: tuple[Obstacle, ...], could: list[str]) -> str:
    if standing:
        return "; ".join(f"{o.text} — {_CURES[o.cause]}" for o in standing)
    if not could:
        needs = ", ".join(sorted(task.needs()))
        return f"no registered family may take it at {task.stage}: it needs {needs} and a role that moves it on"
    age = (context.now - task.entered_stage_at).total_seconds()
    return f"it has been free for {show(age)}; {', '.join(could)} could take it, none of them has asked"


def _family(unit: Unit, task: Task, row: Row) -> dict[str, Any]:
    features = frozenset(row["grants"]) - frozenset(row["denied"])
    anyone = Caller(actor="", scope="agent", family=row["key"], maker=row["maker"], features=features)
    context = unit.context(task, caller=anyone)
    found = eligibility.eligible(task, context)
    return {"family": row["key"], "obstacles": [_told(obstacle) for obstacle in found]}


def _why_me(unit: Unit) -> Answer:
    caller = unit.caller
    if caller.scope != "agent":
        text = f"a credential of scope {caller.scope} takes no tasks; ask about a task: ainarres why TASK"
        return Answer(reason=text, extra={"agent": caller.actor, "features": []})
    held = unit.row(board.SQL["mine"], {"agent": caller.actor})
    lanes = sorted(unit.caller.lanes)
    empty = claiming.nothing_for(unit, lanes, open_is="open to you")
    task = board.from_row(held) if held else None
    said = f"you hold a task: {task.id}; finish or release it first" if task else empty.reason
    routes = [
        {"lane": route.lane, "stage": route.stage, "tasks": tasks, "closed_because": because}
        for route, tasks, because in claiming.ready_routes(unit, lanes)
    ]
    extra = {"agent": caller.actor, "family": caller.family, "features": sorted(caller.features), "routes": routes}
    return Answer(reason=said, task=task, extra=extra)


def _told(obstacle: Obstacle) -> dict[str, Any]:
    return {
        "cause": obstacle.cause,
        "text": obstacle.text,
        "missing": list(obstacle.missing),
        "until": obstacle.until,
        "cure": _CURES[obstacle.cause],
    }
