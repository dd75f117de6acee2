"""The verbs as data: one model each, whose fields and words feed the CLI, HTTP, MCP and the reference.

A command says what is wanted, never who asks: identity comes from the credential.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from ainarres.domain.command import (
    Command,
    FeatureName,
    Fence,
    File,
    Instructed,
    Key,
    TaskRef,
    Text,
    Tokens,
    Version,
    Words,
    said,
    span,
    storable,
)
from ainarres.domain.events import Artifact
from ainarres.domain.governing import (
    AdoptPolicy,
    Instruct,
    LiftDenial,
    RaiseFlag,
    ResolveFlag,
    RevokeCapability,
    RunGovernance,
    Suspend,
    Verdict,
)

__all__ = (
    "AdoptPolicy",
    "Command",
    "Instruct",
    "LiftDenial",
    "RaiseFlag",
    "ResolveFlag",
    "RevokeCapability",
    "RunGovernance",
    "Suspend",
    "Verdict",
)
"""Read from here as well: whoever executes a command finds all of them in one place."""


class Create(Command):
    """Post a new task on a lane, at its workflow's initial stage."""

    lane: Annotated[Key, Field(description="Lane as `project/lane`; the lane alone where it is unique")]
    title: Words
    payload: dict[str, Any] = Field(default_factory=dict, description="What the worker needs: goal, files, validate …")
    priority: Annotated[int, Field(ge=1, le=5, description="5 is most urgent")] = 3
    requires: Annotated[tuple[FeatureName, ...], Field(description="Features a claimer needs besides the stage's")] = ()
    depends_on: Annotated[tuple[TaskRef, ...], Field(description="Tasks that must be done first")] = ()
    epic: Annotated[TaskRef | None, Field(description="The brief it belongs to; your held one's if left out")] = None
    template: Key | None = None
    skills: Annotated[tuple[Key, ...], Field(description="Skills that the work calls for")] = ()
    correlation: Annotated[
        UUID | None, Field(description="The brief it descends from; your held task's if left out")
    ] = None


class Planned(BaseModel):
    """One task of a graph."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    key: Annotated[Key, Field(description="Its name inside the graph, for `after`")]
    title: Words
    after: Annotated[tuple[Key, ...], Field(description="Tasks of the graph that must be done first")] = ()
    lane: Annotated[Key | None, Field(description="Its lane, where that is not the graph's")] = None
    payload: dict[str, Any] = Field(default_factory=dict)
    priority: Annotated[int, Field(ge=1, le=5)] = 3
    requires: tuple[FeatureName, ...] = ()
    depends_on: Annotated[
        tuple[TaskRef, ...], Field(description="Tasks outside the graph that must be done first")
    ] = ()
    skills: tuple[Key, ...] = ()


class CreateGraph(Command):
    """Post many tasks with their edges, all or nothing."""

    lane: Key
    tasks: Annotated[tuple[Planned, ...], Field(min_length=1, max_length=10_000)]
    epic: TaskRef | None = None
    template: Key | None = None
    correlation: UUID | None = None


class Apply(Command):
    """Post the tasks of a template, its parameters filled in."""

    text: Annotated[str, StringConstraints(max_length=1_048_576), AfterValidator(storable)]
    source: Key
    lane: Key
    parameters: dict[Key, Text] = Field(default_factory=dict)
    epic: TaskRef | None = None


class Claim(Command):
    """Take the next task you are allowed to do, or a named one."""

    lane: Key | None = None
    task: TaskRef | None = None
    wait: Annotated[str | None, AfterValidator(lambda t: t if t is None else span(t))] = Field(
        default=None, description="How long to wait for work, as in `30s`"
    )


class Next(Claim):
    """Claim, and get the task with its history, your role card and your legal moves in one reply."""


class _Held(Command):
    task: TaskRef
    fence: Fence = None


class Progress(_Held):
    """Say how far you are; renews the lease."""

    note: Words
    artifacts: tuple[Artifact, ...] = ()


class Heartbeat(_Held):
    """Renew the lease without a word."""


class Advance(_Held):
    """Move your task forward and let go of it."""

    to: Annotated[Key | None, Field(description="Stage; may be left out when one move is legal")] = None
    note: Text | None = None
    artifacts: tuple[Artifact, ...] = ()
    expect_version: Version = None


class Reject(_Held):
    """Send your task back with a reason and let go of it."""

    reason: Words
    to: Annotated[Key | None, Field(description="Stage; may be left out when one move is legal")] = None
    fault: Annotated[
        Key | None, Field(description="Stage at fault, or `none`; the workflow names one if this does not")
    ] = None
    artifacts: tuple[Artifact, ...] = ()
    expect_version: Version = None


class Release(_Held, Instructed):
    """Give your task up; an operator may release anybody's."""

    reason: Words
    cause: Annotated[
        Literal["task", "infra", "card"],
        Field(description="task: it was too hard; infra: the provider failed; card: the role card misled"),
    ] = "task"
    expect_version: Version = None


class Block(_Held, Instructed):
    """Park a task for an operator to look at."""

    reason: Words
    expect_version: Version = None


class Unblock(Instructed):
    """Open a parked task again, its counts at zero; cancelled prerequisites are waived."""

    task: TaskRef
    reason: Words
    expect_version: Version = None


class Cancel(Instructed):
    """Give a task up for good; tasks that wait on it are parked."""

    task: TaskRef
    reason: Words
    expect_version: Version = None


class Amend(Instructed):
    """Change an unheld task."""

    task: TaskRef
    title: Words | None = None
    priority: Annotated[int | None, Field(ge=1, le=5)] = None
    payload: dict[str, Any] | None = None
    depends_on: tuple[TaskRef, ...] | None = None
    expect_version: Version = None


class Note(Command):
    """Leave words on a task for whoever works on it next."""

    task: TaskRef
    text: Words


class Usage(Command):
    """Report the tokens an agent spent: on the transition they paid for, or on the agent when nothing moved."""

    agent: Key
    family: Key | None = None
    transition: Annotated[int | None, Field(ge=1, description="Position of the advance or reject they paid for")] = None
    input_tokens: Tokens = None
    output_tokens: Tokens = None
    cache_read_tokens: Tokens = None
    cache_creation_tokens: Tokens = None
    model: Key | None = None
    raw: Annotated[dict[str, Any], Field(description="What the harness said, word for word")] = Field(
        default_factory=dict
    )


class Waive(Instructed):
    """Let any family review this one task."""

    task: TaskRef
    reason: Words


class Done(Command):
    """Advance your task along its only legal way, and if asked to take the next one in the same transaction."""

    task: TaskRef | None = None
    fence: Fence = None
    note: Text | None = None
    artifacts: tuple[Artifact, ...] = ()
    claim_next: bool = False
    lane: Key | None = None


# -- definitions, families, credentials, lanes ------------------------------------------------------------------------


class AdoptWorkflow(File):
    """Give a workflow definition force; new tasks are pinned to it."""


class AdoptFamilies(File):
    """Register families and bring their grants to what the file says."""


class AdoptProject(File):
    """Register a project and open its lanes."""


class AdoptCard(Command):
    """Publish the text of a role card."""

    role: Key
    text: Annotated[str, StringConstraints(max_length=1_048_576), AfterValidator(storable), AfterValidator(said)]


class IssueToken(Instructed):
    """Make a bearer token for one agent; it is shown once."""

    agent: Annotated[Key | None, Field(description="Name of the instance; made up if left out")] = None
    family: Key | None = None
    scope: Literal["agent", "meter", "monitor", "operator", "human"] = "agent"
    narrowing: Annotated[
        tuple[FeatureName, ...] | None, Field(description="The only features it may use, being of scope agent")
    ] = None
    life: Annotated[str, AfterValidator(span), Field(description="How long it lives, as in `2h`")] = "2h"


class NarrowToken(Instructed):
    """Take features away from an agent's credential; nothing gives them back."""

    credential: Key
    narrowing: tuple[FeatureName, ...]


class RevokeToken(Instructed):
    """Void a credential from the next call on."""

    credential: Key
    reason: Words


class PauseLane(Instructed):
    """Stop claims on a lane; holds may finish."""

    lane: Key
    reason: Words


class ResumeLane(Instructed):
    """Open claims on a lane again."""

    lane: Key
    reason: Words


class Why(Command):
    """Say why a task is not moving, or why you get nothing; changes nothing."""

    task: TaskRef | None = None
    me: Annotated[bool, Field(description="Ask about yourself, which is also what no task means")] = False


class Stop(Instructed):
    """Stop claims on every lane; holds may finish."""

    reason: Words


class Sweep(Command):
    """Record every lease that ran out, for timeliness; claims do so by themselves."""


class MigrateTasks(Instructed):
    """Move the tasks of a workflow to its newest version; held ones are left and named."""

    workflow: Key
    stages: Annotated[dict[Key, Key], Field(description="Old stage to new one, where the name changed")] = Field(
        default_factory=dict
    )


class OpenLedger(Command):
    """Append the first event of an empty ledger; an opened one stays as it is."""
