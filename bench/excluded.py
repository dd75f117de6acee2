"""What a claim costs beside a million tasks that the caller may not take.

Five databases of one server, each with 1,000 tasks the caller may take: alone, and beside a million excluded by
features, by the family rule, by a full stage, by prerequisites. A thousand of those are appended and folded, the rest
are copies. For each: buffers that ``verb.pick`` touches (EXPLAIN), and the time of whole claims through the verb, taken
in turn. Run as ``python -m bench.excluded [--tasks N]``; writes ``bench/results/excluded.json``.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.projections import rebuild
from ainarres.verbs.session import Session
from bench import bed, machine
from bench.figures import percentile
from bench.multiply import multiply
from bench.population import Kind, Population

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import psycopg

RESULT = Path(__file__).parent / "results" / "excluded.json"
OPEN = 1000
FEW = 1000
"""Excluded tasks that are appended and folded; the rest are copies of them."""
CHECKED = 20_000
"""Excluded tasks up to which ledger and tables are compared before the measurement."""
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
    created = Kind(stage="implementing", requires=("tier:9",), title="the gate")
    population.add(1, created)
    row = population.connection.execute("SELECT task FROM ledger.event ORDER BY position DESC LIMIT 1").fetchone()
    assert row is not None
    population.add(tasks, Kind(stage="implementing", depends_on=(row[0],)))


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
    about = machine.describe()
    with bed.laid() as on, ExitStack() as stack:
        agents = {name: stack.enter_context(_prepared(on, name, fill, given.tasks)) for name, fill in CASES.items()}
        found = _claims(agents)
    alone = found["alone"]
    for name, figures in found.items():
        figures["buffers_ratio"] = round(figures["buffers"] / alone["buffers"], 2)
        figures["p50_ratio"] = round(figures["p50_ms"] / alone["p50_ms"], 2)
        _say(f"{name:14} {figures}")
    given.out.parent.mkdir(exist_ok=True)
    record = {"open": OPEN, "excluded": given.tasks, "claims": CLAIMS, "machine": about, "cases": found}
    given.out.write_text(json.dumps(record, indent=2) + "\n")
    bad = [n for n, f in found.items() if f["buffers_ratio"] > 1.5 or f["p50_ratio"] > 1.5]  # noqa: PLR2004 - the goal
    _say("over 1.5: " + (", ".join(bad) or "none"))
    return bool(bad)


@contextmanager
def _prepared(
    on: bed.Bed, name: str, fill: Callable[[Population, int], None] | None, tasks: int
) -> Iterator[tuple[Session, psycopg.Connection[Any]]]:
    """Make a database with the case's tasks, and yield an agent on it."""
    database, begun = name.replace(" ", "_"), time.perf_counter()
    on.create(database)
    migrate(on.url(database))
    with connect(on.url(database, "ainarres_app"), idle_seconds=0) as connection, on.owner(database) as owner:
        human = Session(connection)
        for command in (
            c.OpenLedger(),
            c.AdoptWorkflow(text=WORKFLOW, source="bench.toml"),
            c.AdoptProject(text=PROJECT, source="project.toml"),
            c.AdoptFamilies(text=FAMILIES, source="families.toml"),
        ):
            assert human.execute(command).ok
        if fill is not None:
            few = min(FEW, tasks)
            fill(Population(connection, "web/dev", "bench", "implementing"), few)
            rebuild.rebuild(owner)
            multiply(owner, -(-tasks // few) - 1)
        mine = tuple(c.Planned(key=f"t{n}", title=f"task {n}") for n in range(OPEN))
        assert human.execute(c.CreateGraph(lane="dev", tasks=mine)).ok
        owner.execute("VACUUM (ANALYZE, INDEX_CLEANUP ON)")  # the few were ready for a moment; a small rest may be left
        checked = tasks <= CHECKED and rebuild.check(owner).difference
        assert not checked, checked
        if name == "wip":
            _hold_the_narrow_stage(human, connection)
        _say(f"{name}: ready after {time.perf_counter() - begun:.0f} s")
        token = human.execute(c.IssueToken(family=FAMILY, agent="claimer")).extra["token"]
        yield Session(connection, token), connection


def _hold_the_narrow_stage(human: Session, connection: psycopg.Connection[Any]) -> None:
    row = connection.execute("SELECT task FROM projection.board WHERE stage = 'narrow' LIMIT 1").fetchone()
    assert row is not None
    token = human.execute(c.IssueToken(family=FAMILY, agent="holder")).extra["token"]
    assert Session(connection, token).execute(c.Claim(task=str(row[0]))).ok


def _claims(agents: Mapping[str, tuple[Session, psycopg.Connection[Any]]]) -> dict[str, dict[str, Any]]:
    """Claim and advance on every database in turn, so that what else the machine does falls on all alike."""
    times: dict[str, list[float]] = {name: [] for name in agents}
    for _ in range(CLAIMS):
        for name, (agent, _) in agents.items():
            begun = time.perf_counter()
            claimed = agent.execute(c.Claim(), uuid4())
            times[name].append((time.perf_counter() - begun) * 1000)
            assert claimed.task is not None, (name, claimed)
            assert agent.execute(c.Advance(task=claimed.task["id"]), uuid4()).ok
    return {
        name: {
            "buffers": _buffers(connection),
            "p50_ms": round(percentile(times[name], 0.5), 3),
            "p99_ms": round(percentile(times[name], 0.99), 3),
        }
        for name, (_, connection) in agents.items()
    }


def _buffers(connection: psycopg.Connection[Any]) -> float:
    """Return the pages that a look for a task touches, of the routes open to the claimer."""
    rows = connection.execute("SELECT id, parts FROM projection.route").fetchall()
    routes = [route for route, parts in rows if _open(parts)]
    pages = []
    for _ in range(5):
        plan = connection.execute(
            "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) SELECT verb.pick(%s::bigint[], %s::bigint[], 'claimer')",
            (routes, [None] * len(routes)),
        ).fetchall()
        pages.append(sum(int(n) for (line,) in plan for n in re.findall(r"shared (?:hit|read)=(\d+)", line)[:1]))
    return statistics.median(pages)


def _open(parts: Mapping[str, Any]) -> bool:
    """Tell whether a route is open to the claimer: no tier it lacks, no work of its own maker, no full stage."""
    return "tier:9" not in parts["needs"] and parts["author"] != MAKER and parts["stage"] == "implementing"


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
