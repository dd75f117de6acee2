"""What things cost on a ledger of a given size: whole lives of tasks under the stock workflow, ten events a task.

About a third of the tasks lived a whole life, the others are open. A thousand are appended and folded, the rest are
copies of them; then the catch-up projections are rebuilt, and the inline ones too where that is asked for.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.projections import account, glance, rebuild, renewal
from ainarres.projections.following import PROJECTIONS
from ainarres.verbs.session import Session
from bench import lives
from bench.figures import percentile
from bench.multiply import multiply
from bench.population import Kind, Population
from bench.projections import PROJECT, WORKFLOW

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from bench.bed import Bed

FAMILY = "bench+designer"
BASE = 1000
LIVED_EVENTS = 9_350
"""Events of whole lives among the base's tasks: some 350 lives; with the open ones ten events a task."""
OPEN = 650
CLAIMS, GLANCES, REPORTS = 300, 20, 5


def measure(on: Bed, tasks: int, *, fold: bool) -> dict[str, Any]:
    """Make a ledger of about ``tasks`` tasks and measure it; ``fold`` rebuilds the inline projections as well."""
    database = f"size_{tasks}"
    on.create(database)
    migrate(on.url(database))
    begun = time.perf_counter()
    token = _fill(on, database, tasks)
    found: dict[str, Any] = {"fill_seconds": round(time.perf_counter() - begun, 1)}
    with on.owner(database) as owner:
        found |= {"tasks": _count(owner, "projection.board"), "events": _count(owner, "ledger.event")}
        seconds, _ = _timed(lambda: renewal.rebuild_all(lambda: _lifted(on, database), list(PROJECTIONS.values())))
        found["catch_up_rebuild_s"] = seconds
        if fold:
            found["rebuild_s"], _ = _timed(lambda: rebuild.rebuild(owner))
        owner.execute("VACUUM ANALYZE")
    with connect(on.url(database, "ainarres_app"), statement_seconds=0) as connection:
        agent = Session(connection, token)
        for name, command in (("claim", c.Claim()), ("next", c.Next())):
            taken = [_take(agent, command) for _ in range(CLAIMS)]
            found |= {f"{name}_p50_ms": _ms(percentile(taken, 0.5)), f"{name}_p99_ms": _ms(percentile(taken, 0.99))}
        glances = [_timed(lambda: glance.read_status(connection).text())[0] for _ in range(GLANCES)]
        found["status_p50_ms"] = _ms(percentile(glances, 0.5))
        account.gather(connection).text()
        reports = [_timed(lambda: account.gather(connection).text())[0] for _ in range(REPORTS)]
        found["report_p50_ms"] = _ms(percentile(reports, 0.5))
    with on.owner(database) as owner:
        found["tables"] = tables(owner)
    on.drop(database)
    return found


def tables(connection: psycopg.Connection[Any]) -> dict[str, dict[str, float]]:
    """Return the size in MiB of the tables verbs write, of their indexes, and their rows that are dead."""
    rows = connection.execute(
        "SELECT schemaname || '.' || relname, pg_table_size(relid) / 1048576.0, pg_indexes_size(relid) / 1048576.0,"
        " n_live_tup, n_dead_tup FROM pg_stat_user_tables WHERE schemaname IN ('ledger', 'projection')"
        " AND pg_total_relation_size(relid) > 1048576 ORDER BY 1"
    ).fetchall()
    return {
        name: {"table_mib": round(float(heap), 1), "indexes_mib": round(float(index), 1), "live": live, "dead": dead}
        for name, heap, index, live, dead in rows
    }


def _fill(on: Bed, database: str, tasks: int) -> str:
    families = "".join(
        f'[[family]]\nkey = "{key}"\nlabel = "{label}"\nmaker = "{maker}"\ncost_class = 1\n'
        'grants = ["lane:web/dev", "role:designer", "role:implementer", "role:reviewer", "role:integrator"]\n'
        for key, (label, maker) in lives.FAMILIES.items()
    )
    families += (
        f'[[family]]\nkey = "{FAMILY}"\nmaker = "none"\ncost_class = 1\ngrants = ["lane:web/dev", "role:designer"]\n'
    )
    with connect(on.url(database, "ainarres_app"), idle_seconds=0) as connection, on.owner(database) as owner:
        human = Session(connection)
        for command in (
            c.OpenLedger(),
            c.AdoptWorkflow(text=WORKFLOW.read_text(encoding="utf-8"), source="dev.toml"),
            c.AdoptProject(text=PROJECT, source="project.toml"),
            c.AdoptFamilies(text=families, source="families.toml"),
        ):
            envelope = human.execute(command)
            assert envelope.ok, envelope
        lives.append(connection, LIVED_EVENTS)
        Population(connection, "web/dev", "dev", "proposed").add(OPEN, Kind(stage="proposed"))
        rebuild.rebuild(owner)
        if tasks > BASE:
            multiply(owner, round(tasks / BASE) - 1)
        owner.execute("VACUUM ANALYZE")
        token: str = human.execute(c.IssueToken(family=FAMILY)).extra["token"]
    return token


def _take(agent: Session, command: c.Claim) -> float:
    seconds, claimed = _timed(lambda: agent.execute(command, uuid4()))
    assert claimed.task is not None, claimed
    advanced = agent.execute(c.Advance(task=claimed.task["id"], fence=claimed.task["fence"]), uuid4())
    assert advanced.ok, advanced
    return seconds


def _lifted(on: Bed, database: str) -> psycopg.Connection[Any]:
    return connect(on.url(database), idle_seconds=0, statement_seconds=0)


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    found = run()
    return round(time.perf_counter() - begun, 6), found


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - a name of this module's
    assert row is not None
    return int(row[0])
