"""What a reader asks for by task, holder, kind or newest first is found by an index, however much else there is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench import lives
from bench.population import Kind, Population
from tests.scene import Scene

from ainarres import stock
from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.ledger import store
from ainarres.projections import (
    board,
    catchup,
    declared,
    demand,
    epics,
    evidence,
    history,
    moments,
    rebuild,
    reviews,
    spend,
    track_record,
    watch,
)
from ainarres.projections.following import PROJECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from tests.database import Clock, Database

CLOSED, EVENTS = 25_000, 20_000
"""Tasks long given up, each two events, and events of lives that are worth a figure."""
SCANS = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relid = 'projection.board'::regclass"
"""How often this transaction read the board from end to end."""
LARGE = {"event", "board", "task", "attempt", "decision", "usage", "incident", "evidence", "dependency"}
"""Tables that grow with the ledger."""


def test_no_reader_who_wants_a_little_scans_a_lot(database: Database, clock: Clock) -> None:
    scene = Scene(database)
    scene.cards()
    scene.ok(scene.human, c.AdoptWorkflow(text=stock.read("workflow", "dev"), source="dev.toml"))
    with connect(database.owner_url, idle_seconds=0, statement_seconds=0) as owner:
        first = UUID(scene.task())
        posted = Population(owner, "web/dev", "dev", "proposed")
        posted.add(CLOSED, Kind(stage="proposed", cancelled=True))
        posted.add(CLOSED // 5, Kind(stage="proposed", cancelled=True, depends_on=(first,)))
        lives.append(owner, EVENTS)
        rebuild.rebuild(owner)
        for projection in PROJECTIONS.values():
            catchup.catch_up(owner, projection)
        owner.execute("VACUUM ANALYZE")
        wrong = list(_wrong(owner))
    for connection in scene._connections:
        connection.close()
    assert not wrong, "\n".join(wrong)


def _wrong(owner: psycopg.Connection[Any]) -> Iterator[str]:
    """Yield each reading that scans a large table."""
    (task, agent, end) = owner.execute(
        "SELECT task, holder, (SELECT max(position) FROM ledger.event) FROM projection.board"
        " WHERE holder IS NOT NULL ORDER BY task LIMIT 1"
    ).fetchone() or (None, None, 0)
    all_of = {"after": 0, "upto": end, "lane": None, "epic": None, "limit": 100, "task": None, "type": None}
    a_little = {**all_of, "after": end - 200, "family": None}
    one, mine = {"task": task}, {"agent": agent}
    tasks = {"tasks": [task], "claims": ["2026-01-01T00:00:00Z"], "upto": end}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("a task's life", store.SQL["read_task"], {**one, "upto": end}),
        ("several lives", store.SQL["read_tasks"], {"tasks": [task], "upto": end}),
        ("what is new", store.SQL["read"], {"after": end - 100, "upto": end, "limit": 500}),
        ("who was touched", store.SQL["touched"], {"after": end - 100, "upto": end}),
        ("the newest events", history.SQL["newest"], a_little),
        ("the newest of a task", history.SQL["newest"], {**a_little, **one}),
        ("the newest of a lane", history.SQL["newest"], {**a_little, "lane": "web/dev"}),
        ("a task", declared.SQL["task"], one),
        ("a task's edges", declared.SQL["edges"], one),
        ("what an agent holds", declared.SQL["held_by"], mine),
        ("my hold", board.SQL["mine"], mine),
        ("what ran out", board.SQL["expired"], {**mine, "lanes": ["web/dev"], "most": 16}),
        ("what waits on it", board.SQL["dependents"], one),
        ("what it waits on", board.SQL["unmet"], one),
        ("work that waits", demand.SQL["pending"], {"lane": None}),
        ("who holds what", watch.SQL["held"], {"lane": None}),
        ("signs of life", watch.SQL["signs"], tasks),
        ("the newest shipped", track_record.SQL["shipped"], {**all_of, "limit": 10}),
        ("escalations", track_record.SQL["incidents"], {**all_of, "kind": "escalated"}),
        ("a record of late", track_record.SQL["record"], a_little),
        ("faults of late", track_record.SQL["faults"], a_little),
        ("reviews of late", reviews.SQL["figures"], a_little),
        ("tokens of late", spend.SQL["tokens"], a_little),
        ("evidence on a family", evidence.SQL["since"],
         {"family": "codex+gpt", "capability": "role:reviewer", "after": end - 200, "workflow": None}),
        ("the newest evidence", evidence.SQL["newest"], {}),
        ("when a position was", moments.SQL["time_of"], {"position": end // 2}),
        ("an epic", epics.SQL["figures"], {**all_of, "epic": "none"}),
    ]  # fmt: skip
    for name, statement, parameters in asked:
        scanned = sorted(set(_scanned(owner, statement, parameters)) & LARGE)
        if scanned:
            yield f"{name} scans {', '.join(scanned)}"
    with owner.transaction():
        assert declared.task(owner, str(task)) == task
        (scans,) = owner.execute(SCANS).fetchone() or (None,)
    if scans:
        yield "a task named by its whole id scans board"


def _scanned(owner: psycopg.Connection[Any], statement: str, parameters: dict[str, Any]) -> Iterator[str]:
    """Yield the tables that the plan of a statement reads from end to end."""
    row = owner.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters, prepare=False).fetchone()
    assert row is not None
    plans = row[0] if isinstance(row[0], list) else json.loads(row[0])
    left = [plans[0]["Plan"]]
    while left:
        node = left.pop()
        if node["Node Type"] == "Seq Scan":
            yield node["Relation Name"]
        left += node.get("Plans", [])
