"""Nothing is appended behind a follower: concurrent writers, open transactions of random length, and who reads along.

A storm runs writers and followers over the real functions; ``test_mutant_…`` runs the same storm with a horizon that is
wrong in one way, and must see events missed: otherwise the storm proves nothing.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from psycopg import IsolationLevel, errors
from tests.integration.ledger.events import event, events

from ainarres.database.connect import connect
from ainarres.ledger import store

if TYPE_CHECKING:
    from tests.database import Database, Server

    from ainarres.ledger.event import StoredEvent

SECONDS = 3.0
OPEN = 0.008  # longest time a transaction stays open after its append, in seconds


@dataclass(frozen=True)
class Weather:
    """How many write, and how long each rests between transactions, in seconds at most."""

    writers: int
    rest: float
    seconds: float = SECONDS


BUSY = Weather(writers=8, rest=0.0)
SPARSE = Weather(writers=2, rest=0.008)


@dataclass
class Seen:
    """What one follower saw, in order."""

    rows: list[tuple[int, str, int]]

    def missed(self, committed: set[int]) -> int:
        return len(committed - {position for position, _, _ in self.rows})

    def duplicates(self) -> int:
        return len(self.rows) - len({position for position, _, _ in self.rows})

    def out_of_order(self) -> int:
        last: Counter[str] = Counter()
        wrong = 0
        for _, stream, version in self.rows:
            wrong += version != last[stream] + 1
            last[stream] = version
        return wrong


def storm(database: Database, weather: Weather, seed: int = 1) -> tuple[set[int], list[Seen]]:
    """Let writers and three followers loose; return the positions committed and what each follower saw."""
    with connect(database.owner_url) as owner:
        owner.execute("CREATE SCHEMA storm")
        owner.execute("CREATE TABLE storm.row (stream text PRIMARY KEY, version bigint NOT NULL)")
        owner.execute("INSERT INTO storm.row SELECT 'row-' || n, 0 FROM generate_series(1, 40) AS n")
        owner.execute("GRANT USAGE ON SCHEMA storm TO ainarres_app")
        owner.execute("GRANT SELECT, UPDATE ON storm.row TO ainarres_app")
    over = Event()
    end = time.monotonic() + weather.seconds
    with ThreadPoolExecutor(weather.writers + 3) as threads:
        followers = [threads.submit(follow, database, over, page) for page in (3, 50, 500)]
        writers = [
            threads.submit(write, database, weather, end, random.Random(seed + n)) for n in range(weather.writers)
        ]
        try:
            for writer in writers:
                writer.result()
        finally:
            over.set()
        seen = [follower.result() for follower in followers]
    with connect(database.url) as connection:
        rows = connection.execute("SELECT position FROM ledger.event").fetchall()
    return {position for (position,) in rows}, seen


def write(database: Database, weather: Weather, end: float, chance: random.Random) -> None:
    """Append until ``end``: half the transactions lock a row first, so they have an id long before a position."""
    with connect(database.url, autocommit=False) as connection:
        while time.monotonic() < end:
            if chance.random() < 0.5:
                row = connection.execute(
                    "SELECT stream, version FROM storm.row ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED"
                ).fetchone()
                if row is None:
                    connection.rollback()
                    continue
                time.sleep(chance.random() * OPEN / 2)
                stream, version = row
                many = chance.choice((1, 1, 1, 4))
                connection.execute("UPDATE storm.row SET version = version + %s WHERE stream = %s", [many, stream])
                store.append(connection, events(stream, range(version + 1, version + many + 1)))
            else:
                store.append(connection, [event(f"lone-{UUID(int=chance.getrandbits(128))}", 1)])
            time.sleep(chance.random() * OPEN)
            if chance.random() < 0.01:
                connection.rollback()
            else:
                connection.commit()
            time.sleep(chance.random() * weather.rest)


def follow(database: Database, over: Event, page: int) -> Seen:
    """Read along, ``page`` events at a time, until all writers are done and nothing is left."""
    seen = Seen([])
    with connect(database.url) as connection:
        while True:
            done = over.is_set()
            after = seen.rows[-1][0] if seen.rows else 0
            found: list[StoredEvent] = store.read(connection, after, limit=page)
            seen.rows += [(each.position, each.stream, each.version) for each in found]
            if done and len(found) < page:
                return seen


@pytest.mark.parametrize("weather", [BUSY, SPARSE], ids=["busy", "sparse"])
def test_followers_miss_nothing(database: Database, weather: Weather) -> None:
    committed, followers = storm(database, weather)
    assert len(committed) > 100 * weather.writers
    for seen in followers:
        assert (seen.missed(committed), seen.duplicates(), seen.out_of_order()) == (0, 0, 0)


def replace_horizon(database: Database, body: str) -> None:
    with connect(database.owner_url) as owner:
        owner.execute(
            f"CREATE OR REPLACE FUNCTION ledger.horizon() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $${body}$$"
        )


TAKEN = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO taken FROM ledger.position;"
PROMISED = """
    SELECT min(((classid::bigint & 65535) << 32) | objid::bigint) INTO promised FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = 16718
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
"""


def test_mutant_horizon_without_promises(database: Database) -> None:
    replace_horizon(database, f"DECLARE taken bigint; BEGIN {TAKEN} RETURN taken; END")
    committed, followers = storm(database, Weather(BUSY.writers, BUSY.rest, seconds=1.0))
    assert all(seen.missed(committed) for seen in followers)


def test_mutant_horizon_reads_promises_first(database: Database) -> None:
    declare = "DECLARE taken bigint; promised bigint;"
    replace_horizon(
        database, f"{declare} BEGIN {PROMISED} PERFORM pg_sleep(0.004); {TAKEN} RETURN least(taken, promised); END"
    )
    committed, followers = storm(database, SPARSE)
    assert any(seen.missed(committed) for seen in followers)


def test_right_order_survives_the_same_pause(database: Database) -> None:
    declare = "DECLARE taken bigint; promised bigint;"
    replace_horizon(
        database, f"{declare} BEGIN {TAKEN} PERFORM pg_sleep(0.004); {PROMISED} RETURN least(taken, promised); END"
    )
    committed, followers = storm(database, SPARSE)
    assert not any(seen.missed(committed) for seen in followers)


def test_an_open_append_holds_the_horizon(database: Database) -> None:
    with connect(database.url, autocommit=False) as slow, connect(database.url) as quick:
        assert store.horizon(quick) == 0
        store.append(slow, [event("slow", 1)])
        assert store.append(quick, [event("quick", 1)]) == 2
        assert store.horizon(quick) == 0
        assert store.read(quick) == []
        slow.commit()
        assert store.horizon(quick) == 2
        assert [each.stream for each in store.read(quick)] == ["slow", "quick"]


def test_an_append_taken_back_holds_nothing(database: Database) -> None:
    with connect(database.url, autocommit=False) as slow, connect(database.url) as quick:
        store.append(slow, [event("slow", 1)])
        store.append(quick, [event("quick", 1)])
        slow.rollback()
        assert [each.position for each in store.read(quick)] == [2]


def test_a_transaction_without_an_append_holds_nothing(database: Database) -> None:
    with connect(database.url, autocommit=False) as idle, connect(database.url) as quick:
        store.append(quick, [event("quick", 1)])
        idle.execute("SELECT pg_current_xact_id() FROM ledger.event")
        store.append(quick, [event("quick", 2)])
        assert store.horizon(quick) == 2


def test_another_database_holds_nothing(database: Database, server: Server) -> None:
    with connect(server.admin_url(), autocommit=False) as elsewhere, connect(database.url) as quick:
        elsewhere.execute("SELECT pg_advisory_xact_lock_shared(16718::bigint << 48)")
        store.append(quick, [event("quick", 1)])
        assert store.horizon(quick) == 1


def test_a_transaction_promises_once(database: Database) -> None:
    """Thousands of appends in one transaction hold one lock, and a forged memory of it cannot raise it."""
    count = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    with connect(database.url, autocommit=False) as writer, connect(database.url) as quick:
        store.append(quick, [event("quick", 1)])
        for version in range(1, 200):
            store.append(writer, [event("many", version)])
        assert writer.execute(count).fetchone() == (1,)
        assert store.horizon(quick) == 1
        writer.commit()
        for forged in ("999999", "-1", "0"):
            writer.execute("SELECT set_config('ledger.promise', %s, false)", [forged])
            writer.commit()
            store.append(writer, [event(f"forged{forged}", 1)])
            store.append(quick, [event(f"quick{forged}", 1)])
            assert store.read(quick, after=200) == []
            writer.rollback()


def test_a_promise_ends_with_its_savepoint(database: Database) -> None:
    with connect(database.url, autocommit=False) as writer, connect(database.url) as quick:
        with writer.transaction(force_rollback=True):
            store.append(writer, [event("one", 1)])
        store.append(quick, [event("quick", 1)])
        assert store.horizon(quick) == 2
        first = store.append(writer, [event("one", 1)])
        store.append(quick, [event("quick", 2)])
        assert store.horizon(quick) == 2
        writer.commit()
        assert [each.position for each in store.read(quick, after=2)] == [first, first + 1]


@pytest.mark.parametrize("level", [IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE])
def test_an_older_snapshot_is_refused(database: Database, level: IsolationLevel) -> None:
    with connect(database.url, autocommit=False) as connection:
        connection.isolation_level = level
        with pytest.raises(errors.InvalidTransactionState, match="READ COMMITTED"):
            store.read(connection)
