"""The checker: reads the ledger, the tables and the clients' diaries, and says what is wrong.

``glance`` looks at what moved since the last look, in one snapshot: the tasks that were touched, folded from all their
events, against the board; their streams; the answers that came in. ``whole`` reads everything from the beginning.
Diaries are read before the snapshot is taken, so what was acknowledged must be in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import dict_row

from ainarres.database.connect import connect
from ainarres.domain.task import fold
from ainarres.domain.workflow import Workflow
from ainarres.ledger import store
from ainarres.projections import rebuild
from ainarres.projections.board import to_row
from ainarres.projections.facts import fact_of
from bench.soak import rules
from bench.soak.diary import Reader

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from ainarres.domain.fact import Fact
    from ainarres.domain.task import Task

ROWS = """
SELECT position, stream, version, type, actor, task::text, command::text, request, recorded_at,
       (body ->> 'fence')::bigint, (body ->> 'lease_expires_at')::timestamptz, body ->> 'stage', body ->> 'to_stage',
       CASE WHEN type = 'TaskCreated' THEN body ->> 'title' END
  FROM ledger.event
"""
SIZES = {
    "database": "SELECT pg_database_size(current_database())",
    "event": "SELECT pg_total_relation_size('ledger.event') / greatest(1, count(*)) FROM ledger.event",
    "task": "SELECT pg_total_relation_size('projection.board') / greatest(1, count(*)) FROM projection.board",
}


@dataclass(slots=True)
class Checker:
    """The state of the checking: what was read so far."""

    url: str
    notes: Path
    diaries: rules.Diaries = field(default_factory=rules.Diaries)
    glances: int = 0
    wholes: int = 0
    events: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes on disk, indexes counted: of the database, and of what an event and a task take of it."""
    _reader: Reader = field(init=False)
    _last: int = 0
    _counted: int = 0
    _checked: int = 0

    def __post_init__(self) -> None:
        self._reader = Reader(self.notes)

    def read(self) -> None:
        """Read what the clients wrote since the last time."""
        self.diaries.take(self._reader.fresh())

    def glance(self) -> list[str]:
        """Check what moved since the last look."""
        self.read()
        answers, self._checked = self.diaries.answers[self._checked :], len(self.diaries.answers)
        seen = [one for one in self.diaries.seen if one > self._last]
        with connect(self.url, idle_seconds=0, statement_seconds=0) as connection:
            safe = store.horizon(connection)
            with _snapshot(connection):
                wrong = self._vanished(connection)
                wrong += self._moved(connection, answers, seen)
                self._last = max(self._last, safe)
                self._counted = _one(connection, "SELECT count(*) FROM ledger.event WHERE position <= %s", self._last)
        self.glances += 1
        return rules.brief(wrong + self.diaries.broken)

    def _vanished(self, connection: psycopg.Connection[Any]) -> list[str]:
        """What is below the horizon neither goes nor comes."""
        found = _one(connection, "SELECT count(*) FROM ledger.event WHERE position <= %s", self._last)
        if found == self._counted:
            return []
        return [f"lost: up to {self._last} there were {self._counted} events and are {found}"]

    def _moved(self, connection: psycopg.Connection[Any], answers: list[Any], seen: list[int]) -> list[str]:
        fresh = _rows(connection, "WHERE position > %s ORDER BY position", self._last)
        tasks, streams = list({one.task for one in fresh if one.task}), list({one.stream for one in fresh})
        of_tasks = _rows(connection, "WHERE task = ANY (%s::uuid[]) ORDER BY position", tasks)
        wrong, under = rules.holds(of_tasks)
        wrong += rules.versions(_rows(connection, "WHERE stream = ANY (%s)", streams))
        told = [one["event"] for _, one in answers if one["event"]] + [one["position"] for _, one in answers]
        rows = {one.position: one for one in _rows(connection, "WHERE position = ANY (%s)", [t for t in told if t])}
        wrong += rules.acknowledged(answers, rows, under, self.diaries.asked)
        keys = list({one.command for one in fresh if one.command})
        self.read()  # what was asked for since is in the snapshot, perhaps
        of_commands = [one for one in of_tasks if one.command in keys] + [one for one in fresh if not one.task]
        wrong += rules.commands(sorted(of_commands, key=lambda one: one.position), self.diaries.asked)
        wrong += rules.followed(seen, (one.position for one in fresh))
        return wrong + _board(connection, tasks)

    def whole(self) -> list[str]:
        """Check everything."""
        self.read()
        answers, seen = list(self.diaries.answers), list(self.diaries.seen)
        with connect(self.url, idle_seconds=0, statement_seconds=0) as connection:
            safe = store.horizon(connection)
            with _snapshot(connection):
                rows = _rows(connection, "ORDER BY position")
            self.read()
            checked = rebuild.check(connection)
            self.sizes = {name: _one(connection, statement) for name, statement in SIZES.items()}
        self._last, self._counted = safe, sum(one.position <= safe for one in rows)
        self.events = len(rows)
        wrong, under = rules.holds(rows)
        wrong += rules.one_hold_an_agent(rows)
        wrong += rules.versions(rows)
        wrong += rules.commands(rows, self.diaries.asked)
        wrong += rules.acknowledged(answers, {one.position: one for one in rows}, under, self.diaries.asked)
        wrong += rules.followed(seen, (one.position for one in rows))
        if checked.difference is not None:
            wrong.append(f"fold and tables differ: {checked.difference}")
        self.wholes += 1
        self._checked = len(answers)
        return rules.brief(wrong + self.diaries.broken)


def _rows(connection: psycopg.Connection[Any], where: str, *parameters: Any) -> list[rules.Row]:
    return [rules.Row(*row) for row in connection.execute(ROWS + where, parameters, prepare=False)]


BOARD = """
SELECT * FROM projection.board
 WHERE task = ANY (%(tasks)s::uuid[])
    OR task IN (SELECT prerequisite FROM projection.dependency WHERE task = ANY (%(tasks)s::uuid[]))
"""


def _board(connection: psycopg.Connection[Any], tasks: list[str]) -> list[str]:
    """Compare the rows of some tasks, and of what they wait on, with what their events give."""
    with connection.cursor(row_factory=dict_row) as cursor:
        live = {row["task"]: row for row in cursor.execute(BOARD, {"tasks": tasks})}
        flows = {
            (row["key"], row["version"]): Workflow.from_json(row["definition"])
            for row in cursor.execute("SELECT key, version, definition FROM projection.workflow")
        }
        edges = cursor.execute("SELECT * FROM projection.dependency WHERE task = ANY (%s::uuid[])", [tasks]).fetchall()
    met = {key: {one["prerequisite"]: one["met"] for one in edges if one["task"] == key} for key in map(UUID, tasks)}
    folded = _folded(connection, list(live))
    missing = met.keys() - live.keys()
    wrong = [f"fold and tables differ: {key} is not on the board" for key in missing]
    for key, row in live.items():
        task = folded[key]
        if task is None:
            wrong.append(f"fold and tables differ: {key} is on the board and not in the ledger")
            continue
        should = to_row(task, flows[task.workflow, task.workflow_version])
        if key in met:
            done = {p: p in task.waived or _terminal(folded[p]) for p in task.depends_on}
            should["waits"] = sum(not one for one in done.values())
            if done != met[key]:
                wrong.append(f"fold and tables differ: edges of {key}: (table, ledger) {met[key], done}")
        different = {name: (row[name], value) for name, value in should.items() if row[name] != value}
        if different:
            wrong.append(f"fold and tables differ: {key}: (table, ledger) {different}")
    return wrong


def _folded(connection: psycopg.Connection[Any], tasks: list[UUID]) -> dict[UUID, Task | None]:
    """Fold tasks as the product does, from one reading of all their events."""
    statement = store.SQL["read_task"].replace("task = %(task)s", "task = ANY (%(task)s)")
    facts: dict[UUID, list[Fact]] = {key: [] for key in tasks}
    for stored in store._events(connection, statement, {"task": tasks, "upto": store.END}):  # noqa: SLF001 - as one
        assert stored.task is not None
        facts[stored.task].append(fact_of(stored))
    return {key: fold(found) for key, found in facts.items()}


def _terminal(task: Task | None) -> bool:
    return task is not None and task.terminal


class _snapshot:  # noqa: N801 - used as a function
    """One snapshot for several statements."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def __exit__(self, *_: object) -> None:
        if not self._connection.closed:
            self._connection.execute("ROLLBACK")


def _one(connection: psycopg.Connection[Any], statement: str, *parameters: Any) -> int:
    row = connection.execute(statement, parameters).fetchone()
    assert row is not None
    return int(row[0])
