"""A fact: an event with its stamps, as deciders produce it and as folds consume it.

The ledger's row adds the position and what names the command; nothing in the domain depends on either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from ainarres.domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One event and its stamps."""

    event: Event
    stream: str
    version: int
    """Place in the stream, from 1."""
    recorded_at: datetime
    actor: str | None = None
    family: str | None = None
    """Of the actor."""
    capability: str | None = None
    """The ``role:`` being exercised."""
    credential: str | None = None
    subject_agent: str | None = None
    """Who is credited or charged, where that is not the actor."""
    subject_family: str | None = None
    project: str | None = None
    task: UUID | None = None
    causation: int | None = None
    """Position of the event that caused this one."""
    correlation: UUID | None = None
    """The brief from which this descends."""
