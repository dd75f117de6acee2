"""Every event of the ledger: its body, and the one registry table that says where it belongs.

A body is a frozen model named in the past participle. Who appended it, of which family, by which credential, and whom
it credits or charges are stamps of the ledger's row, not of the body. A changed body needs a new ``schema`` number, an
upcaster from the old one and a new golden file; stored rows are never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class Event(BaseModel):
    """Base of all bodies."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


@dataclass(frozen=True, slots=True)
class EventType:
    """One row of the registry."""

    name: str
    stream: str
    """Category of the stream, the part before the first ``-``."""
    schema: int
    model: type[Event]
    verb: str
    """The verb (or act of the ledger) that appends it."""
    projections: tuple[str, ...]
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)
    """From a schema number to a function that lifts a body to the next one."""


REGISTRY: dict[str, EventType] = {}
_E = TypeVar("_E", bound=type[Event])


def _registered(
    stream: str, *, verb: str, projections: str = "history", upcasters: Mapping[int, Upcaster] | None = None
) -> Callable[[_E], _E]:
    lifts = upcasters or {}

    def register(model: _E) -> _E:
        read_by, schema = tuple(projections.split()), max(lifts, default=0) + 1
        REGISTRY[model.__name__] = EventType(model.__name__, stream, schema, model, verb, read_by, lifts)
        return model

    return register


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


# -- the ledger and its definitions -----------------------------------------------------------------------------------


@_registered("ledger", verb="init", projections="definitions")
class LedgerOpened(Event):
    """The first event; ``id`` is the origin of checkpoints."""

    id: UUID


@_registered("ledger", verb="seal", projections="none")
class SealingKeyChanged(Event):
    """Checkpoints are signed with this key from now on. Only the first key of an origin comes without a signature."""

    key_id: str
    """Eight hexadecimal digits, as notes name the key."""
    public_key: str
    """``name+id+key``, the way in which tools for signed notes take it."""
    signed_by: str | None
    """Id of the key before."""
    signature: str | None
    """In base64: the key before signs the line ``public_key``."""


@_registered("ledger", verb="seal", projections="none")
class CheckpointSealed(Event):
    """What the ledger was up to a position, signed; the signed note can be written again from this."""

    tree_size: int
    """How many events, the first being the leaf with index 0."""
    root: str
    """Of the Merkle tree, in hexadecimal."""
    position: int
    """Of the last leaf."""
    peaks: tuple[str, ...]
    """Roots of the perfect subtrees, from the left: the next seal goes on from them, and they narrow a difference."""
    key_id: str
    signature: str
    """Ed25519 over the checkpoint's text, in base64."""


@_registered("ledger", verb="promote", projections="credential definitions")
class LedgerForked(Event):
    """An imported copy became a ledger of its own; every credential of the copy is void."""

    id: UUID
    """The new origin of checkpoints."""
    of: UUID
    """The ledger it was until then."""
    position: int
    """The last position they share."""


@_registered("project", verb="project adopt", projections="definitions")
class ProjectRegistered(Event):
    """A project was declared, or declared anew with other words."""

    key: str
    title: str
    repository: str | None
    digest: str


@_registered("lane", verb="project adopt", projections="definitions")
class LaneOpened(Event):
    """An area of a project that takes tasks under one workflow."""

    project: str
    key: str
    title: str
    workflow: str
    settings: dict[str, Any]
    """Routing, reservation, wip and review floor as adopted."""


@_registered("lane", verb="project adopt", projections="definitions")
class LaneChanged(Event):
    """The lane's declaration as it stands from now on; tasks keep the workflow they were created under."""

    project: str
    key: str
    title: str
    workflow: str
    settings: dict[str, Any]


@_registered("lane", verb="lane pause", projections="definitions")
class LanePaused(Event):
    """No claims from now on; holds may finish."""

    reason: str


@_registered("lane", verb="lane resume", projections="definitions")
class LaneResumed(Event):
    """Claims are open again."""

    reason: str


@_registered("workflow", verb="workflow adopt", projections="definitions")
class WorkflowAdopted(Event):
    """A workflow's definition, whole: replay never needs a file."""

    key: str
    version: int
    digest: str
    definition: dict[str, Any]


@_registered("card", verb="card adopt", projections="definitions")
class CardAdopted(Event):
    """A role card's text, whole."""

    role: str
    version: int
    digest: str
    text: str


# -- families and credentials -----------------------------------------------------------------------------------------


@_registered("family", verb="family adopt", projections="features")
class FamilyRegistered(Event):
    """A family as declared, first or anew."""

    key: str
    label: str
    maker: str
    cost_class: int
    skills: tuple[str, ...]
    description: str = ""


@_registered("family", verb="family adopt", projections="features")
class FeatureGranted(Event):
    """The family holds the feature from now on."""

    feature: str


@_registered("family", verb="family adopt", projections="features")
class FeatureWithdrawn(Event):
    """The grant is gone."""

    feature: str


@_registered("family", verb="revoke", projections="features")
class CapabilityRevoked(Event):
    """A person denies the feature for good; a grant does not bring it back, a lift does."""

    feature: str
    reason: str


@_registered("family", verb="lift", projections="features")
class DenialLifted(Event):
    """A person lifts whatever denies the feature."""

    feature: str
    reason: str


@_registered("family", verb="reject, suspend or governance run", projections="features governance")
class CapabilitySuspended(Event):
    """The family may not exercise the capability for a while; it heals by itself."""

    feature: str
    until: AwareDatetime
    n: int
    """Ordinal among the suspensions of this capability that nobody lifted."""
    policy: str | None
    """Key of the policy; null for a person's act."""
    policy_version: int | None
    cause: tuple[int, ...]
    """Positions of the rejections that led to it."""
    after: int
    """Evidence up to this position is spent: it never counts again."""
    holds: Literal["finish", "release"]
    """What becomes of leases older than this."""
    reason: str


@_registered("family", verb="claim or governance run", projections="features governance")
class CapabilityRestored(Event):
    """Somebody noticed that a suspension is over."""

    feature: str


@_registered(
    "family",
    verb="flag raise or governance run",
    projections="governance",
    upcasters={1: lambda body: {**body, "incident": None}},
)
class FlagRaised(Event):
    """Somebody, or a policy, wants a person to look; nothing else follows. The row names the task, if there is one.

    On the policy's stream where it is about no family.
    """

    id: UUID
    kind: Literal["quality", "health", "integrity", "spend"]
    severity: Literal["info", "warning", "critical"]
    gap: str
    """What is wrong, in words."""
    capability: str | None
    policy: str | None
    """Key of the policy that raised it; null for an auditor."""
    incident: str | None
    """What the policy saw, by a name under which it never raises another flag; null for an auditor."""


@_registered("family", verb="flag resolve", projections="governance")
class FlagResolved(Event):
    """Looked at and closed."""

    id: UUID
    reason: str


@_registered("policy", verb="policy adopt", projections="definitions governance")
class PolicyAdopted(Event):
    """A policy's definition, whole; of two for the same slot this one is in force from now on."""

    key: str
    version: int
    digest: str
    definition: dict[str, Any]
    slot: str
    after: int
    """Evidence up to this position is older than the policy and not its business."""


@_registered("policy", verb="reject or governance run", projections="governance")
class PolicyBroken(Event):
    """The policy in force could not be evaluated, and judges nobody until another is adopted."""

    key: str
    version: int
    reason: str


@_registered("epic", verb="verdict", projections="epics reviews")
class EpicJudged(Event):
    """A person's word on a whole epic: the only event of its stream. The row names the brief."""

    epic: UUID
    """Id of the brief."""
    verdict: Literal["accept", "reject"]
    code: Literal["below_bar", "scope_changed", "requirements_missed", "no_longer_meaningful", "other"] | None
    """Of a rejection: ``requirements_missed`` counts as an escape for those who approved what shipped."""
    reason: str | None
    rework: UUID | None
    """The brief of what is to be done again, where something had shipped."""


@_registered("credential", verb="token issue", projections="credential")
class CredentialIssued(Event):
    """A bearer token came to be; only its SHA-256 is kept."""

    id: str
    agent: str
    family: str | None
    scope: Literal["agent", "meter", "monitor", "operator", "human"]
    narrowing: tuple[str, ...] | None
    """The only features the credential may use; null for all of the family's."""
    token_sha256: str
    expires_at: AwareDatetime


@_registered("credential", verb="any holder verb", projections="credential")
class CredentialExtended(Event):
    """A working holder's credential lives on with its lease."""

    expires_at: AwareDatetime


@_registered("credential", verb="token narrow", projections="credential")
class CredentialNarrowed(Event):
    """The credential may use these features only; it can never be widened."""

    narrowing: tuple[str, ...]


@_registered("credential", verb="token revoke", projections="credential")
class CredentialRevoked(Event):
    """The token is void from the next call on."""

    reason: str


# -- agents -----------------------------------------------------------------------------------------------------------


@_registered("agent", verb="any")
class VerbRefused(Event):
    """A permission check said no; at most one a minute for the same agent, verb and task."""

    verb: str
    code: str
    reason: str


@_registered("agent", verb="claim")
class ClaimEmpty(Event):
    """The agent polled and nothing was claimable."""

    lane: str | None
    count: int
    since: AwareDatetime


@_registered("agent", verb="any of an operator's, or instruct", projections="agent watch")
class InstructionGiven(Event):
    """On whose word an operator acted; the row's causation is the act. Recorded, never enforced."""

    instruction: str
    instructed_by: str | None


# -- tasks ------------------------------------------------------------------------------------------------------------


@_registered("task", verb="create", projections="board history")
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


@_registered("task", verb="claim", projections="board history")
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


@_registered("task", verb="progress", projections="board history")
class ProgressReported(Event):
    """A sign of life with a note and artifacts; renews the lease."""

    stage: str
    note: str
    artifacts: tuple[Artifact, ...]
    lease_expires_at: AwareDatetime


@_registered("lease", verb="heartbeat", projections="board")
class LeaseRenewed(Event):
    """The hold's deadline moved; written to the hold's own stream so that task versions do not."""

    stage: str
    fence: int
    lease_expires_at: AwareDatetime


@_registered("task", verb="advance", projections="board history")
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


@_registered("task", verb="reject", projections="board history")
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


@_registered("task", verb="release", projections="board history")
class TaskReleased(Event):
    """The hold was given up, or taken by an operator; the row's subject is who held."""

    stage: str
    reason: str
    cause: Literal["task", "infra", "card", "operator"]
    attempts: int
    """Failed attempts on this stage, this one included where it burns one."""
    infra_releases: int


@_registered("task", verb="claim or sweep", projections="board history")
class LeaseExpired(Event):
    """A lease ran out; the row's subject is the holder who let it, whoever found it."""

    stage: str
    fence: int
    expired_at: AwareDatetime
    attempts: int


@_registered("task", verb="release, reject, claim or sweep", projections="board history")
class TaskEscalated(Event):
    """The stage, and only this stage, asks for a higher tier from now on."""

    stage: str
    from_tier: int
    to_tier: int
    because: Literal["attempts", "rework"]
    attempts: int


@_registered("task", verb="block, release, reject, claim or cancel", projections="board history")
class TaskBlocked(Event):
    """Parked where it stands; a hold, if any, ends."""

    stage: str
    reason: str
    cause: Literal["manual", "max_attempts", "max_rework", "prerequisite_cancelled"]
    attempts: int


@_registered("task", verb="unblock", projections="board history")
class TaskUnblocked(Event):
    """Open again, attempts and rework counted from zero."""

    reason: str
    waived: tuple[UUID, ...]
    """Cancelled prerequisites that no longer hold it back."""


@_registered("task", verb="cancel", projections="board history")
class TaskCancelled(Event):
    """Given up for good; a hold, if any, ends."""

    reason: str


@_registered("task", verb="amend", projections="board history")
class TaskAmended(Event):
    """Null leaves a part as it was."""

    title: str | None = None
    priority: int | None = None
    payload: dict[str, Any] | None = None
    depends_on: tuple[UUID, ...] | None = None


@_registered("task", verb="note", projections="history")
class NoteAdded(Event):
    """Words for whoever works on the task next."""

    text: str


@_registered("task", verb="waive", projections="board history")
class ReviewRuleWaived(Event):
    """An operator lets any family review this one task; its own author still may not."""

    reason: str


@_registered("task", verb="workflow migrate", projections="board history")
class TaskMigrated(Event):
    """The task goes on under another version of a workflow."""

    workflow: str
    workflow_version: int
    stage: str
    attempts: int


@_registered("task", verb="usage", projections="history")
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
