"""Followers, rebuilds and checks: whatever their interleaving, the tables are what the ledger gives."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.domain.events import REGISTRY
from ainarres.faults import Fault, LedgerUnavailable
from ainarres.ledger import store
from ainarres.ledger.event import NewEvent
from ainarres.projections import catchup, renewal
from ainarres.projections.following import PROJECTIONS
from ainarres.projections.runner import environment, following

if TYPE_CHECKING:
    import psycopg
    from tests.database import Database
    from tests.integration.projections.story import Story

    from ainarres.projections.catchup import Step

EVERY = tuple(PROJECTIONS.values())


def owner(database: Database) -> psycopg.Connection[Any]:
    return connect(database.owner_url, idle_seconds=0, statement_seconds=0)


def insist(database: Database) -> None:
    """Insist that every projection is at the horizon and equal to what one batch from nothing gives."""
    with connect(database.url) as connection:
        horizon = store.horizon(connection)
        for projection in EVERY:
            checked = renewal.check(connection, projection)
            assert checked.difference is None
            assert checked.position == horizon


def test_any_cut_into_batches_gives_the_same_tables(story: Story, database: Database) -> None:
    chance = random.Random(7)
    with connect(database.url) as connection, owner(database) as builder:
        for projection in EVERY:
            for upto in sorted(chance.sample(range(1, store.horizon(connection)), 5)):
                catchup.catch_up(connection, projection, upto=upto, batch=chance.randint(1, 9))
            if chance.random() < 0.5:
                renewal.rebuild(builder, projection, batch=chance.randint(1, 30))
            catchup.catch_up(connection, projection, batch=chance.randint(1, 9))
    insist(database)


def test_followers_and_rebuilds_at_once(story: Story, database: Database) -> None:
    def follow(seed: int) -> None:
        chance = random.Random(seed)
        with connect(database.url) as connection:
            for projection in chance.sample(EVERY, len(EVERY)):
                catchup.catch_up(connection, projection, batch=chance.randint(1, 9))

    def rebuild(seed: int) -> None:
        chance = random.Random(seed)
        with owner(database) as builder:
            for projection in chance.sample(EVERY, 2):
                renewal.rebuild(builder, projection, batch=chance.randint(5, 50))

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, seed) for seed in range(3) for work in (follow, rebuild, follow)]:
            done.result()
    insist(database)


def test_the_librarys_runner_follows_the_tail(story: Story, database: Database) -> None:
    with following(database.url) as runners:
        scene = story.scene
        scene.ok(scene.human, c.Note(task=story.t3, text="soon"))
        with connect(database.url) as connection:
            horizon = store.horizon(connection)
        for runner in runners:
            runner.wait(horizon, timeout=10)
    insist(database)


def test_two_sets_of_runners_count_once(story: Story, database: Database) -> None:
    with following(database.url) as first, following(database.url) as second:
        for _ in range(5):
            story.scene.ok(story.scene.human, c.Note(task=story.t3, text="again"))
        with connect(database.url) as connection:
            horizon = store.horizon(connection)
        for runner in (*first, *second):
            runner.wait(horizon, timeout=10)
    insist(database)


FOLLOWER = """
import sys
from ainarres.database.connect import connect
from ainarres.projections import catchup
from ainarres.projections.following import PROJECTIONS
with connect(sys.argv[1]) as connection:
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        for projection in PROJECTIONS.values():
            catchup.catch_up(connection, projection, batch=3)
            print(projection.name, flush=True)
"""


def test_a_follower_killed_at_any_moment_loses_and_doubles_nothing(story: Story, database: Database) -> None:
    """A hundred processes, each killed at a moment of its own, while events come in."""
    chance = random.Random(11)
    waiting = [_process(database) for _ in range(4)]
    scene = story.scene
    for _ in range(100):
        process = waiting.pop(0)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.write(b"\n")
        process.stdin.flush()
        for _ in range(chance.randint(0, 2)):
            scene.ok(scene.human, c.Note(task=story.t3, text="on the way"))
        for _ in range(chance.randint(0, 4)):  # how far it gets is told by what it says, not by a clock
            process.stdout.readline()
        process.kill()
        process.communicate()
        waiting.append(_process(database))
    for process in waiting:
        process.kill()
        process.communicate()
    with connect(database.url) as connection:
        catchup.ready(connection, EVERY)
    insist(database)


def _process(database: Database) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", FOLLOWER, database.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def test_a_check_names_the_first_difference(story: Story, database: Database) -> None:
    with connect(database.url) as connection:
        catchup.ready(connection, EVERY)
        connection.execute("UPDATE statistics.attempt SET family = 'nobody' WHERE position = %s", [story.escape])
        found = renewal.check(connection, PROJECTIONS["track_record"]).difference
        assert found is not None
        assert (found.table, "nobody" in (found.live or "")) == ("statistics.attempt", True)
        assert found.cause is not None
        assert found.cause.position == story.escape
    with owner(database) as builder:
        renewal.rebuild(builder, PROJECTIONS["track_record"])
    insist(database)


def test_a_rebuild_leaves_readers_undisturbed(story: Story, database: Database) -> None:
    projection = PROJECTIONS["reviews"]
    with connect(database.url) as reader, ThreadPoolExecutor(1) as pool:
        catchup.ready(reader, EVERY)
        with catchup.reading(reader, [projection]):
            before = catchup.scalar(reader, "SELECT count(*) FROM statistics.decision")
            with owner(database) as builder:
                done = pool.submit(renewal.rebuild, builder, projection)
                _wait_for_the_swap(database)
                assert catchup.scalar(reader, "SELECT count(*) FROM statistics.decision") == before
                assert not done.done()
                reader.execute("COMMIT")
                done.result()
            reader.execute("BEGIN")
    insist(database)


def _wait_for_the_swap(database: Database) -> None:
    with connect(database.admin_url) as connection:
        while not catchup.scalar(
            connection,
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1634299494 AND NOT granted",
        ):
            pass


def test_a_rebuild_tells_its_progress(story: Story, database: Database) -> None:
    steps: list[Step] = []
    with owner(database) as builder:
        stands = renewal.rebuild(builder, PROJECTIONS["track_record"], steps.append, batch=20)
    assert [one.position for one in steps] == [*range(20, stands, 20), stands]
    assert steps[-1].seconds_left == 0
    assert all(one.events_per_second > 0 for one in steps)


def test_a_reader_who_may_not_write_is_told_the_lag(story: Story, database: Database) -> None:
    with connect(database.url) as writer, connect(database.reader_url) as reader:
        catchup.ready(writer, EVERY)
        mark = store.horizon(writer)
        story.scene.ok(story.scene.human, c.Note(task=story.t3, text="news"))
        standing = catchup.ready(reader, EVERY)
        assert {(one.position, one.lag) for one in standing} == {(mark, 1)}
        with pytest.raises(LedgerUnavailable, match="shows position"):
            catchup.ready(reader, EVERY, after=mark + 1, seconds=0)
        catchup.ready(writer, EVERY, after=mark + 1)
        assert {one.lag for one in catchup.ready(reader, EVERY, after=mark + 1)} == {0}


def test_tables_of_another_version_are_refused_until_rebuilt(story: Story, database: Database) -> None:
    with owner(database) as builder:
        builder.execute("UPDATE statistics.version SET version = 0 WHERE projection = 'spend'")
        with connect(database.url) as connection, pytest.raises(Fault, match="ainarres rebuild spend"):
            catchup.ready(connection, EVERY)
        renewal.rebuild(builder, PROJECTIONS["spend"])
    with connect(database.url) as connection:
        catchup.ready(connection, EVERY)
    insist(database)


def test_a_follower_never_passes_the_horizon(story: Story, database: Database) -> None:
    with connect(database.url, autocommit=False) as writer, connect(database.url) as reader:
        before = store.horizon(reader)
        store.append(writer, store.read(writer, 0, 1)[:0] or [_note(story)])
        story.scene.ok(story.scene.human, c.Note(task=story.t2, text="later, and sooner committed"))
        assert {one.position for one in catchup.ready(reader, EVERY)} == {before}
        writer.commit()
        assert {one.position for one in catchup.ready(reader, EVERY)} == {before + 2}
    insist(database)


def _note(story: Story) -> Any:
    return NewEvent(stream="agent-x", version=1, type="NoteAdded", body={"text": "slow"}, actor="x")


def test_the_statements_were_written_for_the_bodies_there_are() -> None:
    for projection in EVERY:
        assert {name: REGISTRY[name].schema for name in projection.reads} == dict(projection.reads)


def test_a_follower_looks_for_the_host_that_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "any")
    monkeypatch.setenv("PGOPTIONS", "")
    given = environment(
        "host=a,b port=5432,5433 dbname=ainarres target_session_attrs=read-write options='-c work_mem=4MB'"
    )
    assert (given["POSTGRES_HOST"], given["POSTGRES_PORT"]) == ("a,b", "5432,5433")
    assert os.environ["PGTARGETSESSIONATTRS"] == "read-write"
    assert os.environ["PGOPTIONS"] == "-c work_mem=4MB"
