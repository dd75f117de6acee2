"""Identifiers: ids that sort by their time of birth, fences, tokens. Randomness and time come in as arguments."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

FENCES = 2**53
"""Fences are below this, so that every JSON reader keeps them exact."""


def new_id(now: datetime, random: bytes | None = None) -> UUID:
    """Return a version 7 UUID (RFC 9562): 48 bits of milliseconds, then 74 random bits."""
    tail = int.from_bytes(random or secrets.token_bytes(10), "big")
    milliseconds = int(now.timestamp() * 1000)
    value = (milliseconds << 80) | (0x7 << 76) | (((tail >> 62) & 0xFFF) << 64) | (0b10 << 62) | (tail & (2**62 - 1))
    return UUID(int=value)


def new_fence() -> int:
    """Return the random number that tells one hold from every other."""
    return secrets.randbelow(FENCES - 1) + 1
