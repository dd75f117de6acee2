"""Who is asking: from a bearer token to a caller with effective features, computed from the ledger on every call.

A token is ``ain_`` + 43 characters (256 random bits, base64url) + 6 hex digits of checksum, so that a mistyped one is
told from an unknown one. Only its SHA-256 is ever stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.domain.context import Caller
from ainarres.domain.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

SQL = load("ainarres.verbs", "identity.sql")
LOCAL = Caller(actor="human:local", scope="human")
"""Who speaks in direct mode without a token: the holder of the database's URL, which is full trust."""

_SHAPE = re.compile(r"ain_([A-Za-z0-9_-]{43})([0-9a-f]{6})")


@dataclass(frozen=True, slots=True)
class Credential:
    """What the ledger knows of a token, beside the caller it stands for."""

    id: str
    issued_at: datetime
    expires_at: datetime
    version: int
    """Of the credential's stream."""


def make_token(secret: bytes) -> str:
    """Spell 32 random bytes as a token."""
    body = base64.urlsafe_b64encode(secret).decode().rstrip("=")
    return f"ain_{body}{_checksum(body)}"


def token_hash(token: str) -> str | Refusal:
    """Return the SHA-256 (hex) by which a token is known, or why it cannot be one."""
    match = _SHAPE.fullmatch(token.strip())
    if match is None or not hmac.compare_digest(_checksum(match[1]), match[2]):
        return Refusal(
            "unauthenticated", "the token is misspelt; set AINARRES_TOKEN to what `ainarres token issue` printed"
        )
    return hashlib.sha256(token.strip().encode()).hexdigest()


def identify(row: Mapping[str, Any] | None, now: datetime) -> tuple[Caller, Credential] | Refusal:
    """Turn a token's credential, with its family's maker, grants and denials, into a caller as of ``now``."""
    if row is None:
        return Refusal("unauthenticated", "the ledger knows no such token; ask an operator for one")
    if row["revoked_at"] is not None:
        return Refusal("unauthenticated", "the token was revoked; ask an operator for a new one")
    expires_at = _utc(row["expires_at"])
    if expires_at <= now:
        return Refusal("expired", f"the token ran out at {expires_at.isoformat()}; ask an operator for a new one")
    granted = frozenset(row["grants"])
    if row["narrowing"] is not None:
        granted &= frozenset(row["narrowing"])
    denied: dict[str, datetime | None] = {}
    recalled, over = set(), set()
    for feature, (since, until, keeps) in (row["denials"] or {}).items():
        ends = None if until is None else datetime.fromisoformat(until)
        if ends is not None and ends <= now:
            over.add(feature)
            continue
        denied[feature] = None if ends is None or not keeps else datetime.fromisoformat(since)
        if not keeps:
            recalled.add(feature)
    caller = Caller(
        actor=row["agent"],
        scope=row["scope"],
        credential=row["id"],
        family=row["family"],
        maker=row["maker"],
        features=granted - denied.keys(),
        kept={f: since for f, since in denied.items() if since is not None and f in granted},
        recalled=frozenset(recalled),
        over=frozenset(over),
    )
    return caller, Credential(row["id"], _utc(row["issued_at"]), expires_at, row["version"])


def _utc(at: str) -> datetime:
    return datetime.fromisoformat(at).astimezone(UTC)


def _checksum(body: str) -> str:
    return hashlib.sha256(b"ainarres token " + body.encode()).hexdigest()[:6]
