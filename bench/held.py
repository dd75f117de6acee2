"""Verbs at half the highest rate while somebody holds a snapshot: an idle reader in the same database, and an idle
writer in another. What dead rows cannot be cleared away then must not slow the claims down.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench import claimers
from bench.figures import percentile
from bench.sizes import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench import crew
    from bench.bed import Bed

WINDOW = 5.0
"""Seconds over which a percentile is taken where recovery is looked for."""
GATES = {"throughput": 0.9, "p99": 3.0, "recovered_s": 60.0}
ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Phases:
    """How long it is calm, held, and calm again, in seconds."""

    before: float
    held: float
    after: float


def measure(on: Bed, database: str, tokens: Sequence[str], rate: float, phases: Phases) -> dict[str, Any]:
    """Run agents at ``rate`` cycles a second altogether through the three phases. Raises ``crew.Failed``."""
    on.create(ELSEWHERE)
    moments: list[float] = []
    seen: list[dict[str, Any]] = []
    stop = threading.Event()
    holder = threading.Thread(
        target=_hold, args=(on, database, phases, stop), kwargs={"moments": moments, "seen": seen}
    )
    holder.start()
    try:
        worked = claimers.run(on, database, tokens, phases.before + phases.held + phases.after, len(tokens) / rate)
    finally:
        stop.set()
        holder.join()
        on.drop(ELSEWHERE)
    return {"rate": round(rate, 1), "agents": len(tokens), **judged(worked, moments[0], moments[1]), "seen": seen}


def judged(worked: crew.Worked, held: float, freed: float) -> dict[str, Any]:
    """Return throughput and percentiles before, while and after, and the gates they meet."""
    found: dict[str, Any] = {
        name: _phase(worked, begin, end)
        for name, begin, end in (
            ("before", worked.begin, held),
            ("held", held, freed),
            ("after", freed, worked.end),
        )
    }
    recovered = recovery(worked, freed, found["before"])
    throughput = found["held"]["cycles_per_s"] / found["before"]["cycles_per_s"]
    slower = found["held"]["claim_p99_ms"] / found["before"]["claim_p99_ms"]
    return found | {
        "held_between": [round(held - worked.begin, 1), round(freed - worked.begin, 1)],
        "throughput_ratio": round(throughput, 3),
        "p99_ratio": round(slower, 2),
        "recovered_s": recovered,
        "gates": GATES,
        "met": throughput >= GATES["throughput"]
        and slower <= GATES["p99"]
        and recovered is not None
        and recovered <= GATES["recovered_s"],
        "windows": _windows(worked),
    }


def recovery(worked: crew.Worked, freed: float, before: dict[str, Any]) -> float | None:
    """Return how long after ``freed`` a window begins that is as before: 0.9 of the rate, at most 1.5 of the p99."""
    begin = freed
    while begin + WINDOW <= worked.end:
        one = _phase(worked, begin, begin + WINDOW)
        fast = one["cycles_per_s"] >= 0.9 * before["cycles_per_s"]
        if fast and one["claim_p99_ms"] <= 1.5 * before["claim_p99_ms"]:
            return round(begin - freed, 1)
        begin += 1
    return None


def _phase(worked: crew.Worked, begin: float, end: float) -> dict[str, Any]:
    claims = claimers.within(worked, begin, end)
    if not claims:
        return {"cycles_per_s": 0.0, "claim_p50_ms": float("inf"), "claim_p99_ms": float("inf")}
    return {
        "cycles_per_s": round(len(claims) / (end - begin), 1),
        "claim_p50_ms": round(percentile(claims, 0.5) * 1000, 3),
        "claim_p99_ms": round(percentile(claims, 0.99) * 1000, 3),
    }


def _windows(worked: crew.Worked) -> list[dict[str, Any]]:
    count = int((worked.end - worked.begin) / WINDOW)
    edges = [worked.begin + number * WINDOW for number in range(count)]
    return [{"second": round(edge - worked.begin), **_phase(worked, edge, edge + WINDOW)} for edge in edges]


def _hold(
    on: Bed, database: str, phases: Phases, stop: threading.Event, *, moments: list[float], seen: list[dict[str, Any]]
) -> None:
    """Wait, hold both snapshots, let them go, and look at the tables all the while."""

    def watch(seconds: float, name: str) -> None:
        until = time.monotonic() + seconds
        while not stop.wait(min(10.0, max(0.0, until - time.monotonic()))) and time.monotonic() < until:
            seen.append({"second": round(time.monotonic() - begun, 1), "phase": name, **_dead(on, database)})

    begun = time.monotonic()
    watch(phases.before, "before")
    with on.owner(database) as reader, on.owner(ELSEWHERE) as writer:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM projection.lane")
        writer.execute("BEGIN")
        writer.execute("CREATE TABLE public.held (n integer)")
        moments.append(time.monotonic())
        watch(phases.held, "held")
        moments.append(time.monotonic())
        reader.execute("ROLLBACK")
        writer.execute("ROLLBACK")
    watch(phases.after, "after")


def _dead(on: Bed, database: str) -> dict[str, Any]:
    with on.owner(database) as owner:
        board = tables(owner).get("projection.board", {})
    return {"dead": board.get("dead"), "board_mib": board.get("table_mib"), "indexes_mib": board.get("indexes_mib")}
