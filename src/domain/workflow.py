"""A workflow: stages, and the transitions between them, as data.

The models mirror the TOML files of ``workflows/`` key by key, and their JSON is what ``WorkflowAdopted`` carries, so
that replay needs no file. Each field is checked here; what takes two tables to see (reachability, ``reviews``,
ambiguity) is checked in ``ainarres.domain.structure``. Everything is frozen: a changed workflow is a new version.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from ainarres.domain.digest import digest
from ainarres.domain.duration import Duration
from ainarres.domain.feature import Features, Key, key_of, kind_of, titled
from ainarres.domain.listing import listed
from ainarres.domain.malformed import MalformedError

if TYPE_CHECKING:
    from collections.abc import Mapping

LEASE = timedelta(minutes=30)
PREFER_FOR = timedelta(minutes=10)
NONE = "none"
"""The ``fault`` of a reject that counts against nobody."""

Kind = Literal["advance", "reject"]


Keys = Annotated[tuple[Key, ...], BeforeValidator(listed)]

_MODEL = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True, defer_build=True)


class Stage(BaseModel):
    """One column. What a stage leaves out it takes from its workflow."""

    model_config = _MODEL

    key: Key
    """What events call it."""
    title: str = ""
    """What people read; the key if left out."""
    initial: bool = False
    """New tasks start here; exactly one stage."""
    terminal: bool = False
    """A task that arrives here is done."""
    lease: Duration | None = None
    """How long one claim lasts; the workflow's if left out."""
    max_attempts: int | None = Field(default=None, ge=1, le=1000)
    """Failed leases on this stage after which the task is blocked; the workflow's if left out."""
    escalate_after: int | None = Field(default=None, ge=1, le=1000)
    """Failed leases after which the next tier is required here; never if left out."""
    role_card: Key | None = None
    """The role card an agent works from here."""
    wip: int | None = Field(default=None, ge=1, le=100_000)
    """How many live leases the stage admits at once; unlimited if left out."""
    wip_scope: Literal["lane", "project"] = "lane"
    """Whether ``wip`` counts the leases of one lane or of the whole project."""

    @model_validator(mode="before")
    @classmethod
    def _titled(cls, given: Any) -> Any:
        return titled(given)


class Transition(BaseModel):
    """One legal move, and what it asks of who makes it."""

    model_config = _MODEL

    from_stage: Key = Field(validation_alias="from", serialization_alias="from")
    """The stage it leaves."""
    to_stage: Key = Field(validation_alias="to", serialization_alias="to")
    """The stage it enters."""
    kind: Kind = "advance"
    """``reject`` sends work back, counts as rework and may find somebody at fault."""
    requires: Features
    """The features it needs, exactly one ``role:`` among them: the capability it is booked under."""
    reviews: Key | None = None
    """The earlier stage whose work is judged here; who last advanced out of it is the author.
    Said of one exit it binds all exits of that stage: the author's agent can take none."""
    distinct: Literal["agent", "family", "maker"] = "maker"
    """In what respect the reviewer differs from the author."""
    rule: Literal["off", "prefer", "require"] = "off"
    """``require``: always; ``prefer``: for ``prefer_for`` after it arrives. Prefer if left out beside ``reviews``."""
    prefer_for: Duration | None = None
    """How long ``prefer`` holds the task for others; 10m if left out."""
    fault: Key | None = None
    """Of a reject: the stage whose last author is at fault, or ``none``. The stage it returns to if left out."""
    artifacts: Keys = ()
    """Artifact types the move must present: ``branch``, ``commit``, ``pr``, ``file`` or a word of its own."""
    differs: bool = False
    """The presented commit must not equal the base it names: an empty diff is refused."""
    approves: bool = False
    """The move records the digest that was delivered for judgement, or that it presents itself, as approved."""
    requires_approval: bool = False
    """The presented commit must carry the digest approved last: if the work changed since, the approval is stale. What
    came of it (a merge commit, a pull request) is an artifact of its own type."""

    @model_validator(mode="before")
    @classmethod
    def _ruled(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        settled = dict(given)
        if settled.get("reviews") is not None:
            settled.setdefault("rule", "prefer")
        if settled.get("rule") == "prefer" and settled.get("prefer_for") is None:
            settled["prefer_for"] = PREFER_FOR
        if settled.get("kind") == "reject" and settled.get("fault") is None:
            settled["fault"] = settled.get("to", settled.get("to_stage"))
        return settled

    @field_validator("requires")
    @classmethod
    def _one_role(cls, features: tuple[str, ...]) -> tuple[str, ...]:
        roles = [feature for feature in features if kind_of(feature) == "role"]
        if len(roles) != 1:
            found = "none" if not roles else ", ".join(roles)
            raise MalformedError(
                f"a transition requires exactly one role:, found {found}",
                'name one, such as requires = ["role:reviewer"]; use capability: or skill: for the rest',
            )
        if len(set(features)) != len(features):
            raise MalformedError("a feature is required twice", "name each feature once")
        return features

    @property
    def role(self) -> str:
        """The role it requires, without the ``role:``."""
        return next(key_of(feature) for feature in self.requires if kind_of(feature) == "role")


class Workflow(BaseModel):
    """Stages and transitions, in the order of the file; the first stage is where a reader starts."""

    model_config = _MODEL

    key: Key
    """What lanes and events call it."""
    title: str
    """What people read."""
    lease: Duration = LEASE
    """How long one claim lasts where the stage says nothing."""
    max_attempts: int = Field(default=3, ge=1, le=1000)
    """Failed leases on one stage after which the task is blocked."""
    max_rework: int = Field(default=3, ge=1, le=1000)
    """Rejections a task may meet before it escalates, then blocks."""
    stages: Annotated[tuple[Stage, ...], BeforeValidator(listed)] = Field(
        validation_alias="stage", serialization_alias="stage", min_length=2
    )
    """The columns, left to right."""
    transitions: Annotated[tuple[Transition, ...], BeforeValidator(listed)] = Field(
        validation_alias="transition", serialization_alias="transition", min_length=1
    )
    """The legal moves."""

    @property
    def features(self) -> frozenset[str]:
        """All features that some transition requires."""
        return frozenset(feature for move in self.transitions for feature in move.requires)

    @property
    def initial(self) -> Stage:
        """The stage where tasks start."""
        return next(stage for stage in self.stages if stage.initial)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with other fields; what was looked up in this one is not looked up in that."""
        copied = super().model_copy(update=update, deep=deep)
        for remembered in ("_stages", "_exits", "_reviews"):
            copied.__dict__.pop(remembered, None)
        return copied

    def stage(self, key: str) -> Stage | None:
        """Return a stage by its key."""
        return self._stages.get(key)

    @cached_property
    def _stages(self) -> dict[str, Stage]:
        return {stage.key: stage for stage in reversed(self.stages)}

    def exits(self, stage_key: str, kind: Kind | None = None) -> tuple[Transition, ...]:
        """Return the moves out of a stage in the order of the file, all or of one kind."""
        moves = self._exits.get(stage_key, ())
        return moves if kind is None else tuple(move for move in moves if move.kind == kind)

    @cached_property
    def _exits(self) -> dict[str, tuple[Transition, ...]]:
        return {
            stage.key: tuple(move for move in self.transitions if move.from_stage == stage.key) for stage in self.stages
        }

    def review(self, stage_key: str) -> Transition | None:
        """Return the move that makes a stage a review of an earlier one, if any; it speaks for the whole stage."""
        return self._reviews.get(stage_key)

    @cached_property
    def _reviews(self) -> dict[str, Transition]:
        return {move.from_stage: move for move in reversed(self.transitions) if move.reviews is not None}

    def find(self, from_stage: str, to_stage: str, kind: Kind) -> tuple[Transition, ...]:
        """Return the moves between two stages; more than one if several roles may make it, in the order of the file."""
        return tuple(move for move in self.exits(from_stage, kind) if move.to_stage == to_stage)

    def lease_of(self, stage_key: str) -> timedelta:
        """Return how long a claim at a stage lasts."""
        stage = self.stage(stage_key)
        return stage.lease if stage and stage.lease else self.lease

    def max_attempts_of(self, stage_key: str) -> int:
        """Return after how many failed leases at a stage the task is blocked."""
        stage = self.stage(stage_key)
        return stage.max_attempts if stage and stage.max_attempts else self.max_attempts

    def escalate_after_of(self, stage_key: str) -> int | None:
        """Return after how many failed leases a stage asks for the next tier, or None for never."""
        stage = self.stage(stage_key)
        return stage.escalate_after if stage else None

    def capability(self, transition: Transition) -> str:
        """Return the ``role:`` feature a move requires, under which figures and suspensions are booked."""
        return f"role:{transition.role}"

    def stages_before(self, stage_key: str) -> tuple[Stage, ...]:
        """Return the stages from which advances lead to this one, itself left out, in the order of the file."""
        found, frontier = {stage_key}, [stage_key]
        while frontier:
            target = frontier.pop()
            for move in self.transitions:
                if move.kind == "advance" and move.to_stage == target and move.from_stage not in found:
                    found.add(move.from_stage)
                    frontier.append(move.from_stage)
        return tuple(stage for stage in self.stages if stage.key in found - {stage_key})

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON in the file's shape: durations as text, what is unset left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Load what ``to_json`` returned.

        Raises ``pydantic.ValidationError`` if the document is no workflow; structure was checked at adoption.
        """
        return cls.model_validate(document)

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON, in hexadecimal."""
        return digest(self.to_json())
