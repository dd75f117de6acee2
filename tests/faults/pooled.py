"""Behind PgBouncer in transaction mode every verb works: `make test-pooled` (needs the program pgbouncer).

Four server connections for everybody, so that hardly two transactions of a client meet the same one. There is no
doorbell: who waits, polls. Not collected by the ordinary run, which asks for nothing that is not in the lock file.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from psycopg import conninfo
from tests.api.served import Served
from tests.integration.database.test_odd_settings import odd
from tests.integration.verbs.test_permissions import HOLDERS, MAY, SCOPES
from tests.scene import DESIGNER, Scene

from ainarres.database import account
from ainarres.database.connect import connect, pool
from ainarres.domain import commands as c
from ainarres.faults import Fault
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.database import Database

    from ainarres.database.account import Account

CONNECTIONS = 4
LIMITS = "SET statement_timeout = 30000; SET idle_in_transaction_session_timeout = 5000"
SETTINGS = """
[databases]
* = host={host} port={port} connect_query='{limits}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {door}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = {connections}
ignore_startup_parameters = extra_float_digits,options
logfile = {log}
"""


@pytest.fixture
def bouncer(database: Database) -> Iterator[str]:
    """A PgBouncer before the test's server; its URL for the role of the verbs."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    assert Path(program).exists(), "pgbouncer is not installed: apt-get install pgbouncer"
    given, who = conninfo.conninfo_to_dict(database.url), account.current()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        door = probe.getsockname()[1]
    with TemporaryDirectory() as name, _running(program, Path(name), who, given, door):
        yield conninfo.make_conninfo(database.url, host="127.0.0.1", port=door, sslmode="disable", gssencmode="disable")


@contextmanager
def _running(program: str, folder: Path, who: Account, given: dict[str, Any], door: int) -> Iterator[None]:
    users, settings, log = folder / "users.txt", folder / "pgbouncer.ini", folder / "log"
    users.write_text('"ainarres_app" ""\n')
    more = {"door": door, "users": users, "log": log, "connections": CONNECTIONS, "limits": LIMITS}
    settings.write_text(SETTINGS.format(**given, **more))
    for path in (folder, users, settings):
        who.own(path)
    with subprocess.Popen([program, str(settings)], cwd="/", stderr=subprocess.DEVNULL, **who.identity()) as process:
        try:
            until = time.monotonic() + 20
            while not log.exists() or "process up" not in log.read_text():
                assert time.monotonic() < until, "pgbouncer does not start"
                assert process.poll() is None, log.read_text() if log.exists() else "pgbouncer ended"
            yield
        finally:
            process.terminate()


@pytest.fixture
def pooled(database: Database, bouncer: str) -> Iterator[Scene]:
    """The small world, everybody in it behind the pooler; its end compares the tables with the ledger."""
    made = Scene(replace(database, url=bouncer))
    yield made
    made.close()


def test_nothing_is_prepared_behind_a_pooler(bouncer: str) -> None:
    with connect(bouncer) as connection, pool(bouncer, 1) as lent, lent.connection() as other:
        assert connection.prepare_threshold is None
        assert other.prepare_threshold is None


def test_the_limits_are_in_force_behind_a_pooler(bouncer: str) -> None:
    with connect(bouncer) as connection:
        assert connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("5s",)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("30s",)


@pytest.mark.parametrize(
    ("name", "value"),
    [("DateStyle", "SQL, DMY"), ("array_nulls", "off"), ("default_transaction_isolation", "serializable")],
)
def test_settings_that_a_pooler_lets_through_are_told(database: Database, bouncer: str, name: str, value: str) -> None:
    odd(database, **{name: value})
    for attempt in (connect, lambda url: pool(url, 1)):
        with pytest.raises(Fault) as caught:
            attempt(bouncer)
        assert f"sessions with {name} = {value!r}" in str(caught.value)
        assert f"ALTER ROLE ainarres_app SET {name} = " in str(caught.value)


def test_settings_that_matter_to_nobody_are_let_through(database: Database, bouncer: str) -> None:
    odd(database, DateStyle="ISO, DMY", TimeZone="Asia/Tokyo", extra_float_digits="0")
    with connect(bouncer) as connection:
        assert Session(connection).execute(c.OpenLedger()).ok


def test_every_verb_works_on_whatever_connection_it_gets(pooled: Scene) -> None:
    sessions = {scope: pooled.session(pooled.token(DESIGNER, scope, scope=scope)) for scope in SCOPES}
    for name, may, prepare, verb in MAY:
        if not may:
            continue
        session, key = sessions[min(may)], uuid4()
        command = verb(prepare(pooled))
        answer = session.execute(command, key)
        assert answer.ok, (name, answer)
        again = session.execute(command, key)
        assert (again.code, again.position) == (answer.code, answer.position), (name, again)
        if name in ("claim", "next"):
            pooled.ok(session, c.Release(task=pooled.id(answer), reason="n", cause="infra"))


@pytest.mark.parametrize("command", HOLDERS)
def test_every_verb_of_a_holder_works_on_whatever_connection_it_gets(
    pooled: Scene, command: Callable[[str], c.Command]
) -> None:
    agent = pooled.agent(DESIGNER)
    for _ in range(2 * CONNECTIONS):
        task = pooled.task()
        pooled.ok(agent, c.Claim(task=task))
        said = agent.execute(command(task), uuid4())
        assert said.code in ("ok", "illegal_transition"), said
        agent.execute(c.Release(task=task, reason="next", cause="infra"))


def test_many_agents_share_few_connections(pooled: Scene) -> None:
    tokens = [pooled.token(DESIGNER) for _ in range(3 * CONNECTIONS)]
    tasks = {pooled.task(f"task {n}") for n in range(40)}

    def work(token: str) -> list[str]:
        done = []
        with connect(pooled.url) as connection:
            session = Session(connection, token)
            while (taken := session.execute(c.Claim(), uuid4())).task is not None:
                task = str(taken.task["id"])
                key = uuid4()
                assert session.execute(c.Advance(task=task, fence=taken.task["fence"]), key).ok
                assert session.execute(c.Advance(task=task, fence=taken.task["fence"]), key).extra["replayed"]
                done.append(task)
        return done

    with ThreadPoolExecutor(len(tokens)) as threads:
        done = [task for each in threads.map(work, tokens) for task in each]
    assert sorted(done) == sorted(tasks)


def test_a_claim_that_waits_polls(pooled: Scene) -> None:
    agent = pooled.agent(DESIGNER)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(agent.execute, c.Claim(wait="20s"), uuid4())
        task = pooled.task()
        taken = waiting.result(20)
    assert taken.task is not None
    assert taken.task["id"] == task


def test_the_server_works_behind_a_pooler(pooled: Scene) -> None:
    served, token = Served(pooled.url), pooled.token(DESIGNER)
    try:
        client = served.client(token)
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(client.ok, "claim", wait="20s")
            task = pooled.task()
            taken = waiting.result(20)
        assert taken["task"]["id"] == task
        for _ in range(2 * CONNECTIONS):
            client.ok("progress", task=task, note="on")
        assert client.ok("advance", task=task)["task"]["stage"] == "implementing"
    finally:
        served.stop()
