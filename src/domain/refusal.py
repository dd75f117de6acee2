"""A refusal is a rule saying no: a value with a stable code, a reason that names what is missing, and the cure.

Codes, in the order of the envelope's table; the exit status and HTTP status follow the code
(``ainarres.verbs.envelope``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Code = Literal[
    "already_holding",
    "lease_lost",
    "conflict",
    "illegal_transition",
    "guard_unmet",
    "not_eligible",
    "needs_other_family",
    "cancelled",
    "not_found",
    "invalid",
    "key_reused",
    "read_only",
    "unauthenticated",
    "expired",
    "rate_limited",
    "unavailable",
]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule said no; nothing is appended for the verb.

    ``details`` may carry ``field``, ``holder``, ``expires_at``, ``retry_after``, ``missing`` or ``task`` (an id).
    """

    code: Code
    reason: str
    details: Mapping[str, Any] = field(default_factory=dict)
