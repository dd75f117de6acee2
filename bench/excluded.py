"""What a claim costs beside a million tasks that the caller may not take.

Five ledgers, each with 1,000 tasks the caller may take: alone, and beside a million excluded by features, by the family
rule, by a full stage, by prerequisites. For each: buffers that ``verb.pick`` touches (EXPLAIN), and the time of whole
claims through the verb. Run as ``python -m bench.excluded [--tasks N]``; writes ``bench/results/excluded.json``.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ainarres.database import embedded
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.projections import rebuild
from ainarres.verbs.session import Session
from bench.population import Kind, Population

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

RESULT = Path(__file__).parent / "results" / "excluded.json"
OPEN = 1000
CLAIMS = 300
FAMILY, MAKER = "grok+grok-build", "xai"

WORKFLOW = """
key = "bench"
title = "Implement, review"
lease = "1h"
[[stage]]
key = "implementing"
initial = true
[[stage]]
key = "reviewing"
[[stage]]
key = "narrow"
wip = 1
[[stage]]
key = "done"
terminal = true
[[transition]]
from = "implementing"
to = "reviewing"
requires = ["role:implementer"]
[[transition]]
from = "implementing"
to = "narrow"
requires = ["role:planner"]
[[transition]]
from = "narrow"
to = "done"
requires = ["role:reviewer"]
[[transition]]
from = "reviewing"
to = "done"
requires = ["role:reviewer"]
reviews = "implementing"
distinct = "maker"
rule = "require"
"""
PROJECT = 'key = "web"\n[[lane]]\nkey = "dev"\nworkflow = "bench"\n'
FAMILIES = f"""
[[family]]
key = "{FAMILY}"
maker = "{MAKER}"
cost_class = 1
grants = ["lane:web/dev", "role:implementer", "role:reviewer"]
"""


def _by_features(population: Population, tasks: int) -> None:
    population.add(tasks, Kind(stage="implementing", requires=("tier:9",)))


def _by_family_rule(population: Population, tasks: int) -> None:
    population.add(tasks, Kind(stage="reviewing", author=("another", FAMILY, MAKER)))


def _by_wip(population: Population, tasks: int) -> None:
    population.add(tasks, Kind(stage="narrow", author=("another", "x+y", "other")))


def _by_prerequisites(population: Population, tasks: int) -> None:
    gate = uuid4()
    created = Kind(stage="implementing", requires=("tier:9",), title="the gate")
    population.add(1, created)
    row = population.connection.execute("SELECT task FROM ledger.event ORDER BY position DESC LIMIT 1").fetchone()
    gate = row[0] if row else gate
    population.add(tasks, Kind(stage="implementing", depends_on=(gate,)))


CASES: dict[str, Callable[[Population, int], None] | None] = {
    "alone": None,
    "features": _by_features,
    "family rule": _by_family_rule,
    "wip": _by_wip,
    "prerequisites": _by_prerequisites,
}


def main() -> int:
    """Run every case and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000, help="excluded tasks in each case")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    found = {name: _case(name, fill, given.tasks) for name, fill in CASES.items()}
    alone = found["alone"]
    for name, figures in found.items():
        figures["buffers_ratio"] = round(figures["buffers"] / alone["buffers"], 2)
        figures["p50_ratio"] = round(figures["p50_ms"] / alone["p50_ms"], 2)
        _say(f"{name:14} {figures}")
    given.out.parent.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "machine": platform.machine(), "cores": 2}
    record = {"open": OPEN, "excluded": given.tasks, "claims": CLAIMS, "machine": machine, "cases": found}
    given.out.write_text(json.dumps(record, indent=2) + "\n")
    bad = [n for n, f in found.items() if f["buffers_ratio"] > 1.5 or f["p50_ratio"] > 1.5]  # noqa: PLR2004 - the goal
    _say("over 1.5: " + (", ".join(bad) or "none"))
    return bool(bad)


def _case(name: str, fill: Callable[[Population, int], None] | None, tasks: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="ainarres-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        home = Path(folder) / "home"
        try:
            embedded.ensure(home)
            migrate(embedded.owner_url(home))
            return _measure(name, home, fill, tasks)
        finally:
            embedded.stop(home)


def _measure(name: str, home: Path, fill: Callable[[Population, int], None] | None, tasks: int) -> dict[str, Any]:
    url = embedded.ensure(home)
    with connect(url) as connection, connect(embedded.owner_url(home), statement_seconds=0, idle_seconds=0) as owner:
        human = Session(connection)
        for command in (
            c.OpenLedger(),
            c.AdoptWorkflow(text=WORKFLOW, source="bench.toml"),
            c.AdoptProject(text=PROJECT, source="project.toml"),
            c.AdoptFamilies(text=FAMILIES, source="families.toml"),
        ):
            assert human.execute(command).ok
        population = Population(connection, "web/dev", "bench", "implementing")
        begun = time.perf_counter()
        if fill is not None:
            fill(population, tasks)
        population.add(OPEN, Kind(stage="implementing"))
        appended = time.perf_counter()
        rebuild.rebuild(owner)
        owner.execute("VACUUM ANALYZE")
        _say(f"{name}: appended in {appended - begun:.0f} s, rebuilt in {time.perf_counter() - appended:.0f} s")
        if name == "wip":
            _hold_the_narrow_stage(human, connection)
        return _claims(human, connection)


def _hold_the_narrow_stage(human: Session, connection: psycopg.Connection[Any]) -> None:
    row = connection.execute("SELECT task FROM projection.board WHERE stage = 'narrow' LIMIT 1").fetchone()
    assert row is not None
    token = human.execute(c.IssueToken(family=FAMILY, agent="holder")).extra["token"]
    assert Session(connection, token).execute(c.Claim(task=str(row[0]))).ok


def _claims(human: Session, connection: psycopg.Connection[Any]) -> dict[str, Any]:
    token = human.execute(c.IssueToken(family=FAMILY, agent="claimer")).extra["token"]
    agent, times, buffers = Session(connection, token), [], []
    for _ in range(CLAIMS):
        begun = time.perf_counter()
        claimed = agent.execute(c.Claim(), uuid4())
        times.append((time.perf_counter() - begun) * 1000)
        assert claimed.code == "ok", claimed
        assert claimed.task is not None
        assert agent.execute(c.Advance(task=claimed.task["id"]), uuid4()).ok
    open_routes = connection.execute("SELECT array_agg(id) FROM projection.route").fetchone()
    assert open_routes is not None
    for _ in range(5):
        plan = connection.execute(
            "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) SELECT verb.pick(%s::bigint[], %s::timestamptz[], 'claimer')",
            ([r for r in open_routes[0] if _open(agent, connection, r)], [None] * len(open_routes[0])),
        ).fetchall()
        buffers.append(sum(int(n) for (line,) in plan for n in re.findall(r"shared (?:hit|read)=(\d+)", line)[:1]))
    times.sort()
    return {
        "buffers": statistics.median(buffers),
        "p50_ms": round(statistics.median(times), 3),
        "p99_ms": round(times[int(len(times) * 0.99)], 3),
    }


def _open(agent: Session, connection: psycopg.Connection[Any], route: int) -> bool:
    """Tell whether a route is open to the claimer: no tier it lacks, no work of its own maker, no full stage."""
    row = connection.execute("SELECT parts FROM projection.route WHERE id = %s", (route,)).fetchone()
    assert row is not None
    assert agent is not None
    parts = row[0]
    return "tier:9" not in parts["needs"] and parts["author"] != MAKER and parts["stage"] == "implementing"


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
