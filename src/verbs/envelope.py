"""The one reply shape of every verb, and the one table of codes with their exit and HTTP statuses.

An envelope always carries ``ok code reason task event next position``; where it helps it carries more
(``holder``, ``expires_at``, ``retry_after``, ``resumed``, ``replayed``, ``done``, ``card`` …) in ``extra``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ainarres.domain.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Status:
    """How a code is spoken elsewhere."""

    ok: bool
    exit: int
    http: int


CODES: Mapping[str, Status] = {
    "ok": Status(True, 0, 200),
    "empty": Status(True, 0, 200),
    "blocked": Status(True, 0, 200),
    "already_holding": Status(False, 3, 409),
    "lease_lost": Status(False, 4, 409),
    "conflict": Status(False, 3, 409),
    "illegal_transition": Status(False, 6, 422),
    "guard_unmet": Status(False, 6, 422),
    "not_eligible": Status(False, 5, 403),
    "needs_other_family": Status(False, 5, 403),
    "cancelled": Status(False, 6, 409),
    "not_found": Status(False, 7, 404),
    "invalid": Status(False, 2, 422),
    "key_reused": Status(False, 2, 422),
    "read_only": Status(False, 6, 409),
    "unauthenticated": Status(False, 5, 401),
    "expired": Status(False, 5, 401),
    "rate_limited": Status(False, 75, 429),
    "unavailable": Status(False, 75, 503),
    "fault": Status(False, 1, 500),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A verb's reply."""

    code: str
    reason: str | None = None
    task: Mapping[str, Any] | None = None
    event: Mapping[str, Any] | None = None
    next: tuple[str, ...] = ()
    position: int | None = None
    """The ledger's position after the verb's own events; null when it appended none."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Tell whether the verb did what was asked (an empty board is an answer, not a failure)."""
        return CODES[self.code].ok

    @property
    def exit_status(self) -> int:
        """The process exit status."""
        return CODES[self.code].exit

    @property
    def http_status(self) -> int:
        """The HTTP status."""
        return CODES[self.code].http

    def to_json(self) -> dict[str, Any]:
        """Return the envelope as plain JSON values, always the same seven keys first."""
        body = {
            "ok": self.ok,
            "code": self.code,
            "reason": self.reason,
            "task": self.task,
            "event": self.event,
            "next": list(self.next),
            "position": self.position,
            **self.extra,
        }
        plain: dict[str, Any] = json.loads(json.dumps(body, default=plain_value))
        return plain


def refused(refusal: Refusal, **extra: Any) -> Envelope:
    """Return the envelope of a refusal."""
    return Envelope(code=refusal.code, reason=refusal.reason, extra={**refusal.details, **extra})


def plain_value(value: Any) -> Any:
    """Turn what the domain uses into what JSON holds: times in UTC with six digits, ids as text, spans in seconds."""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def instant(at: datetime) -> str:
    """Write a time as ``2026-11-21T09:12:00.000000Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
