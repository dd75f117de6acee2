"""A policy: whom it judges, by which rule, and what follows, as data.

The models mirror the TOML files of ``governance/`` key by key, and their JSON is what ``PolicyAdopted`` carries. A
policy can suspend for a while or raise a flag; it has no word for granting or for denying for good. What the rules
compute is in ``ainarres.policy``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ainarres.domain.digest import digest
from ainarres.domain.duration import Duration
from ainarres.domain.feature import Feature, Key, kind_of, titled
from ainarres.domain.malformed import MalformedError
from ainarres.domain.source import Problem, load

_MODEL = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True, defer_build=True)
_Rate = Annotated[float, Field(gt=0, lt=1)]

JUDGING = frozenset({"sequential", "strikes"})
"""Rules on submissions and faults: the only ones that suspend, and they do nothing else."""


class Scope(BaseModel):
    """Whom the policy judges; what is left out does not matter."""

    model_config = _MODEL

    capability: Feature | None = None
    """The role: it is about; all of them if left out."""
    workflow: Key | None = None
    """The workflow whose tasks it looks at; all of them if left out."""

    @field_validator("capability")
    @classmethod
    def _role(cls, feature: str | None) -> str | None:
        if feature is not None and kind_of(feature) != "role":
            raise MalformedError(f"{feature!r} is no capability", 'capabilities are roles: write "role:reviewer"')
        return feature


class Sequential(BaseModel):
    """Wald's sequential probability ratio test of the family's fault rate at a capability."""

    model_config = _MODEL

    p0: _Rate = 0.10
    """Faults a submission that are tolerable."""
    p1: _Rate = 0.40
    """Faults a submission that are intolerable."""
    alpha: _Rate = 0.005
    """Chance, in one test, of suspending a family that is at p0."""
    beta: _Rate = 0.05
    """Chance, in one test, of letting pass a family that is at p1."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.p0 >= self.p1:
            raise MalformedError(f"p0 {self.p0} is not below p1 {self.p1}", "p0 is the tolerable rate: make it smaller")
        if self.alpha + self.beta >= 1:
            raise MalformedError("alpha and beta add up to 1 or more", "write small chances, such as 0.005 and 0.05")
        return self


class Strikes(BaseModel):
    """So many faults and the family is suspended; good work never helps. For comparison."""

    model_config = _MODEL

    threshold: int = Field(default=3, ge=1, le=1000)
    """Faults that suspend."""
    window: Duration | None = None
    """How far back faults count; for ever if left out."""


class RubberStamp(BaseModel):
    """A reviewer who lets through what somebody later has to reject."""

    model_config = _MODEL

    floor: _Rate = 0.5
    """Share of faulty work a reviewer should catch; flagged when the upper 95 % bound is below."""
    sample: int = Field(default=20, ge=1, le=100_000)
    """Catches and escapes together, before anything is said."""


class Spend(BaseModel):
    """Tokens that moved nothing."""

    model_config = _MODEL

    tokens: int = Field(default=500_000, ge=1)
    """Tokens reported without a transition, since this policy's last flag on the family was resolved."""


class Silence(BaseModel):
    """A live lease without a sign of progress."""

    model_config = _MODEL

    fraction: float = Field(default=0.5, gt=0, le=100)
    """Leases of the stage that may pass in silence; renewals are no progress."""


class Starving(BaseModel):
    """Work that nobody takes."""

    model_config = _MODEL

    leases: float = Field(default=1.0, gt=0, le=1000)
    """How many of the stage's leases a claimable task may wait."""


class Overspending(BaseModel):
    """Tokens a delivery far above those of peers."""

    model_config = _MODEL

    multiple: float = Field(default=5.0, gt=1, le=1000)
    """Times the median of the other families at that capability."""
    peers: int = Field(default=2, ge=1, le=1000)
    """Families with a figure, before anything is said."""


class Rule(BaseModel):
    """Exactly one of these tables."""

    model_config = _MODEL

    sequential: Sequential | None = None
    """Wald's test."""
    strikes: Strikes | None = None
    """Faults counted for ever."""
    rubber_stamp: RubberStamp | None = None
    """Reviewers who approve everything."""
    spend: Spend | None = None
    """Tokens that moved nothing."""
    silence: Silence | None = None
    """Leases without progress."""
    starving: Starving | None = None
    """Work that nobody takes."""
    overspending: Overspending | None = None
    """Tokens a delivery far above those of peers."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise MalformedError(f"a policy has one rule, found {len(given)}", "write one, as in [rule.sequential]")
        return self

    @property
    def kind(self) -> str:
        """The name of the rule."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)


class Suspend(BaseModel):
    """Deny the capability for a while: base, then twice as long each time, up to the cap."""

    model_config = _MODEL

    base: Duration = timedelta(hours=1)
    """How long the first suspension lasts."""
    cap: Duration = timedelta(hours=24)
    """No suspension lasts longer."""
    holds: Literal["finish", "release"] = "finish"
    """What becomes of leases older than the suspension: they finish, or may only be released."""
    recommend_after: int = Field(default=3, ge=1, le=1000)
    """Suspensions not lifted after which a person is asked to look at revoking for good."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.base > self.cap:
            raise MalformedError("base is longer than cap", "make cap at least as long as base")
        return self

    def lasts(self, n: int) -> timedelta:
        """Return how long the ``n``-th suspension (from 1) lasts."""
        lasting = self.base
        for _ in range(n - 1):
            if lasting >= self.cap:
                break
            lasting *= 2
        return min(self.cap, lasting)


class Flag(BaseModel):
    """Tell a person; nothing else follows."""

    model_config = _MODEL

    kind: Literal["quality", "health", "integrity", "spend"]
    """What sort of trouble it is."""
    severity: Literal["info", "warning", "critical"] = "warning"
    """How loud."""


class Action(BaseModel):
    """Exactly one of these tables."""

    model_config = _MODEL

    suspend: Suspend | None = None
    """Deny the capability for a while."""
    flag: Flag | None = None
    """Tell a person."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.suspend is None) == (self.flag is None):
            raise MalformedError("a policy has one action", "write [action.suspend] or [action.flag]")
        return self


class Policy(BaseModel):
    """Scope, rule and action."""

    model_config = _MODEL

    key: Key
    """What events call it."""
    title: str
    """What people read."""
    scope: Scope = Scope()
    """Whom it judges; everybody if left out."""
    rule: Rule
    """By what it judges."""
    action: Action
    """What follows."""

    @model_validator(mode="before")
    @classmethod
    def _titled(cls, given: Any) -> Any:
        return titled(given)

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.action.suspend is not None and self.rule.kind not in JUDGING:
            raise MalformedError(
                f"{self.rule.kind} never suspends: it says nothing about competence",
                'write [action.flag] with a kind, such as kind = "health"',
            )
        if self.action.flag is not None and self.rule.kind in JUDGING:
            raise MalformedError(
                f"{self.rule.kind} judges submissions, and its verdict is a suspension",
                'write [action.suspend]; a short base, such as "5m", is a mild one',
            )
        if self.rule.kind not in JUDGING and self.scope != Scope():
            raise MalformedError(f"{self.rule.kind} looks at everybody", "leave [scope] out")
        return self

    @property
    def slot(self) -> str:
        """What only one policy at a time decides: of two for the same slot the one adopted last is in force."""
        kind = "judging" if self.rule.kind in JUDGING else self.rule.kind
        return f"{kind}:{self.scope.capability or '*'}:{self.scope.workflow or '*'}"

    def to_json(self) -> dict[str, Any]:
        """Return the policy as JSON in the file's shape, what is unset left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Load what ``to_json`` returned. Raises ``pydantic.ValidationError`` if it is no policy of this release."""
        return cls.model_validate(document)

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON, in hexadecimal."""
        return digest(_spelt(self.to_json()))


def read_policy(text: str, source: str) -> Policy | tuple[Problem, ...]:
    """Read a policy file; ``source`` is the name under which problems are reported."""
    loaded = load(text, source)
    return loaded if isinstance(loaded, tuple) else loaded.read(Policy)


def diff_policies(old: Policy, new: Policy) -> list[str]:
    """Return one line for each setting that differs, as ``~ rule.sequential.p0 0.1 → 0.2``."""
    before, after = _flat(old.to_json()), _flat(new.to_json())
    names = [*after, *(name for name in before if name not in after)]
    return [
        f"~ {name} {before.get(name, 'unset')} → {after.get(name, 'unset')}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def _spelt(value: Any) -> Any:
    """Spell fractions as text: the digest's canonical form has no floating point numbers."""
    if isinstance(value, dict):
        return {name: _spelt(inner) for name, inner in value.items()}
    return repr(value) if isinstance(value, float) else value


def _flat(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in document.items():
        found |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found
