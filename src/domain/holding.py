"""Claim, progress and heartbeat: getting a task and keeping it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ainarres.domain import events as e
from ainarres.domain.eligibility import Obstacle, covered, obstacles, preference_unmet
from ainarres.domain.refusal import Refusal
from ainarres.domain.story import Decision, Story

if TYPE_CHECKING:
    from ainarres.domain.commands import Progress
    from ainarres.domain.context import Caller, Context
    from ainarres.domain.task import Hold, Task


def claim(task: Task, context: Context, *, fence: int, score: e.Score | None = None) -> Decision | Refusal:
    """Decide a claim of ``task`` by the caller; ``fence`` is a fresh random number below 2^53."""
    caller, workflow = context.caller, context.workflow
    if found := obstacles(task, context):
        return refusal_of(found[0], task)
    now, stage = context.now, workflow.stage(task.stage)
    assert stage is not None
    role = workflow.capability(covered(workflow, task.stage, caller.features)[0])
    card = None
    if stage.role_card is not None and stage.role_card in context.cards:
        card = e.CardVersion(role=stage.role_card, version=context.cards[stage.role_card])
    story = Story(task, context)
    story.add(
        e.TaskClaimed(
            stage=task.stage,
            attempt=task.attempts + 1,
            fence=fence,
            lease_expires_at=now + workflow.lease_of(task.stage),
            maker=caller.maker,
            card=card,
            preference_unmet=preference_unmet(task, context),
            score=score,
        ),
        capability=role,
    )
    return story.end()


def progress(task: Task, command: Progress, context: Context) -> Decision | Refusal:
    """Decide a sign of life by the holder."""
    hold = working(task, context, command.fence)
    if isinstance(hold, Refusal):
        return hold
    story = Story(task, context)
    story.add(
        e.ProgressReported(
            stage=task.stage,
            note=command.note,
            artifacts=command.artifacts,
            lease_expires_at=context.now + context.workflow.lease_of(task.stage),
        ),
        capability=hold.capability,
    )
    return story.end()


def heartbeat(task: Task, context: Context, *, fence: int | None) -> Decision | Refusal:
    """Decide a renewal: with more than half the lease left there is nothing to append."""
    hold = working(task, context, fence)
    if isinstance(hold, Refusal):
        return hold
    story, lease = Story(task, context), context.workflow.lease_of(task.stage)
    if (hold.expires_at - context.now) * 2 <= lease:
        story.add(
            e.LeaseRenewed(stage=task.stage, fence=hold.fence, lease_expires_at=context.now + lease),
            capability=hold.capability,
            lease=True,
        )
    return story.end()


def held(task: Task, context: Context, fence: int | None) -> Hold | Refusal:
    """Return the caller's live hold, or why there is none. ``fence`` must match when given."""
    if task.cancelled:
        return Refusal("cancelled", "the task was cancelled; take another with `next`")
    hold, me = task.hold, context.caller.actor
    if hold is None:
        return Refusal("lease_lost", "you do not hold this task; take one with `next`")
    details: dict[str, object] = {"holder": hold.agent, "expires_at": hold.expires_at}
    if hold.agent != me or context.caller.scope != "agent":
        return _anothers(hold, context.caller, details)
    if not hold.live(context.now):
        return Refusal(
            "lease_lost", f"your lease ran out at {hold.expires_at.isoformat()}; claim the task again", details
        )
    if fence is not None and fence != hold.fence:
        return Refusal("lease_lost", "the fence is of an earlier hold than the one in force; stop that work", details)
    return hold


def _anothers(hold: Hold, caller: Caller, details: dict[str, object]) -> Refusal:
    if hold.agent != caller.actor:
        return Refusal("lease_lost", f"{hold.agent} holds this task, not you; take another with `next`", details)
    # a name may have credentials of several scopes
    text = f"a credential of scope {caller.scope} holds no tasks; use the one the task was claimed with"
    return Refusal("not_eligible", text, {"missing": ["agent"]})


def working(task: Task, context: Context, fence: int | None) -> Hold | Refusal:
    """As ``held``, unless a suspension recalled the hold: then releasing is all that is left."""
    hold = held(task, context, fence)
    if isinstance(hold, Refusal) or hold.capability not in context.caller.recalled:
        return hold
    text = f"{hold.capability} is suspended and holds are recalled; `ainarres release` the task, it costs no attempt"
    return Refusal("not_eligible", text, {"missing": [hold.capability]})


def moved_on(task: Task, expected: int | None) -> Refusal | None:
    """Refuse when the task is not at the version the caller saw."""
    if expected is None or expected == task.version:
        return None
    return Refusal(
        "conflict",
        f"the task is at version {task.version}, not {expected}; look at it again, then repeat",
        {"field": "expect_version"},
    )


_CODES = {"features": "not_eligible", "same_agent": "needs_other_family", "family_rule": "needs_other_family"}


def refusal_of(obstacle: Obstacle, task: Task) -> Refusal:
    """Turn what stands in the way of a claim into the refusal that says so."""
    details: dict[str, object] = {}
    if obstacle.missing:
        details["missing"] = list(obstacle.missing)
    if obstacle.cause == "held" and task.hold is not None:
        details |= {"holder": task.hold.agent, "expires_at": task.hold.expires_at}
    if obstacle.cause == "cancelled":
        return Refusal("cancelled", obstacle.text)
    code = _CODES.get(obstacle.cause)
    if code == "not_eligible":
        return Refusal("not_eligible", f"{obstacle.text}; the family's grants decide, see `ainarres whoami`", details)
    if code == "needs_other_family":
        return Refusal("needs_other_family", obstacle.text, details)
    return Refusal("conflict", obstacle.text, details)
