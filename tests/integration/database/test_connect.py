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


def test_a_host_that_is_gone_without_a_word_is_noticed_within_half_a_minute(database: Database) -> None:
    with connect(database.url) as connection:
        given = connection.info.get_parameters()
    assert int(given["keepalives_idle"]) + int(given["keepalives_interval"]) * int(given["keepalives_count"]) <= 40
    assert given["tcp_user_timeout"] == "30000"
    with connect(f"{database.url} tcp_user_timeout=1000") as connection:
        assert connection.info.get_parameters()["tcp_user_timeout"] == "1000"


def test_statements_are_prepared_where_the_server_itself_answers(database: Database) -> None:
    with connect(database.url) as connection, pool(database.url, 1) as lent, lent.connection() as pooled:
        assert connection.prepare_threshold is not None
        assert pooled.prepare_threshold is not None


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
