"""What an append promises: all or none, in order, without a gap, once a version, and every stamp as it was given."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from tests.integration.ledger.events import event, events

from ainarres.database.connect import connect
from ainarres.faults import InvalidInput, VersionConflict
from ainarres.ledger import store
from ainarres.ledger.event import NewEvent, StoredEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.database import Clock, Database

TASK = UUID("0d0c7b5e-0000-4000-8000-000000000001")
STAMPED = NewEvent(
    stream=f"task-{TASK}",
    version=1,
    type="TaskClaimed",
    schema=3,
    body={"stage": "implement", "fence": 2**53 - 1, "score": 0.1, "small": 5e-324, "great": 1.7976931348623157e308},
    actor="agent-7",
    family="opencode+qwen3.6",
    capability="implementer",
    credential="cred-1",
    subject_agent="agent-3",
    subject_family="claude+opus",
    project="web",
    task=TASK,
    command=UUID(int=1),
    request="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    causation=1,
    correlation=UUID(int=2),
    recorded_at=datetime(2026, 11, 21, 9, 8, 7, 123456, tzinfo=UTC),
)


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with connect(database.url) as opened:
        yield opened


def test_every_stamp_comes_back(connection: psycopg.Connection[Any]) -> None:
    position = store.append(connection, [STAMPED])
    (stored,) = store.read_stream(connection, STAMPED.stream)
    assert stored == StoredEvent(position=position, **{name: getattr(STAMPED, name) for name in NewEvent.__slots__})
    assert store.read(connection) == [stored]
    assert store.read_task(connection, TASK) == [stored]


def test_the_columns_are_those_of_the_event(connection: psycopg.Connection[Any]) -> None:
    description = connection.execute("SELECT * FROM ledger.event").description
    assert description is not None
    columns = [column.name for column in description]
    assert columns == ["position", *NewEvent.__slots__]
    assert columns[0] == "position"


def test_bytes_come_back(connection: psycopg.Connection[Any]) -> None:
    store.append(connection, [event("raw", 1, body=None, raw=b"\x00\xff")])
    assert store.read(connection)[0].raw == b"\x00\xff"


@pytest.mark.parametrize("columns", [{"body": None}, {"raw": b"x"}], ids=["neither", "both"])
def test_body_or_raw(connection: psycopg.Connection[Any], columns: dict[str, Any]) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="event_body_or_raw"):
        store.append(connection, [event("one", 1, **columns)])


def test_a_time_not_given_is_the_clocks(connection: psycopg.Connection[Any], clock: Clock) -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    clock.set(moment)
    store.append(connection, events("one", (1, 2)))
    assert [stored.recorded_at for stored in store.read(connection)] == [moment, moment]
    assert store.clock(connection) == moment


def test_a_naive_time_is_refused(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(ValueError, match="time zone"):
        store.append(connection, [event("one", 1, recorded_at=datetime(2030, 1, 1))])  # noqa: DTZ001


def test_nothing_to_append(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(ValueError, match="nothing"):
        store.append(connection, [])


def test_a_bad_body_is_named_before_anything_is_sent(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(InvalidInput, match=r"\$\.text"):
        store.append(connection, [event("one", 1, body={"text": "a\0b"})])
    assert store.read(connection) == []


def test_a_rollback_leaves_nothing(database: Database, connection: psycopg.Connection[Any]) -> None:
    with connect(database.url, autocommit=False) as other:
        store.append(other, events("one", (1, 2)))
        other.rollback()
    assert store.read(connection) == []
    assert store.stream_version(connection, "one") == 0
    assert store.append(connection, [event("one", 1)]) == 3


def test_all_or_none(connection: psycopg.Connection[Any]) -> None:
    store.append(connection, [event("one", 1)])
    with pytest.raises(VersionConflict, match=r"\(stream, version\)=\(one, 1\)"):
        store.append(connection, [event("two", 1), event("one", 1)])
    assert [stored.stream for stored in store.read(connection)] == ["one"]


def test_two_writers_one_version(database: Database, connection: psycopg.Connection[Any]) -> None:
    start = Barrier(8)

    def write() -> bool:
        with connect(database.url) as mine:
            start.wait()
            try:
                store.append(mine, [event("one", 1)])
            except VersionConflict:
                return False
        return True

    with ThreadPoolExecutor(8) as threads:
        results = [threads.submit(write) for _ in range(8)]
    assert [result.result() for result in results].count(True) == 1
    assert store.stream_version(connection, "one") == 1


def test_a_taken_position_is_no_lost_race(database: Database, connection: psycopg.Connection[Any]) -> None:
    """Only the stream's lock means that the verb may decide again; anything else is broken and says so."""
    with connect(database.owner_url) as owner:
        owner.execute("SELECT setval('ledger.position', 1, false)")
        store.append(owner, [event("one", 1)])
        owner.execute("SELECT setval('ledger.position', 1, false)")
    with pytest.raises(psycopg.errors.UniqueViolation, match="event_pkey"):
        store.append(connection, [event("two", 1)])


def test_blocks_have_no_gaps_whoever_comes_between(database: Database, connection: psycopg.Connection[Any]) -> None:
    start = Barrier(6)

    def write(stream: str, size: int) -> list[tuple[int, int]]:
        blocks = []
        with connect(database.url) as mine:
            start.wait()
            for turn in range(30):
                first = turn * size + 1
                blocks.append((store.append(mine, events(stream, range(first, first + size))), size))
        return blocks

    with ThreadPoolExecutor(6) as threads:
        results = [threads.submit(write, f"s{n}", size) for n, size in enumerate((1, 1, 1, 7, 60, 200))]
    for n, result in enumerate(results):
        expected = [position for first, size in result.result() for position in range(first, first + size)]
        assert [stored.position for stored in store.read_stream(connection, f"s{n}")] == expected
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    assert connection.execute(locks).fetchone() == (0,)


def test_reading_in_parts(connection: psycopg.Connection[Any]) -> None:
    store.append(connection, events("one", range(1, 6), task=TASK))
    store.append(connection, events("two", range(1, 3)))
    assert [stored.position for stored in store.read(connection, after=2, limit=3)] == [3, 4, 5]
    assert [stored.position for stored in store.read(connection, after=2, upto=4)] == [3, 4]
    assert [stored.version for stored in store.read_stream(connection, "one", after_version=2, up_to_position=4)] == [
        3,
        4,
    ]
    assert [stored.position for stored in store.read_task(connection, TASK, up_to_position=2)] == [1, 2]
    assert store.stream_version(connection, "two") == 2
    assert store.read(connection, after=7) == []


def test_numbers_are_stored_as_they_are_spelled(connection: psycopg.Connection[Any]) -> None:
    from ainarres.ledger import body  # noqa: PLC0415 - shadows nothing here

    numbers = [0, -7, 2**53 - 1, 0.1, -1.5e-7, 1e21, 5e-324, 1.7976931348623157e308, 2.0, -0.0, 1e16]
    store.append(connection, [event("one", 1, body={"n": numbers})])
    (stored,) = store.read(connection)
    assert stored.body == {"n": numbers}
    assert [type(number) for number in stored.body["n"]][-3:] == [int, int, float]
    row = connection.execute("SELECT jsonb_array_elements_text(body -> 'n') FROM ledger.event").fetchall()
    assert [text for (text,) in row] == [body.spelling(number) for number in stored.body["n"]]
    store.append(connection, [event("one", 2, body=stored.body)])


def test_statements_use_their_indexes(database: Database) -> None:
    with connect(database.owner_url) as owner:
        store.append(owner, events("many", range(1, 3001)))
        store.append(owner, events("one", range(1, 4), task=TASK))
        owner.execute("ANALYZE ledger.event")
        everything = {
            "after": 2990,
            "upto": 3003,
            "limit": 5,
            "stream": "one",
            "task": TASK,
            "gt": 0,
            "lte": 9,
            "types": None,
        }
        for name in (
            "read",
            "read_stream",
            "read_task",
            "stream_version",
            "library_stream",
            "library_log",
            "last_position",
        ):
            plan = "\n".join(line for (line,) in owner.execute("EXPLAIN " + store.SQL[name], everything))
            assert "Index" in plan, (name, plan)
            assert "Seq Scan on event" not in plan, (name, plan)
