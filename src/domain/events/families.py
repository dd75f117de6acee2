"""Families, what they are granted, denied and flagged for, and their agents' credentials."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime

from ainarres.domain.events.registry import Event, registered


@registered("family", verb="family adopt", projections="features")
class FamilyRegistered(Event):
    """A family as declared, first or anew."""

    key: str
    label: str
    maker: str
    cost_class: int
    skills: tuple[str, ...]
    description: str = ""


@registered("family", verb="family adopt", projections="features")
class FeatureGranted(Event):
    """The family holds the feature from now on."""

    feature: str


@registered("family", verb="family adopt", projections="features")
class FeatureWithdrawn(Event):
    """The grant is gone."""

    feature: str


@registered("family", verb="revoke", projections="features")
class CapabilityRevoked(Event):
    """A person denies the feature for good; a grant does not bring it back, a lift does."""

    feature: str
    reason: str


@registered("family", verb="lift", projections="features")
class DenialLifted(Event):
    """A person lifts whatever denies the feature."""

    feature: str
    reason: str


@registered("family", verb="reject, suspend or governance run", projections="features governance")
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


@registered("family", verb="claim or governance run", projections="features governance")
class CapabilityRestored(Event):
    """Somebody noticed that a suspension is over."""

    feature: str


@registered(
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


@registered("family", verb="flag resolve", projections="governance")
class FlagResolved(Event):
    """Looked at and closed."""

    id: UUID
    reason: str


@registered("policy", verb="policy adopt", projections="definitions governance")
class PolicyAdopted(Event):
    """A policy's definition, whole; of two for the same slot this one is in force from now on."""

    key: str
    version: int
    digest: str
    definition: dict[str, Any]
    slot: str
    after: int
    """Evidence up to this position is older than the policy and not its business."""


@registered("policy", verb="reject or governance run", projections="governance")
class PolicyBroken(Event):
    """The policy in force could not be evaluated, and judges nobody until another is adopted."""

    key: str
    version: int
    reason: str


@registered("epic", verb="verdict", projections="epics reviews")
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


@registered("credential", verb="token issue", projections="credential")
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


@registered("credential", verb="any holder verb", projections="credential")
class CredentialExtended(Event):
    """A working holder's credential lives on with its lease."""

    expires_at: AwareDatetime


@registered("credential", verb="token narrow", projections="credential")
class CredentialNarrowed(Event):
    """The credential may use these features only; it can never be widened."""

    narrowing: tuple[str, ...]


@registered("credential", verb="token revoke", projections="credential")
class CredentialRevoked(Event):
    """The token is void from the next call on."""

    reason: str
