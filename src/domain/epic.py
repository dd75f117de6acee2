"""An epic: the tasks born of one brief, how far they are, and the one verdict that a person gives on all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ainarres.domain.events import EpicJudged
from ainarres.domain.refusal import Refusal

if TYPE_CHECKING:
    from uuid import UUID

    from ainarres.domain.governing import Verdict
    from ainarres.domain.task import Task

BRIEFS = "intake"
"""The workflow whose tasks are briefs; accepting one, its last advance, opens an epic."""
JUDGED = {"accept": "accepted", "reject": "rejected"}
"""A verdict, and what the epic is called after it."""


def status(tasks: int, done: int, cancelled: int, verdict: str | None) -> str:
    """Return ``accepted`` or ``rejected`` after a verdict; before it ``delivered`` when a task is done and no other is
    open, ``cancelled`` when all were given up, else ``open``, as before there are any.
    """
    if verdict is not None:
        return JUDGED[verdict]
    if not tasks or done + cancelled < tasks:
        return "open"
    return "delivered" if done else "cancelled"


def opened(brief: Task) -> Refusal | None:
    """Refuse a task that is no epic: an accepted brief is one, and nothing else."""
    if brief.workflow != BRIEFS:
        text = f"epic: {brief.id} is no brief but a task of the workflow {brief.workflow}"
        cure = f"an epic is an accepted brief, and briefs are tasks of the workflow {BRIEFS}: `ainarres epics`"
        return Refusal("invalid", f"{text}; {cure}", {"field": "epic"})
    if brief.terminal:
        return None
    stands = "cancelled" if brief.cancelled else f"at {brief.stage}"
    text = f"epic: the brief {brief.id} is {stands}; it is an epic once it is accepted"
    return Refusal("conflict", text, {"field": "epic"})


@dataclass(frozen=True, slots=True)
class Epic:
    """What a verdict is decided on."""

    id: UUID
    tasks: int
    done: int
    cancelled: int
    judged: EpicJudged | None = None


def judge(epic: Epic, command: Verdict, rework: UUID) -> EpicJudged | Refusal | None:
    """Decide a verdict; null where the same was given already. ``rework`` names a brief that may be needed."""
    if refused := _ill_worded(command):
        return refused
    if epic.judged is not None:
        if (epic.judged.verdict, epic.judged.code) == (command.verdict, command.code):
            return None
        said = f"{JUDGED[epic.judged.verdict]} already ({epic.judged.code or 'no code'}); one verdict an epic stands"
        return Refusal("conflict", f"epic: {said}")
    stands = status(epic.tasks, epic.done, epic.cancelled, None)
    if command.verdict == "accept" and stands != "delivered":
        left = epic.tasks - epic.done - epic.cancelled
        unfinished = f"{left} of {epic.tasks} tasks unfinished" if left else "nothing of it was done"
        said = unfinished if epic.tasks else "no task was created in it"
        return Refusal("conflict", f"epic: it is {stands}, {said}; only what is delivered can be accepted")
    return EpicJudged(
        epic=epic.id,
        verdict=command.verdict,
        code=command.code,
        reason=command.reason,
        rework=rework if command.verdict == "reject" and epic.done else None,
    )


def _ill_worded(command: Verdict) -> Refusal | None:
    if command.verdict == "accept":
        if command.code is None:
            return None
        return Refusal("invalid", "code: only a rejection has one; leave it out", {"field": "code"})
    for field in ("code", "reason"):
        if getattr(command, field) is None:
            cure = "below_bar, scope_changed, requirements_missed, no_longer_meaningful or other"
            cure = cure if field == "code" else "say in a few words what is wrong"
            return Refusal("invalid", f"{field}: a rejection needs one: {cure}", {"field": field})
    return None
