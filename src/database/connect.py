"""Connections: one function for a connection, one for a pool, both with the limits the ledger's order depends on.

A client that stops inside a transaction holds every follower back, so the server ends such a transaction after
``IDLE_SECONDS``. The limits travel as libpq ``options``, and with them the settings that decide what a value looks like
(``PINNED``): they are in force before the first statement. A transaction pooler that drops ``options`` (PgBouncer's
``ignore_startup_parameters``) needs them on the role or on its side; behind one nothing is prepared, since the next
transaction may meet another server process.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

import psycopg
from psycopg import conninfo
from psycopg.rows import TupleRow, tuple_row

from ainarres.database import queries
from ainarres.faults import Fault, InvalidInput, LedgerUnavailable, SchemaMismatch

if TYPE_CHECKING:
    from psycopg.rows import RowFactory
    from psycopg_pool import ConnectionPool

Row = TypeVar("Row")

_SQL = queries.load("ainarres.database", "connect.sql")
IDLE_SECONDS = 5
STATEMENT_SECONDS = 30
CONNECT_SECONDS = 10
ALIVE = {"keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 4, "tcp_user_timeout": 30_000}
"""What notices, within half a minute, that a host is gone without a word; libpq's words, seconds and milliseconds."""
BLANK = "\\ "  # as libpq's options spell one inside a value
PINNED = {
    "array_nulls": "on",
    "bytea_output": "hex",
    "DateStyle": "ISO,MDY",
    "default_transaction_isolation": "read committed",
    "extra_float_digits": "1",
    "IntervalStyle": "postgres",
    "search_path": "pg_catalog",
    "standard_conforming_strings": "on",
    "TimeZone": "UTC",
}
"""What a value looks like on the wire and what a name means, whatever the database, the role or the url prefer."""
NEEDED = {
    "array_nulls": "on",
    "DateStyle": "ISO",
    "default_transaction_isolation": "read committed",
    "IntervalStyle": "postgres",
    "standard_conforming_strings": "on",
}
"""Those of them without which nothing works, up to a comma: what is asked behind a pooler, where pins may be lost."""
OLDEST = 150000  # PostgreSQL 15, as server_version_num spells it


@overload
def connect(
    url: str,
    *,
    autocommit: bool = True,
    application_name: str = "ainarres",
    idle_seconds: int = IDLE_SECONDS,
    statement_seconds: int = STATEMENT_SECONDS,
) -> psycopg.Connection[TupleRow]: ...


@overload
def connect(
    url: str,
    *,
    autocommit: bool = True,
    application_name: str = "ainarres",
    idle_seconds: int = IDLE_SECONDS,
    statement_seconds: int = STATEMENT_SECONDS,
    row_factory: RowFactory[Row],
) -> psycopg.Connection[Row]: ...


def connect(
    url: str,
    *,
    autocommit: bool = True,
    application_name: str = "ainarres",
    idle_seconds: int = IDLE_SECONDS,
    statement_seconds: int = STATEMENT_SECONDS,
    row_factory: RowFactory[Any] = tuple_row,
) -> psycopg.Connection[Any]:
    """Connect to ``url`` (a libpq URL or key=value string), READ COMMITTED.

    ``idle_seconds``: limit of an idle transaction; ``statement_seconds``: limit of a statement; 0 lifts either, which
    only migrations and rebuilds, as the owner, may do. ``row_factory``: how psycopg renders a row, tuples by default.
    Raises InvalidInput for a malformed url, LedgerUnavailable when nobody answers, SchemaMismatch below PostgreSQL 15,
    Fault where a pooler hands out sessions with settings that nothing here can read.
    """
    parameters = _parameters(url, application_name, idle_seconds, statement_seconds)
    try:
        connection = psycopg.connect(**parameters, autocommit=autocommit, row_factory=row_factory)
    except psycopg.OperationalError as error:
        raise LedgerUnavailable(explain(url, error)) from None
    try:
        _check_version(connection)
        _configure(connection)
    except Fault:
        connection.close()
        raise
    except psycopg.OperationalError as error:
        connection.close()
        raise LedgerUnavailable(explain(url, error)) from None
    return connection


def pool(
    url: str, size: int, *, application_name: str = "ainarres", autocommit: bool = True
) -> ConnectionPool[psycopg.Connection[TupleRow]]:
    """A pool of at most ``size`` connections for a server or an agent, opened and proven to reach the database.

    The caller closes it, or uses it as a context manager. Raises as ``connect`` does.
    """
    from psycopg_pool import ConnectionPool  # noqa: PLC0415 - verbs from the command line need no pool

    connect(url, application_name=application_name).close()  # a pool would retry in the background and hide the reason
    parameters = _parameters(url, application_name, IDLE_SECONDS, STATEMENT_SECONDS)
    return ConnectionPool(
        conninfo.make_conninfo("", **parameters),
        kwargs={"autocommit": autocommit},
        configure=_configure,
        min_size=min(1, size),
        max_size=size,
        name=application_name,
        open=True,
    )


def redact(url: str) -> str:
    """The url without its password, for messages and logs."""
    hidden = re.sub(r"(//[^:@/?]*):[^@/]*@", r"\1:***@", url)
    return re.sub(r"(?i)(password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)", r"\1***", hidden)


def explain(url: str, error: psycopg.Error) -> str:
    """One line for a failed connection: what libpq says, without the password, and what to do."""
    said = " ".join(str(error).split())
    try:
        password = conninfo.conninfo_to_dict(url).get("password")
    except psycopg.ProgrammingError:
        password = None
    if password:
        said = said.replace(str(password), "***")
    return f"no connection to {redact(url)}: {said} — {_cure(said)}"


def _cure(said: str) -> str:
    for sign, cure in (
        ("authentication failed", "check user and password of the url"),
        ("no password supplied", "put the password into the url or ~/.pgpass"),
        ("does not exist", "create the database and run: ainarres init"),
        ("too many clients", "close connections or raise max_connections"),
        ("starting up", "try again in a moment"),
        ("translate host name", "check the host of the url"),
    ):
        if sign in said:
            return cure
    return "start the server (ainarres up) or correct the url"


def _parameters(url: str, application_name: str, idle_seconds: int, statement_seconds: int) -> dict[str, Any]:
    """The url's own parameters plus ours; limits that the url itself sets in ``options`` come later and win."""
    try:
        given = cast("dict[str, Any]", conninfo.conninfo_to_dict(url))
    except psycopg.ProgrammingError as error:
        said = " ".join(str(error).split())
        raise InvalidInput(
            "url", f"not a PostgreSQL address: {redact(said)}", "for example postgresql://user@host:5432/ainarres"
        ) from None
    limits = f"-c idle_in_transaction_session_timeout={idle_seconds}s -c statement_timeout={statement_seconds}s"
    pins = " ".join(f"-c {name}={value.replace(' ', BLANK)}" for name, value in PINNED.items())
    given["options"] = " ".join(filter(None, (limits, given.get("options"), pins)))
    given.setdefault("connect_timeout", CONNECT_SECONDS)
    given["application_name"] = application_name
    given["client_encoding"] = "UTF8"  # whatever the environment says: the ledger's texts are UTF-8
    return ALIVE | given


def _check_version(connection: psycopg.Connection[Any]) -> None:
    if (found := connection.info.server_version) < OLDEST:
        raise SchemaMismatch(f"the server is PostgreSQL {found // 10000}; ainarres needs 15 or newer")


def _check_settings(cursor: psycopg.Cursor[TupleRow]) -> None:
    asked = {"names": list(NEEDED), "values": list(NEEDED.values())}
    for name, value, needed in cursor.execute(_SQL["unfit"], asked, prepare=False):
        role = cursor.connection.info.user
        raise Fault(
            f"the pooler gives sessions with {name} = {value!r} and keeps ours out; it has to be {needed!r}: "
            f"ALTER ROLE {role} SET {name} = '{needed}', or set it in the pooler's connect_query"
        )


def _configure(connection: psycopg.Connection[Any]) -> None:
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_SQL["backend"], prepare=False).fetchone()
        if row is not None and row[0] != connection.info.backend_pid:  # who answers is not who was dialled: a pooler
            connection.prepare_threshold = None
            _check_settings(cursor)
    if not connection.autocommit:
        connection.rollback()
