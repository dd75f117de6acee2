"""How tasks, events and the next verbs look in an envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from ainarres.domain.context import Caller
    from ainarres.domain.fact import Fact
    from ainarres.domain.task import Task
    from ainarres.domain.workflow import Workflow


def task_view(task: Task, caller: Caller) -> dict[str, Any]:
    """Return a task as replies show it; the fence only to its holder."""
    hold = task.hold
    view: dict[str, Any] = {
        "id": str(task.id),
        "title": task.title,
        "project": task.project,
        "lane": task.lane,
        "workflow": task.workflow,
        "workflow_version": task.workflow_version,
        "stage": task.stage,
        "terminal": task.terminal,
        "priority": task.priority,
        "payload": dict(task.payload),
        "requires": list(task.requires),
        "skills": list(task.skills),
        "depends_on": [str(one) for one in task.depends_on],
        "epic": task.epic,
        "attempts": task.attempts,
        "rework": task.rework,
        "tier": task.tier,
        "blocked": task.blocked,
        "blocked_reason": task.blocked_reason,
        "cancelled": task.cancelled,
        "holder": hold.agent if hold else None,
        "holder_family": hold.family if hold else None,
        "attempt": hold.attempt if hold else None,
        "lease_expires_at": hold.expires_at if hold else None,
        "artifacts": [a.model_dump(mode="json", exclude_none=True) for a in task.artifacts],
        "approved": task.approved,
        "authors": {stage: {"agent": a.agent, "family": a.family} for stage, a in task.authors.items()},
        "created_by": task.created_by,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "entered_stage_at": task.entered_stage_at,
        "version": task.version,
    }
    if hold is not None and hold.agent == caller.actor:
        view["fence"] = hold.fence
    return view


def event_view(fact: Fact, position: int) -> dict[str, Any]:
    """Return an event as replies show it."""
    return {
        "position": position,
        "type": type(fact.event).__name__,
        "stream": fact.stream,
        "version": fact.version,
        "actor": fact.actor,
        "family": fact.family,
        "recorded_at": fact.recorded_at,
        "body": fact.event.model_dump(mode="json"),
    }


def moves_of(task: Task, workflow: Workflow, caller: Caller) -> list[dict[str, Any]]:
    """Return the moves out of the task's stage that the caller may make, as data."""
    held = caller.features_for(task.hold.claimed_at) if task.hold else caller.features
    return [
        {"verb": move.kind, "to": move.to_stage, "artifacts": list(move.artifacts)}
        for move in workflow.exits(task.stage)
        if held.issuperset(move.requires)
    ]


def next_verbs(task: Task | None, workflow: Workflow | None, caller: Caller, now: datetime) -> tuple[str, ...]:
    """Name the verbs that lead on from here for this caller."""
    operator = caller.may("operator")
    if task is None or workflow is None:
        return () if operator else ("next",)
    if task.hold is not None and task.hold.agent == caller.actor and task.hold.live(now):
        kinds = dict.fromkeys(move["verb"] for move in moves_of(task, workflow, caller))
        return (*kinds, "progress", "heartbeat", "release", "block")
    if not operator:
        return ("next",)
    if task.terminal or task.cancelled:
        return ()
    if task.blocked:
        return ("unblock", "cancel")
    return ("release", "block") if task.hold is not None else ("amend", "block", "cancel")
