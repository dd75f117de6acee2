"""A task's life, from its creation to its end, and the leases on the way."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime

from ainarres.domain.events.registry import Event, registered


class Artifact(Event):
    """A typed reference to work product, never the product itself."""

    type: str
    """``branch``, ``commit``, ``pr``, ``file`` or a word of the workflow's own."""
    ref: str
    """Branch name, commit sha, URL or path."""
    digest: str | None = None
    """What binds an approval: the commit's sha, or a file's SHA-256 in hex."""
    base: str | None = None
    """For a commit, the sha it was made on."""


class CardVersion(Event):
    """Which text of a role card an agent was given."""

    role: str
    version: int


class Score(Event):
    """Why a task was chosen where the order is a score: the parts and their sum."""

    skills: float
    priority: float
    project: float
    reputation: float
    total: float


@registered("task", verb="create", projections="board history")
class TaskCreated(Event):
    """The whole task: nothing needed to rebuild it is left out."""

    id: UUID
    project: str
    lane: str
    """Full key, ``project/lane``."""
    workflow: str
    workflow_version: int
    stage: str
    title: str
    payload: dict[str, Any]
    priority: int
    requires: tuple[str, ...]
    skills: tuple[str, ...]
    depends_on: tuple[UUID, ...]
    epic: str | None
    template: str | None


@registered("task", verb="claim", projections="board history")
class TaskClaimed(Event):
    """The claimer (the row's actor) holds the task until the deadline."""

    stage: str
    attempt: int
    """Ordinal of this lease on this stage since the count was last reset, from 1."""
    fence: int
    lease_expires_at: AwareDatetime
    maker: str | None
    card: CardVersion | None
    preference_unmet: bool = False
    """The stage prefers another family's eye and its waiting time had passed."""
    score: Score | None = None


@registered("task", verb="progress", projections="board history")
class ProgressReported(Event):
    """A sign of life with a note and artifacts; renews the lease."""

    stage: str
    note: str
    artifacts: tuple[Artifact, ...]
    lease_expires_at: AwareDatetime


@registered("lease", verb="heartbeat", projections="board")
class LeaseRenewed(Event):
    """The hold's deadline moved; written to the hold's own stream so that task versions do not."""

    stage: str
    fence: int
    lease_expires_at: AwareDatetime


@registered("task", verb="advance", projections="board history")
class TaskAdvanced(Event):
    """The task moved forward and the hold ended."""

    from_stage: str
    to_stage: str
    terminal: bool
    note: str | None
    artifacts: tuple[Artifact, ...]
    maker: str | None
    digest: str | None
    """What was delivered or approved by this move, where it names one."""
    approved: bool
    """The move is an approval of ``digest``."""


@registered("task", verb="reject", projections="board history")
class TaskRejected(Event):
    """The task moved back; the row's subject is the producer at fault, if any."""

    from_stage: str
    to_stage: str
    reason: str
    artifacts: tuple[Artifact, ...]
    digest: str | None
    fault_stage: str | None
    producer_agent: str | None
    producer_family: str | None
    producer_maker: str | None
    producer_capability: str | None
    rework: int
    """Rejections so far, this one counted."""


@registered("task", verb="release", projections="board history")
class TaskReleased(Event):
    """The hold was given up, or taken by an operator; the row's subject is who held."""

    stage: str
    reason: str
    cause: Literal["task", "infra", "card", "operator"]
    attempts: int
    """Failed attempts on this stage, this one included where it burns one."""
    infra_releases: int


@registered("task", verb="claim or sweep", projections="board history")
class LeaseExpired(Event):
    """A lease ran out; the row's subject is the holder who let it, whoever found it."""

    stage: str
    fence: int
    expired_at: AwareDatetime
    attempts: int


@registered("task", verb="release, reject, claim or sweep", projections="board history")
class TaskEscalated(Event):
    """The stage, and only this stage, asks for a higher tier from now on."""

    stage: str
    from_tier: int
    to_tier: int
    because: Literal["attempts", "rework"]
    attempts: int


@registered("task", verb="block, release, reject, claim or cancel", projections="board history")
class TaskBlocked(Event):
    """Parked where it stands; a hold, if any, ends."""

    stage: str
    reason: str
    cause: Literal["manual", "max_attempts", "max_rework", "prerequisite_cancelled"]
    attempts: int


@registered("task", verb="unblock", projections="board history")
class TaskUnblocked(Event):
    """Open again, attempts and rework counted from zero."""

    reason: str
    waived: tuple[UUID, ...]
    """Cancelled prerequisites that no longer hold it back."""


@registered("task", verb="cancel", projections="board history")
class TaskCancelled(Event):
    """Given up for good; a hold, if any, ends."""

    reason: str


@registered("task", verb="amend", projections="board history")
class TaskAmended(Event):
    """Null leaves a part as it was."""

    title: str | None = None
    priority: int | None = None
    payload: dict[str, Any] | None = None
    depends_on: tuple[UUID, ...] | None = None


@registered("task", verb="note", projections="history")
class NoteAdded(Event):
    """Words for whoever works on the task next."""

    text: str


@registered("task", verb="waive", projections="board history")
class ReviewRuleWaived(Event):
    """An operator lets any family review this one task; its own author still may not."""

    reason: str


@registered("task", verb="workflow migrate", projections="board history")
class TaskMigrated(Event):
    """The task goes on under another version of a workflow."""

    workflow: str
    workflow_version: int
    stage: str
    attempts: int


@registered("task", verb="usage", projections="history")
class UsageReported(Event):
    """Tokens a harness spent; null is unmeasured, which is not zero. On the agent's stream when nothing moved."""

    transition: int | None
    """Position of the transition it is charged to."""
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_creation_tokens: int | None
    model: str | None
    raw: dict[str, Any]
