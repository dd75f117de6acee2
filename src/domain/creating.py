"""Create, amend, note and waive: a task's beginning, and what may change about it besides its stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ainarres.domain import events as e
from ainarres.domain.fact import Fact
from ainarres.domain.holding import moved_on
from ainarres.domain.refusal import Refusal
from ainarres.domain.story import Decision, Story, Told
from ainarres.domain.task import Task, evolve

if TYPE_CHECKING:
    from uuid import UUID

    from ainarres.domain.commands import Amend, Create, Note, Waive
    from ainarres.domain.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What a new task is given besides the command: ids and the definitions it is pinned to."""

    id: UUID
    project: str
    lane: str
    workflow_version: int
    depends_on: tuple[UUID, ...] = ()
    epic: str | None = None
    causation: int | None = None
    correlation: UUID | None = None


def starter_gate(name: str, context: Context) -> Refusal | None:
    """Refuse a caller who may not create on the lane ``name``, whatever the task: asked before all else."""
    workflow, caller = context.workflow, context.caller
    if context.lane_paused:
        return Refusal("conflict", f"lane {name} is paused; an operator may resume it")
    if not caller.may("operator"):
        lane = f"lane:{name}"
        if lane not in caller.features:
            return Refusal("not_eligible", f"need {lane}; see `ainarres whoami`", {"missing": [lane]})
        starts = [t for t in workflow.exits(workflow.initial.key) if t.kind == "advance"]
        if starts and not any(caller.features.issuperset(t.requires) for t in starts):
            nearest: set[str] = min(({*t.requires} - caller.features for t in starts), key=len)
            missing = sorted(nearest)
            text = f"creating a task needs the key to its first step: {', '.join(missing)}"
            return Refusal("not_eligible", text, {"missing": missing})
    return None


def create(command: Create, birth: Birth, context: Context) -> Decision | Refusal:
    """Decide a new task at the workflow's initial stage."""
    if refused := starter_gate(birth.lane, context):
        return refused
    workflow, caller = context.workflow, context.caller
    initial = workflow.initial
    event = e.TaskCreated(
        id=birth.id,
        project=birth.project,
        lane=birth.lane,
        workflow=workflow.key,
        workflow_version=birth.workflow_version,
        stage=initial.key,
        title=command.title,
        payload=command.payload,
        priority=command.priority,
        requires=command.requires,
        skills=command.skills,
        depends_on=birth.depends_on,
        epic=birth.epic,
        template=command.template,
    )
    fact = Fact(
        event=event,
        stream=f"task-{birth.id}",
        version=1,
        recorded_at=context.now,
        actor=caller.actor,
        family=caller.family,
        credential=caller.credential,
        project=birth.project,
        task=birth.id,
        causation=birth.causation,
        correlation=birth.correlation,
    )
    task = evolve(None, fact)
    assert task is not None
    return Decision((Told(fact, task, None),), task)


def amend(task: Task, command: Amend, context: Context, *, depends_on: tuple[UUID, ...] | None) -> Decision | Refusal:
    """Decide a change to an unheld task by an operator or its creator. Nothing changed is no news."""
    if refused := moved_on(task, command.expect_version):
        return refused
    caller = context.caller
    if not caller.may("operator") and task.created_by != caller.actor:
        return Refusal("not_eligible", "amending is for an operator or the task's creator", {"missing": ["operator"]})
    if task.cancelled:
        return Refusal("cancelled", "the task was cancelled; create another")
    if task.terminal:
        return Refusal("conflict", f"the task is finished: {task.stage}")
    if task.hold is not None and task.hold.live(context.now):
        return Refusal("conflict", f"{task.hold.agent} holds the task; amend it when it is free")
    event = e.TaskAmended(
        title=command.title if command.title != task.title else None,
        priority=command.priority if command.priority != task.priority else None,
        payload=command.payload if command.payload != task.payload else None,
        depends_on=depends_on if depends_on != task.depends_on else None,
    )
    story = Story(task, context)
    if event != e.TaskAmended():
        story.add(event)
    return story.end()


def note(task: Task, command: Note, context: Context) -> Decision | Refusal:
    """Decide a note by whoever works on the lane."""
    lane = f"lane:{task.lane}"
    if not context.caller.may("operator") and lane not in context.caller.features:
        return Refusal("not_eligible", f"need {lane}; see `ainarres whoami`", {"missing": [lane]})
    story = Story(task, context)
    story.add(e.NoteAdded(text=command.text))
    return story.end()


def waive(task: Task, command: Waive, context: Context) -> Decision | Refusal:
    """Decide that any family may review this one task."""
    if not context.caller.may("operator"):
        return Refusal("not_eligible", "waiving a review rule is for an operator", {"missing": ["operator"]})
    story = Story(task, context)
    if not task.review_waived:
        story.add(e.ReviewRuleWaived(reason=command.reason))
    return story.end()
