"""What the library's cases need around them: a clean ledger each, as the application's role, and no skips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from psycopg import conninfo
from tests.database import create, drop

from ainarres.database.connect import connect

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import psycopg
    from tests.database import Database, Server

LIBRARY_SCHEMA = "library"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped case proves nothing, so it fails; an expected failure is not a skip."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and "tests/contract" in item.nodeid:
        report.outcome = "failed"
    return report


def environment(url: str) -> dict[str, str]:
    """The library's settings for a ledger at ``url``; its own tables go into a schema that the role may use."""
    parts = conninfo.conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "ainarres.ledger.factory:LedgerFactory",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts.get("port") or 5432),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": str(parts.get("password") or ""),
        "POSTGRES_SCHEMA": LIBRARY_SCHEMA,
    }


def _open(owner_url: str) -> None:
    with connect(owner_url) as connection:
        connection.execute(f"CREATE SCHEMA {LIBRARY_SCHEMA}")
        connection.execute(f"GRANT ALL ON SCHEMA {LIBRARY_SCHEMA} TO ainarres_app")


@pytest.fixture
def library(database: Database, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings of a clean ledger."""
    options = conninfo.conninfo_to_dict(database.url).get("options")
    if options:  # the library's pool has no place for them
        monkeypatch.setenv("PGOPTIONS", str(options))
    _open(database.owner_url)
    return environment(database.url)


@pytest.fixture
def downstream(
    library: dict[str, str], server: Server, template: str, administrator: psycopg.Connection[Any]
) -> Iterator[str]:
    """The name of a second ledger on the same server, for an application that follows the first."""
    name = f"{library['POSTGRES_DBNAME']}_down"
    create(administrator, name, template)
    _open(server.role_url("ainarres_owner", name))
    yield name
    drop(administrator, name)
