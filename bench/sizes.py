"""What things cost on a ledger of a given size: whole lives of tasks under the stock workflow, ten events a task.

About a third of the tasks lived a whole life, the others are open. A thousand are appended and folded, the rest are
copies of them; then the catch-up projections are rebuilt, and the inline ones too where that is asked for.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
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

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

    from bench.bed import Bed

FAMILY = "bench+designer"
BASE = 1000
LIVED_EVENTS = 9_350
"""Events of whole lives among the base's tasks: some 350 lives; with the open ones ten events a task."""
OPEN = 650
CLAIMS, GLANCES, REPORTS = 300, 20, 5


def measure(on: Bed, sizes: Sequence[int], fold: int) -> list[dict[str, Any]]:
    """Make a ledger of about each number of tasks, then measure all in turn, so that what else the machine does falls
    on all alike. ``fold``: tasks up to which the inline projections are rebuilt, for the time it takes.
    """
    found, agents = [], []
    with ExitStack() as stack:
        for tasks in sizes:
            made, token = _prepare(on, tasks, fold=tasks <= fold)
            found.append(made)
            connection = connect(on.url(_name(tasks), "ainarres_app"), idle_seconds=0, statement_seconds=0)
            agents.append(Session(stack.enter_context(connection), token))
        for name, times, ask in (("claim", CLAIMS, _claim), ("next", CLAIMS, _next), ("status", GLANCES, _status)):
            for place, taken in enumerate(_in_turn(agents, times, ask)):
                found[place][f"{name}_p50_ms"] = _ms(percentile(taken, 0.5))
                found[place][f"{name}_p99_ms"] = _ms(percentile(taken, 0.99))
        _in_turn(agents, 1, _report)  # the first one warms caches
        for place, taken in enumerate(_in_turn(agents, REPORTS, _report)):
            found[place]["report_p50_ms"] = _ms(percentile(taken, 0.5))
    for place, tasks in enumerate(sizes):
        with on.owner(_name(tasks)) as owner:
            found[place]["tables"] = tables(owner)
        on.drop(_name(tasks))
    return found


def _in_turn(agents: Sequence[Session], times: int, ask: Callable[[Session], float]) -> list[list[float]]:
    """Ask every agent in turn, again and again; returns the seconds each answer took, agent by agent."""
    rounds = [[ask(one) for one in agents] for _ in range(times)]
    return [list(column) for column in zip(*rounds, strict=True)]


def _prepare(on: Bed, tasks: int, *, fold: bool) -> tuple[dict[str, Any], str]:
    database = _name(tasks)
    on.create(database)
    migrate(on.url(database))
    begun = time.perf_counter()
    token = _fill(on, database, tasks)
    found: dict[str, Any] = {"fill_s": round(time.perf_counter() - begun, 1)}
    with on.owner(database) as owner:
        found |= {"tasks": _count(owner, "projection.board"), "events": _count(owner, "ledger.event")}
        found["catch_up_rebuild_s"] = _seconds(
            lambda: renewal.rebuild_all(lambda: _lifted(on, database), list(PROJECTIONS.values()))
        )
        if fold:
            found["rebuild_s"] = _seconds(lambda: rebuild.rebuild(owner))
        owner.execute("VACUUM ANALYZE")
    return found, token


def _name(tasks: int) -> str:
    return f"size_{tasks}"


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
    families = (
        f'[[family]]\nkey = "{FAMILY}"\nmaker = "none"\ncost_class = 1\ngrants = ["lane:web/dev", "role:designer"]\n'
    )
    with connect(on.url(database, "ainarres_app"), idle_seconds=0) as connection, on.owner(database) as owner:
        human = lives.open_ledger(connection, families)
        lives.append(connection, LIVED_EVENTS)
        Population(connection, "web/dev", "dev", "proposed").add(OPEN, Kind(stage="proposed"))
        rebuild.rebuild(owner)
        if tasks > BASE:
            multiply(owner, round(tasks / BASE) - 1)
        owner.execute("VACUUM ANALYZE")
        token: str = human.execute(c.IssueToken(family=FAMILY)).extra["token"]
    return token


def _claim(agent: Session) -> float:
    return _take(agent, c.Claim())


def _next(agent: Session) -> float:
    return _take(agent, c.Next())


def _status(agent: Session) -> float:
    return _seconds(lambda: glance.read_status(agent.connection).text())


def _report(agent: Session) -> float:
    return _seconds(lambda: account.gather(agent.connection).text())


def _take(agent: Session, command: c.Claim) -> float:
    begun = time.perf_counter()
    claimed = agent.execute(command, uuid4())
    seconds = time.perf_counter() - begun
    assert claimed.task is not None, claimed
    advanced = agent.execute(c.Advance(task=claimed.task["id"], fence=claimed.task["fence"]), uuid4())
    assert advanced.ok, advanced
    return seconds


def _lifted(on: Bed, database: str) -> psycopg.Connection[Any]:
    return connect(on.url(database), idle_seconds=0, statement_seconds=0)


def _seconds(run: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    run()
    return round(time.perf_counter() - begun, 6)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - a name of this module's
    assert row is not None
    return int(row[0])
