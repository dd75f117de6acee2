"""The state of one task, and how each event changes it.

``evolve`` is the only reader of task events: live verbs, replay, the board and time travel all fold with it. It trusts
what an event recorded (attempts, deadlines, stages) and never recomputes a rule, so that a changed rule never rewrites
history.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, singledispatch
from typing import TYPE_CHECKING, Any, TypeAlias

from ainarres.domain import events as e

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from ainarres.domain.fact import Fact

Changes: TypeAlias = "dict[str, Any]"
"""Fields of a task and their new values."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A claim in force until ``expires_at``; whether it is still live is a question with a time in it."""

    agent: str
    family: str | None
    maker: str | None
    capability: str | None
    fence: int
    claimed_at: datetime
    expires_at: datetime
    attempt: int
    renewals: int = 0
    """Events in the hold's own stream."""

    def live(self, now: datetime) -> bool:
        """Tell whether the lease still runs at ``now``."""
        return self.expires_at > now


@dataclass(frozen=True, slots=True)
class Author:
    """Who last advanced the task out of a stage."""

    agent: str
    family: str | None
    maker: str | None
    capability: str | None


@dataclass(frozen=True, kw_only=True)  # no slots: a copy with changes is then two updates of a dict, see _but
class Task:
    """A task as folded from its stream."""

    id: UUID
    project: str
    lane: str
    workflow: str
    workflow_version: int
    stage: str
    title: str
    payload: Mapping[str, Any]
    priority: int
    requires: tuple[str, ...]
    skills: tuple[str, ...]
    depends_on: tuple[UUID, ...]
    epic: str | None
    template: str | None
    created_by: str | None
    created_by_family: str | None
    created_at: datetime
    updated_at: datetime
    entered_stage_at: datetime
    version: int
    correlation: UUID | None = None
    terminal: bool = False
    attempts: int = 0
    infra_releases: int = 0
    rework: int = 0
    tiers: Mapping[str, int] = field(default_factory=dict)
    """Stage to the tier it was escalated to."""
    blocked: bool = False
    blocked_reason: str | None = None
    cancelled: bool = False
    review_waived: bool = False
    waived: tuple[UUID, ...] = ()
    """Cancelled prerequisites an operator chose to ignore."""
    hold: Hold | None = None
    authors: Mapping[str, Author] = field(default_factory=dict)
    """Stage to who last advanced out of it."""
    artifacts: tuple[e.Artifact, ...] = ()
    """Newest of each type (of each path, for files), in the order first seen."""
    delivered: str | None = None
    """Digest of the newest delivery."""
    approved: str | None = None
    """Digest that the newest approval named; void after a reject."""

    @cached_property
    def stream(self) -> str:
        """The task's stream."""
        return f"task-{self.id}"

    @property
    def tier(self) -> int | None:
        """The tier this stage was escalated to, if it was."""
        return self.tiers.get(self.stage)

    def needs(self) -> frozenset[str]:
        """Features a claimer needs whatever the transition: the lane's, the task's own, the tier of this stage.

        A tier that the stage was escalated to stands in place of one that the task itself asked for.
        """
        if not self.tier:
            return frozenset({f"lane:{self.lane}", *self.requires})
        own = {feature for feature in self.requires if not feature.startswith("tier:")}
        return frozenset({f"lane:{self.lane}", *own, f"tier:{self.tier}"})


def fold(facts: Iterable[Fact], task: Task | None = None) -> Task | None:
    """Fold facts of one task, in ledger order, onto ``task``."""
    for fact in facts:
        task = evolve(task, fact)
    return task


def evolve(task: Task | None, fact: Fact) -> Task | None:
    """Return the state after ``fact``. Facts of other kinds of stream leave it as it is."""
    if isinstance(fact.event, e.TaskCreated):
        return _created(fact.event, fact)
    if task is None:
        return None
    changes = _changes(fact.event, task, fact)
    if fact.stream == task.stream:  # in the hold's own stream the task's version and age stand still
        changes = {**changes, "version": fact.version, "updated_at": fact.recorded_at}
    return _but(task, changes) if changes else task


def _but(task: Task, changes: Changes) -> Task:
    """Return ``task`` with ``changes``, as ``dataclasses.replace`` does at ten times the cost: folds do little else."""
    after = object.__new__(Task)
    after.__dict__.update(task.__dict__)
    after.__dict__.update(changes)
    return after


def _created(event: e.TaskCreated, fact: Fact) -> Task:
    return Task(
        id=event.id,
        project=event.project,
        lane=event.lane,
        workflow=event.workflow,
        workflow_version=event.workflow_version,
        stage=event.stage,
        title=event.title,
        payload=event.payload,
        priority=event.priority,
        requires=event.requires,
        skills=event.skills,
        depends_on=event.depends_on,
        epic=event.epic,
        template=event.template,
        created_by=fact.actor,
        created_by_family=fact.family,
        created_at=fact.recorded_at,
        updated_at=fact.recorded_at,
        entered_stage_at=fact.recorded_at,
        version=fact.version,
        correlation=fact.correlation,
    )


@singledispatch
def _changes(event: e.Event, task: Task, fact: Fact) -> Changes:  # noqa: ARG001 - the signature of all cases
    """Return the fields of ``task`` that ``event`` changes."""
    return {}


@_changes.register(e.TaskClaimed)
def _(event: e.TaskClaimed, task: Task, fact: Fact) -> Changes:  # noqa: ARG001 - the signature of all cases
    assert fact.actor is not None
    hold = Hold(
        agent=fact.actor,
        family=fact.family,
        maker=event.maker,
        capability=fact.capability,
        fence=event.fence,
        claimed_at=fact.recorded_at,
        expires_at=event.lease_expires_at,
        attempt=event.attempt,
    )
    return {"hold": hold}


@_changes.register(e.LeaseRenewed)
def _(event: e.LeaseRenewed, task: Task, fact: Fact) -> Changes:
    if task.hold is None or task.hold.fence != event.fence:
        return {}
    return {"hold": replace(task.hold, expires_at=event.lease_expires_at, renewals=fact.version)}


@_changes.register(e.ProgressReported)
def _(event: e.ProgressReported, task: Task, fact: Fact) -> Changes:  # noqa: ARG001 - the signature of all cases
    assert task.hold is not None
    return {"hold": replace(task.hold, expires_at=event.lease_expires_at), **_artifacts(task, event.artifacts)}


@_changes.register(e.TaskAdvanced)
def _(event: e.TaskAdvanced, task: Task, fact: Fact) -> Changes:
    assert fact.actor is not None
    return {
        **_artifacts(task, event.artifacts),
        **_entered(event.to_stage, fact.recorded_at),
        "terminal": event.terminal,
        "authors": {**task.authors, event.from_stage: Author(fact.actor, fact.family, event.maker, fact.capability)},
        "delivered": task.delivered if event.approved else (event.digest or task.delivered),
        "approved": event.digest if event.approved else task.approved,
    }


@_changes.register(e.TaskRejected)
def _(event: e.TaskRejected, task: Task, fact: Fact) -> Changes:
    moved = {**_artifacts(task, event.artifacts), **_entered(event.to_stage, fact.recorded_at)}
    return {**moved, "rework": event.rework, "approved": None}


@_changes.register(e.TaskReleased)
def _(event: e.TaskReleased, task: Task, fact: Fact) -> Changes:  # noqa: ARG001 - the signature of all cases
    return {"hold": None, "attempts": event.attempts, "infra_releases": event.infra_releases}


@_changes.register(e.LeaseExpired)
def _(event: e.LeaseExpired, task: Task, fact: Fact) -> Changes:  # noqa: ARG001 - the signature of all cases
    return {"hold": None, "attempts": event.attempts}


@_changes.register(e.TaskEscalated)
def _(event: e.TaskEscalated, task: Task, fact: Fact) -> Changes:  # noqa: ARG001 - the signature of all cases
    tiers = {**task.tiers, event.stage: event.to_tier}
    rework = 0 if event.because == "rework" else task.rework
    return {"tiers": tiers, "attempts": 0, "infra_releases": 0, "rework": rework}


@_changes.register(e.TaskBlocked)
def _(event: e.TaskBlocked, task: Task, fact: Fact) -> Changes:  # noqa: ARG001 - the signature of all cases
    return {"blocked": True, "blocked_reason": event.reason, "hold": None}


@_changes.register(e.TaskUnblocked)
def _(event: e.TaskUnblocked, task: Task, fact: Fact) -> Changes:  # noqa: ARG001 - the signature of all cases
    waived = tuple(dict.fromkeys((*task.waived, *event.waived)))
    fresh = {"attempts": 0, "infra_releases": 0, "rework": 0}
    return {"blocked": False, "blocked_reason": None, "waived": waived, **fresh}


@_changes.register(e.TaskCancelled)
def _(event: e.TaskCancelled, task: Task, fact: Fact) -> Changes:  # noqa: ARG001 - the signature of all cases
    return {"cancelled": True, "hold": None}


@_changes.register(e.TaskAmended)
def _(event: e.TaskAmended, task: Task, fact: Fact) -> Changes:  # noqa: ARG001 - the signature of all cases
    given = {name: getattr(event, name) for name in ("title", "priority", "payload", "depends_on")}
    return {name: value for name, value in given.items() if value is not None}


@_changes.register(e.ReviewRuleWaived)
def _(event: e.ReviewRuleWaived, task: Task, fact: Fact) -> Changes:  # noqa: ARG001 - the signature of all cases
    return {"review_waived": True}


@_changes.register(e.TaskMigrated)
def _(event: e.TaskMigrated, task: Task, fact: Fact) -> Changes:
    same = event.stage == task.stage
    return {
        "workflow": event.workflow,
        "workflow_version": event.workflow_version,
        "stage": event.stage,
        "attempts": event.attempts,
        "entered_stage_at": task.entered_stage_at if same else fact.recorded_at,
    }


def _entered(stage: str, at: datetime) -> Changes:
    return {"stage": stage, "entered_stage_at": at, "hold": None, "attempts": 0, "infra_releases": 0}


def _artifacts(task: Task, new: tuple[e.Artifact, ...]) -> Changes:
    if not new:
        return {}
    newest = {(a.type, a.ref if a.type == "file" else ""): a for a in (*task.artifacts, *new)}
    return {"artifacts": tuple(newest.values())}
