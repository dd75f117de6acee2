"""The commands of governance: policies, suspensions, flags, and what only a person may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ainarres.domain.command import Command, FeatureName, File, Instructed, Key, TaskRef, Words, span


class AdoptPolicy(File):
    """Give a policy force, in place of whatever decided the same before."""


class Suspend(Instructed):
    """Deny a family a capability for a while."""

    family: Key
    feature: FeatureName
    reason: Words
    period: Annotated[str, AfterValidator(span), Field(description="For how long, as in `2h`")] = "1h"
    holds: Annotated[
        Literal["finish", "release"], Field(description="What becomes of leases that are older than this")
    ] = "finish"


class RunGovernance(Command):
    """Do what policies ask for and no rejection has drawn; safe to repeat, and for a timer."""

    dry_run: Annotated[bool, Field(description="Say what would be done, and do nothing")] = False


class RaiseFlag(Command):
    """Tell a person of a family's gap; nothing else follows."""

    family: Key
    gap: Annotated[Words, Field(description="What is wrong, in words")]
    kind: Annotated[Literal["quality", "health", "integrity", "spend"], Field(description="What sort of trouble")] = (
        "quality"
    )
    severity: Annotated[Literal["info", "warning", "critical"], Field(description="How loud")] = "warning"
    capability: Annotated[FeatureName | None, Field(description="The role it is about, as `role:designer`")] = None
    task: Annotated[TaskRef | None, Field(description="The task that shows it")] = None
    epic: Annotated[TaskRef | None, Field(description="The epic that shows it, in place of a task: its brief")] = None


class ResolveFlag(Instructed):
    """Close a flag that was looked at."""

    flag: Annotated[Key, Field(description="Id, from `ainarres flag list`; a unique prefix or suffix of it will do")]
    reason: Words


class RevokeCapability(Instructed):
    """Deny a family a feature until a person lifts it."""

    family: Key
    feature: FeatureName
    reason: Words


class LiftDenial(Instructed):
    """Lift whatever denies a family a feature."""

    family: Key
    feature: FeatureName
    reason: Words


class Verdict(Instructed):
    """Accept or reject a whole epic, once; rejecting gives up what is unfinished and asks for what is left."""

    epic: Annotated[TaskRef, Field(description="Id of the epic's brief; a unique prefix or suffix of it will do")]
    verdict: Annotated[Literal["accept", "reject"], Field(description="`accept` or `reject`")]
    code: Annotated[
        Literal["below_bar", "scope_changed", "requirements_missed", "no_longer_meaningful", "other"] | None,
        Field(description="Why it is rejected; requirements_missed counts as an escape for those who approved it"),
    ] = None
    reason: Annotated[Words | None, Field(description="Why, in a few words; a rejection needs one")] = None


class Instruct(Command):
    """Say on whose word an operator's act was done, if nobody said so then."""

    position: Annotated[int, Field(ge=1, description="Of the act, from `ainarres inbox`")]
    instruction: Annotated[Words, Field(description="What you were told to do")]
    instructed_by: Annotated[Key | None, Field(description="Who told you")] = None
