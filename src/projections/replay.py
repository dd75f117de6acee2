"""A task's life, step by step: each event, and the state after it, by the fold that the verbs decide with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.domain.task import evolve
from ainarres.projections import history
from ainarres.projections.timeline import gist
from ainarres.projections.wording import instant, moment, printable, short

if TYPE_CHECKING:
    from uuid import UUID

    import psycopg

    from ainarres.domain.task import Task
    from ainarres.projections.timeline import Entry


@dataclass(frozen=True, slots=True)
class Step:
    """An event and the task after it."""

    entry: Entry
    task: Task

    def to_json(self) -> dict[str, Any]:
        """Return the event, and after it the state under ``after``."""
        return {**self.entry.to_json(), "after": state(self.task)}

    def text(self) -> str:
        """Write the event on one line and the state on the next."""
        entry = self.entry
        said = f"{entry.position}  {moment(entry.fact.recorded_at)}  {type(entry.fact.event).__name__}  {entry.who}"
        return f"  {said}{gist(entry.fact)}\n      → {_state(self.task)}"


def steps(connection: psycopg.Connection[Any], task: UUID) -> tuple[Step, ...]:
    """Return the steps of a task's life, oldest first."""
    found, now = [], None
    for entry in history.of_task(connection, task):
        now = evolve(now, entry.fact)
        if now is not None:
            found.append(Step(entry, now))
    return tuple(found)


def render(task: UUID, found: tuple[Step, ...]) -> str:
    """Write a life."""
    return "\n".join([f"replay of {short(task)} ({len(found)} events):", *(step.text() for step in found)])


def state(task: Task) -> dict[str, Any]:
    """Return what of a task an event may change, as plain JSON values."""
    hold = task.hold
    return {
        "stage": task.stage,
        "version": task.version,
        "terminal": task.terminal,
        "cancelled": task.cancelled,
        "blocked_reason": task.blocked_reason if task.blocked else None,
        "holder": hold.agent if hold else None,
        "holder_family": hold.family if hold else None,
        "lease_expires_at": instant(hold.expires_at) if hold else None,
        "attempts": task.attempts,
        "rework": task.rework,
        "tier": task.tier,
        "title": task.title,
        "priority": task.priority,
        "delivered": task.delivered,
        "approved": task.approved,
        "authors": {stage: author.family or author.agent for stage, author in task.authors.items()},
        "artifacts": [artifact.model_dump(mode="json", exclude_none=True) for artifact in task.artifacts],
    }


def _state(task: Task) -> str:
    parts = [f"[{printable(task.stage)}]"]
    if task.terminal:
        parts.append("finished")
    if task.cancelled:
        parts.append("cancelled")
    if task.blocked:
        parts.append(f"blocked: {printable(task.blocked_reason or '?', 80)}")
    if task.hold is not None:
        parts.append(f"held by {printable(task.hold.family or task.hold.agent)} until {moment(task.hold.expires_at)}")
    parts += [f"{name} {getattr(task, name)}" for name in ("attempts", "rework", "tier") if getattr(task, name)]
    return ", ".join(parts)
