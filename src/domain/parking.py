"""Release, expiry, block, unblock, cancel: how a hold ends without a move, and what a failed attempt leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ainarres.domain import events as e
from ainarres.domain.holding import held, moved_on
from ainarres.domain.refusal import Refusal
from ainarres.domain.story import Decision, Story

if TYPE_CHECKING:
    from typing import Literal

    from ainarres.domain.commands import Block, Cancel, Release, Unblock
    from ainarres.domain.context import Context
    from ainarres.domain.task import Task

INFRA_RELEASES = 5
"""Releases for a failing provider that burn no attempt, on one stage of one task."""


def release(task: Task, command: Release, context: Context) -> Decision | Refusal:
    """Decide a hold given up by its holder, or taken by an operator."""
    if refused := moved_on(task, command.expect_version):
        return refused
    hold = held(task, context, command.fence)
    cause: Literal["task", "infra", "card", "operator"] = command.cause
    if isinstance(hold, Refusal):
        if not context.caller.may("operator") or task.cancelled:
            return hold
        if task.hold is None:
            return Refusal("conflict", "nobody holds this task; there is nothing to release")
        hold, cause = task.hold, "operator"
    recalled = hold.capability in context.caller.recalled
    free = recalled or cause == "operator" or (cause == "infra" and task.infra_releases < INFRA_RELEASES)
    story = Story(task, context)
    story.add(
        e.TaskReleased(
            stage=task.stage,
            reason=command.reason,
            cause=cause,
            attempts=task.attempts if free else task.attempts + 1,
            infra_releases=task.infra_releases + (cause == "infra"),
        ),
        capability=hold.capability,
        subject=(hold.agent, hold.family),
    )
    if not free:
        _after_failure(story)
    return story.end()


def expire(task: Task, context: Context) -> Decision:
    """Record that the hold ran out; the holder who let it is the subject, whoever finds it. Nothing if it lives."""
    story, hold = Story(task, context), task.hold
    if hold is not None and not hold.live(context.now):
        story.add(
            e.LeaseExpired(stage=task.stage, fence=hold.fence, expired_at=hold.expires_at, attempts=task.attempts + 1),
            capability=hold.capability,
            subject=(hold.agent, hold.family),
        )
        _after_failure(story)
    return story.end()


def escalate_or_block(story: Story, because: Literal["attempts", "rework"], *, escalates: bool, spent: bool) -> None:
    """Climb a tier where that is due and there is one; else park the task where its attempts are spent."""
    task, context = story.task, story.context
    current = max([1, task.tier or 0, *_tiers(task.requires)])
    if escalates and current + 1 in context.tiers:
        story.add(
            e.TaskEscalated(
                stage=task.stage, from_tier=current, to_tier=current + 1, because=because, attempts=task.attempts
            )
        )
    elif spent:
        reason = "max attempts" if because == "attempts" else "max rework"
        cause: Literal["max_attempts", "max_rework"] = "max_attempts" if because == "attempts" else "max_rework"
        story.add(e.TaskBlocked(stage=task.stage, reason=reason, cause=cause, attempts=task.attempts))


def block(task: Task, command: Block, context: Context) -> Decision | Refusal:
    """Decide to park a task: by its holder or an operator. Parked already is no news."""
    if refused := moved_on(task, command.expect_version):
        return refused
    story = Story(task, context)
    hold = held(task, context, command.fence)
    if isinstance(hold, Refusal):
        if not context.caller.may("operator") or task.cancelled:
            return hold
        if task.terminal:
            return Refusal("conflict", f"the task is finished: {task.stage}")
        if task.blocked:
            return story.end()
    capability = None if isinstance(hold, Refusal) else hold.capability
    subject = (task.hold.agent, task.hold.family) if task.hold is not None else (None, None)
    story.add(
        e.TaskBlocked(stage=task.stage, reason=command.reason, cause="manual", attempts=task.attempts),
        capability=capability,
        subject=subject,
    )
    return story.end()


def unblock(task: Task, command: Unblock, context: Context) -> Decision | Refusal:
    """Decide to open a parked task: by an operator, or who holds `role:triage` on its lane. Open already is no news."""
    if refused := moved_on(task, command.expect_version):
        return refused
    missing = {f"lane:{task.lane}", "role:triage"} - context.caller.features
    if missing and not context.caller.may("operator"):
        text = f"unblocking is for an operator, or needs {', '.join(sorted(missing))}"
        return Refusal("not_eligible", text, {"missing": sorted(missing)})
    if task.cancelled:
        return Refusal("cancelled", "the task was cancelled; create another")
    story = Story(task, context)
    if task.blocked:
        story.add(e.TaskUnblocked(reason=command.reason, waived=context.cancelled_prerequisites))
    return story.end()


def cancel(task: Task, command: Cancel, context: Context) -> Decision | Refusal:
    """Decide to give a task up: by an operator, or by its creator while nobody holds it."""
    if refused := moved_on(task, command.expect_version):
        return refused
    caller = context.caller
    if not caller.may("operator"):
        if task.created_by != caller.actor:
            return Refusal(
                "not_eligible", "cancelling is for an operator or the task's creator", {"missing": ["operator"]}
            )
        if task.hold is not None and task.hold.live(context.now):
            return Refusal("conflict", f"{task.hold.agent} holds the task; an operator may cancel it")
    story = Story(task, context)
    if task.terminal:
        return Refusal("conflict", f"the task is finished: {task.stage}")
    if not task.cancelled:
        subject = (task.hold.agent, task.hold.family) if task.hold is not None else (None, None)
        story.add(e.TaskCancelled(reason=command.reason), subject=subject)
    return story.end()


def prerequisite_cancelled(task: Task, context: Context) -> Decision:
    """Park a task whose prerequisite was cancelled: it would wait for ever. An operator may waive it by unblocking."""
    story = Story(task, context)
    if not (task.blocked or task.cancelled or task.terminal):
        story.add(
            e.TaskBlocked(
                stage=task.stage,
                reason="a prerequisite was cancelled",
                cause="prerequisite_cancelled",
                attempts=task.attempts,
            )
        )
    return story.end()


def _after_failure(story: Story) -> None:
    task, workflow = story.task, story.context.workflow
    threshold = workflow.escalate_after_of(task.stage)
    escalates = threshold is not None and task.attempts >= threshold
    spent = task.attempts >= workflow.max_attempts_of(task.stage)
    escalate_or_block(story, "attempts", escalates=escalates, spent=spent)


def _tiers(requires: tuple[str, ...]) -> list[int]:
    return [int(f.removeprefix("tier:")) for f in requires if f.startswith("tier:")]
