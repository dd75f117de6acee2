"""The timeline: what happened last, one line an event, with the gist of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from ainarres.domain import events as e
from ainarres.projections.wording import UNKNOWN, count, instant, moment, printable, short

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from ainarres.domain.fact import Fact

GIST_LIMIT = 200
"""Characters of an agent's words that one line shows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact and its place in the ledger."""

    position: int
    fact: Fact

    @property
    def who(self) -> str:
        """Family, else agent, else a dash; for a hold that ended by itself the one who held."""
        fact = self.fact
        if isinstance(fact.event, e.LeaseExpired):
            return printable(fact.subject_family or fact.subject_agent or UNKNOWN)
        return printable(fact.family or fact.actor or UNKNOWN)

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON, stamps first."""
        fact = self.fact
        return {
            "position": self.position,
            "stream": fact.stream,
            "version": fact.version,
            "type": type(fact.event).__name__,
            "recorded_at": instant(fact.recorded_at),
            "actor": fact.actor,
            "family": fact.family,
            "capability": fact.capability,
            "credential": fact.credential,
            "subject_agent": fact.subject_agent,
            "subject_family": fact.subject_family,
            "project": fact.project,
            "task": None if fact.task is None else str(fact.task),
            "correlation": None if fact.correlation is None else str(fact.correlation),
            "body": fact.event.model_dump(mode="json"),
        }


def render(entries: Sequence[Entry], limit: int) -> str:
    """Write the timeline, oldest first."""
    tasks = {entry.fact.task for entry in entries if entry.fact.task}
    lines = [f"timeline (showing up to {limit}):"]
    for entry in entries:
        fact = entry.fact
        task = short(fact.task, tasks) if fact.task else UNKNOWN
        lines.append(f"  {moment(fact.recorded_at)}  {type(fact.event).__name__}  {task}  {entry.who}{gist(fact)}")
    return "\n".join(lines if entries else [*lines, "  (no events)"])


def gist(fact: Fact) -> str:
    """Say in parentheses, after two spaces, what matters of an event; nothing where its type says it all."""
    said = _gist(fact.event)
    return f"  ({printable(said, GIST_LIMIT)})" if said else ""


@singledispatch
def _gist(event: e.Event) -> str:
    """Reason, else note, else the words, else nothing."""
    for name in ("reason", "note", "text", "title", "feature"):
        said = getattr(event, name, None)
        if said and not isinstance(event, e.CardAdopted):
            return str(said)
    return ""


@_gist.register
def _(event: e.TaskAdvanced) -> str:
    return f"advance {event.from_stage}→{event.to_stage}"


@_gist.register
def _(event: e.TaskRejected) -> str:
    return f"reject {event.from_stage}→{event.to_stage}: {event.reason}"


@_gist.register
def _(event: e.TaskEscalated) -> str:
    return f"tier {event.from_tier}→{event.to_tier}, attempt {event.attempts}"


@_gist.register
def _(event: e.TaskReleased) -> str:
    return f"released: {event.reason}, attempt {event.attempts}"


@_gist.register
def _(event: e.TaskBlocked) -> str:
    return f"blocked: {event.reason or '?'}"


@_gist.register
def _(event: e.LeaseExpired) -> str:
    return f"{event.stage}, attempt {event.attempts}"


@_gist.register
def _(event: e.TaskClaimed) -> str:
    return f"{event.stage}, attempt {event.attempt}"


@_gist.register
def _(event: e.WorkflowAdopted | e.PolicyAdopted) -> str:
    return f"{event.key} version {event.version}"


@_gist.register
def _(event: e.FamilyRegistered) -> str:
    return event.key


@_gist.register
def _(event: e.CredentialIssued) -> str:
    return f"{event.scope} {event.agent}"


@_gist.register
def _(event: e.CardAdopted) -> str:
    return f"{event.role} version {event.version}"


@_gist.register
def _(event: e.ClaimEmpty) -> str:
    return event.lane or "any lane"


def story(task: UUID, entries: Sequence[Entry]) -> str:
    """Write everything that happened to one task, oldest first; heartbeats are counted, not listed."""
    lines = [f"history of {short(task)} ({count(len(entries), 'event')}):"]
    beats = 0
    for entry in entries:
        fact = entry.fact
        if isinstance(fact.event, e.LeaseRenewed):
            beats += 1
            continue
        name = type(fact.event).__name__
        lines.append(f"  {entry.position}  {moment(fact.recorded_at)}  {name}  {entry.who}{gist(fact)}")
    return "\n".join([*lines, *([f"  and {count(beats, 'heartbeat')}"] if beats else [])])
