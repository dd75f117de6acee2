"""Connections: the limits they carry, and what they say when there is no server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.rows import dict_row

from ainarres.database.connect import connect, explain, pool, redact
from ainarres.faults import InvalidInput, LedgerUnavailable, SchemaMismatch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.database import Database


def settings(connection: psycopg.Connection[dict[str, str]]) -> dict[str, str]:
    wanted = ["idle_in_transaction_session_timeout", "statement_timeout", "application_name", "transaction_isolation"]
    rows = connection.execute("SELECT name, current_setting(name) AS value FROM unnest(%s::text[]) AS name", [wanted])
    return {row["name"]: row["value"] for row in rows}


def test_a_connection_carries_the_limits(database: Database) -> None:
    with connect(database.url, application_name="probe", row_factory=dict_row) as connection:
        assert settings(connection) == {
            "idle_in_transaction_session_timeout": "5s",
            "statement_timeout": "30s",
            "application_name": "probe",
            "transaction_isolation": "read committed",
        }


def test_the_owner_may_lift_the_limits(database: Database) -> None:
    with connect(database.owner_url, idle_seconds=0, statement_seconds=0, row_factory=dict_row) as connection:
        found = settings(connection)
    assert found["idle_in_transaction_session_timeout"] == found["statement_timeout"] == "0"


def test_an_idle_transaction_is_ended_by_the_server(database: Database) -> None:
    with connect(database.url, autocommit=False, idle_seconds=1) as connection:
        connection.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError):
            # The notice of the end is what is waited for, and it comes from the server.
            list(connection.notifies(timeout=20))


def test_a_pool_lends_connections_with_the_limits(database: Database) -> None:
    with pool(database.url, 2) as lent, lent.connection() as connection:
        assert connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("5s",)
        assert connection.autocommit


def test_no_server_is_one_line_with_a_cure_and_no_password(tmp_path: Path) -> None:
    url = f"postgresql://app:s3cret@/ainarres?host={tmp_path}"
    for attempt in (connect, lambda url: pool(url, 1)):
        with pytest.raises(LedgerUnavailable) as caught:
            attempt(url)
        said = str(caught.value)
        assert "s3cret" not in said
        assert "ainarres up" in said
        assert "\n" not in said
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://app:pa:ss@host/db", "postgresql://app:***@host/db"),
        ("postgresql://app:p%40ss@host/db?password=other&x=1", "postgresql://app:***@host/db?password=***&x=1"),
        (r"host=h password='it\'s me' user=u", "host=h password=*** user=u"),
        ("postgresql://app@host:5432/db", "postgresql://app@host:5432/db"),
    ],
)
def test_passwords_are_redacted(url: str, shown: str) -> None:
    assert redact(url) == shown


def test_a_password_that_the_server_repeats_is_redacted() -> None:
    error = psycopg.OperationalError("password 'it is me' refused\nauthentication failed")
    said = explain("host=h password='it is me'", error)
    assert "it is me" not in said
    assert said.endswith("check user and password of the url")


def test_a_malformed_url_is_invalid_input() -> None:
    with pytest.raises(InvalidInput, match=r"^url: not a PostgreSQL address"):
        connect("postgresql://user:pass@host:port:port/db?what")


def test_an_old_server_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ainarres.database.connect.OLDEST", 990000)
    with pytest.raises(SchemaMismatch, match=r"the server is PostgreSQL \d+; ainarres needs"):
        connect(database.url)
