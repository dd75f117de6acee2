"""What concerns an agent rather than one task."""

from __future__ import annotations

from pydantic import AwareDatetime

from ainarres.domain.events.registry import Event, registered


@registered("agent", verb="any")
class VerbRefused(Event):
    """A permission check said no; at most one a minute for the same agent, verb and task."""

    verb: str
    code: str
    reason: str


@registered("agent", verb="claim")
class ClaimEmpty(Event):
    """The agent polled and nothing was claimable."""

    lane: str | None
    count: int
    since: AwareDatetime


@registered("agent", verb="any of an operator's, or instruct", projections="agent watch")
class InstructionGiven(Event):
    """On whose word an operator acted; the row's causation is the act. Recorded, never enforced."""

    instruction: str
    instructed_by: str | None
