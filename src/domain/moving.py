"""Advance and reject: the legal moves out of a stage, who may make them, and what they must bring along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ainarres.domain import artifact as written
from ainarres.domain import events as e
from ainarres.domain.eligibility import family_obstacles
from ainarres.domain.holding import held, moved_on, refusal_of
from ainarres.domain.parking import escalate_or_block
from ainarres.domain.refusal import Refusal
from ainarres.domain.story import Decision, Story

if TYPE_CHECKING:
    from ainarres.domain.commands import Advance, Reject
    from ainarres.domain.context import Context
    from ainarres.domain.task import Author, Hold, Task
    from ainarres.domain.workflow import Transition, Workflow


def advance(task: Task, command: Advance, context: Context) -> Decision | Refusal:
    """Decide a move forward by the holder."""
    found = _move(task, command, context, "advance")
    if isinstance(found, Refusal):
        return found
    move, _ = found
    target = context.workflow.stage(move.to_stage)
    assert target is not None
    if refused := _guard(task, move, command.artifacts):
        return refused
    digest = _digest(command.artifacts) or (task.delivered if move.approves else None)
    story = Story(task, context)
    story.add(
        e.TaskAdvanced(
            from_stage=task.stage,
            to_stage=move.to_stage,
            terminal=target.terminal,
            note=command.note,
            artifacts=command.artifacts,
            maker=context.caller.maker,
            digest=digest,
            approved=move.approves,
        ),
        capability=context.workflow.capability(move),
    )
    return story.end()


def reject(task: Task, command: Reject, context: Context) -> Decision | Refusal:
    """Decide a move back by the holder; past the rework cap the task climbs a tier or is parked."""
    found = _move(task, command, context, "reject")
    if isinstance(found, Refusal):
        return found
    move, _ = found
    fault = move.fault if command.fault is None else command.fault
    if fault is not None and fault != "none" and context.workflow.stage(fault) is None:
        keys = ", ".join(s.key for s in context.workflow.stages)
        return Refusal("invalid", f"fault: no stage {fault!r}; one of {keys}, or none", {"field": "fault"})
    if missing := _missing_artifacts(move, command.artifacts):
        return missing
    fault = None if fault == "none" else fault
    producer = task.authors.get(fault) if fault is not None else None
    story = Story(task, context)
    story.add(
        _rejected(task, command, move, fault, producer),
        capability=context.workflow.capability(move),
        subject=(producer.agent, producer.family) if producer is not None else (None, None),
    )
    if story.task.rework > context.workflow.max_rework:
        escalates = context.workflow.escalate_after_of(story.task.stage) is not None
        escalate_or_block(story, "rework", escalates=escalates, spent=True)
    return story.end()


def _rejected(
    task: Task, command: Reject, move: Transition, fault: str | None, producer: Author | None
) -> e.TaskRejected:
    return e.TaskRejected(
        from_stage=task.stage,
        to_stage=move.to_stage,
        reason=command.reason,
        artifacts=command.artifacts,
        digest=_digest(command.artifacts) or task.delivered,
        fault_stage=fault,
        producer_agent=producer.agent if producer is not None else None,
        producer_family=producer.family if producer is not None else None,
        producer_maker=producer.maker if producer is not None else None,
        producer_capability=producer.capability if producer is not None else None,
        rework=task.rework + 1,
    )


def _move(task: Task, command: Advance | Reject, context: Context, kind: str) -> tuple[Transition, Hold] | Refusal:
    """Find the one move meant, in the order of the verb's preconditions: version, hold, move, features, family rule."""
    if refused := moved_on(task, command.expect_version):
        return refused
    hold = held(task, context, command.fence)
    if isinstance(hold, Refusal):
        return hold
    move = _way(task, command.to, context.workflow, context.caller.features_for(hold.claimed_at), kind)
    if isinstance(move, Refusal):
        return move
    if found := family_obstacles(task, context):  # asked again: an agent may have come by another credential
        return refusal_of(found[0], task)
    return move, hold


def _way(task: Task, to: str | None, workflow: Workflow, features: frozenset[str], kind: str) -> Transition | Refusal:
    """Return the one legal way of ``kind`` that ``features`` cover; the most demanding of those to the same stage."""
    moves = [t for t in workflow.exits(task.stage) if t.kind == kind]
    legal = sorted({t.to_stage for t in moves})
    named = [t for t in moves if to in (None, t.to_stage)]
    if not named:
        there = f" to {to!r}" if to is not None else ""
        ways = f"legal: {', '.join(legal)}" if legal else f"{task.stage} has no {kind}"
        return Refusal("illegal_transition", f"no {kind}{there} from {task.stage}; {ways}", {"legal": legal})
    if lacking := task.needs() - features:
        return _not_eligible(lacking)
    covered = [t for t in named if features.issuperset(t.requires)]
    if not covered:
        return _not_eligible(min(({*t.requires} - features for t in named), key=len))
    targets = {t.to_stage for t in covered}
    if len(targets) > 1:
        names = ", ".join(sorted(targets))
        return Refusal("illegal_transition", f"more than one {kind} is legal; say --to: {names}", {"legal": legal})
    return max(covered, key=lambda t: len(t.requires))


def _not_eligible(lacking: frozenset[str] | set[str]) -> Refusal:
    names = sorted(lacking)
    return Refusal("not_eligible", f"need {', '.join(names)}; see `ainarres whoami`", {"missing": names})


def _guard(task: Task, move: Transition, artifacts: tuple[e.Artifact, ...]) -> Refusal | None:
    """Check what the move must bring: artifact types, a commit that changes something, an approval still fresh."""
    if missing := _missing_artifacts(move, artifacts):
        return missing
    if move.differs:
        for artifact in artifacts:
            if artifact.type != "commit":
                continue
            if artifact.base is None:
                text = (
                    f"this move needs the commit's base, to see that it changes something: {written.option('commit')}"
                )
                return Refusal("guard_unmet", text, {"missing": ["base"]})
            if _names(artifact) == artifact.base:
                return Refusal("guard_unmet", "the commit is its own base: an empty diff; commit the work first")
    digest = _digest(artifacts)
    if move.requires_approval and digest is not None and digest != task.approved:
        said = task.approved or "nothing"
        return Refusal(
            "guard_unmet", f"approval is stale: it names {said}, you bring {digest}; reject for a new review"
        )
    return None


def _missing_artifacts(move: Transition, artifacts: tuple[e.Artifact, ...]) -> Refusal | None:
    missing = [t for t in move.artifacts if t not in {a.type for a in artifacts}]
    if missing:
        flags = " ".join(map(written.option, missing))
        return Refusal("guard_unmet", f"this move needs {', '.join(missing)}; add {flags}", {"missing": missing})
    return _misnamed(artifacts) if "commit" in move.artifacts else None


def _misnamed(artifacts: tuple[e.Artifact, ...]) -> Refusal | None:
    """Refuse a commit, or its base, that no repository could hold."""
    for artifact in artifacts:
        for name in (_names(artifact), artifact.base) if artifact.type == "commit" else ():
            if name is not None and not written.names_commit(name):
                text = f"artifacts: {name[:80]!r} names no commit, which takes 7 to 64 hexadecimal digits"
                return Refusal("guard_unmet", f"{text}: {written.option('commit')}", {"field": "artifacts"})
    return None


def _digest(artifacts: tuple[e.Artifact, ...]) -> str | None:
    """Return what names the delivery: the newest artifact with a digest, a commit before all others."""
    named = [a for a in artifacts if _names(a) is not None]
    commits = [a for a in named if a.type == "commit"]
    return _names((commits or named)[-1]) if named else None


def _names(artifact: e.Artifact) -> str | None:
    """Return the digest of an artifact; a commit without one is named by its ref, or it would pass every guard."""
    return artifact.ref if artifact.digest is None and artifact.type == "commit" else artifact.digest
