"""Claim and advance by 1 to 256 agents at once: cycles a second, and how long a claim takes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from bench import crew
from bench.figures import percentile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.bed import Bed

PROCESSES = 2
EACH = 16
"""Agents that share a process at most: a hundred threads would take turns in one interpreter for seconds."""


def measure(on: Bed, template: str, tokens: Sequence[str], seconds: float) -> dict[str, Any]:
    """Run one agent for each token on a copy of ``template``, each as fast as it can. Raises ``crew.Failed``."""
    on.create("crowd", template)
    try:
        worked = run(on, "crowd", tokens, seconds, 0)
    finally:
        on.drop("crowd")
    claims = within(worked, worked.begin, worked.end)
    return {
        "claimers": len(tokens),
        "cycles_per_s": round(len(claims) / seconds, 1),
        "claim_p50_ms": round(percentile(claims, 0.5) * 1000, 3),
        "claim_p99_ms": round(percentile(claims, 0.99) * 1000, 3),
    }


def run(on: Bed, database: str, tokens: Sequence[str], seconds: float, every: float) -> crew.Worked:
    """Run paced agents on a database: the stamps are pairs, when a claim ended and how many seconds it took."""
    share = min(EACH, -(-len(tokens) // PROCESSES))
    commands = [
        [sys.executable, "-m", "bench.cycle", f"paced:{every}", on.url(database, "ainarres_app"), ",".join(some)]
        for begin in range(0, len(tokens), share)
        if (some := tokens[begin : begin + share])
    ]
    return crew.run(commands, seconds)


def within(worked: crew.Worked, begin: float, end: float) -> list[float]:
    """Return how long each claim took that ended between two moments."""
    pairs = zip(worked.stamps[0::2], worked.stamps[1::2], strict=True)
    return [took for ended, took in pairs if begin <= ended < end]
