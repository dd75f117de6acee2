"""From stored rows back to facts: the way by which every fold reads the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ainarres.domain.events import REGISTRY
from ainarres.domain.fact import Fact
from ainarres.ledger import upcast

if TYPE_CHECKING:
    from ainarres.domain.events import Event
    from ainarres.ledger.event import StoredEvent


def fact_of(recorded: StoredEvent) -> Fact:
    """Read a stored event as a fact, its body lifted to the current schema. Raises ``CorruptEvent``."""
    event = upcast.event(REGISTRY, recorded)
    assert recorded.recorded_at is not None
    return Fact(
        event=cast("Event", event),
        stream=recorded.stream,
        version=recorded.version,
        recorded_at=recorded.recorded_at,
        actor=recorded.actor,
        family=recorded.family,
        capability=recorded.capability,
        credential=recorded.credential,
        subject_agent=recorded.subject_agent,
        subject_family=recorded.subject_family,
        project=recorded.project,
        task=recorded.task,
        causation=recorded.causation,
        correlation=recorded.correlation,
    )
