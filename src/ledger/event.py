"""An event as it goes into the ledger and as it comes out: the columns of ``ledger.event``, nothing more.

The body is a plain JSON object here; ``ainarres.ledger.upcast`` reads it as what its type means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """One event to append. ``version`` is the place in the stream it must get: the optimistic lock."""

    stream: str
    version: int
    type: str
    schema: int = 1
    body: dict[str, Any] | None = None
    raw: bytes | None = None
    """What is not a JSON object; exactly one of ``body`` and ``raw`` is set."""
    actor: str | None = None
    """Who appends it; ``family``, ``capability`` (the ``role:`` exercised) and ``credential`` are the actor's."""
    family: str | None = None
    capability: str | None = None
    credential: str | None = None
    subject_agent: str | None = None
    """Who is credited or charged."""
    subject_family: str | None = None
    project: str | None = None
    task: UUID | None = None
    command: UUID | None = None
    """Idempotency key of the command it answers."""
    request: str | None = None
    """SHA-256, in hexadecimal, of the request that ``command`` names."""
    causation: int | None = None
    """Position of the event that caused it."""
    correlation: UUID | None = None
    """The brief from which it descends."""
    recorded_at: datetime | None = None
    """Aware; None lets the ledger's clock say, which only callers without a decision of their own may do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent(NewEvent):
    """One event of the ledger."""

    position: int
    recorded_at: datetime
