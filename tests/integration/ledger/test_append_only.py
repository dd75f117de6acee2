"""Who may do what to the ledger: append through the one function, read, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.integration.ledger.events import event

from ainarres.database.connect import connect
from ainarres.ledger import store

if TYPE_CHECKING:
    from tests.database import Database

CHANGES = [
    "UPDATE ledger.event SET actor = 'me'",
    "UPDATE ledger.event SET actor = 'me' WHERE false",
    "DELETE FROM ledger.event",
    "TRUNCATE ledger.event",
]
INSERT = """
INSERT INTO ledger.event (position, stream, version, type, schema, body, recorded_at)
    VALUES (99, 'x', 1, 'X', 1, '{}', now())
"""
TRESPASSES = [
    INSERT,
    *CHANGES,
    "SELECT nextval('ledger.position')",
    "SELECT setval('ledger.position', 1)",
    "SELECT ledger.take_positions(3)",
    "CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
    "CREATE OR REPLACE FUNCTION ledger.horizon() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "CREATE FUNCTION ledger.append(text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "DROP FUNCTION ledger.append(jsonb)",
    "ALTER TABLE ledger.event DISABLE TRIGGER append_only",
    "DROP TRIGGER append_only ON ledger.event",
    "CREATE TABLE ledger.other ()",
]


@pytest.fixture(autouse=True)
def _one_event(database: Database) -> None:
    with connect(database.url) as connection:
        store.append(connection, [event("one", 1)])


@pytest.mark.parametrize("statement", TRESPASSES)
@pytest.mark.parametrize("role", ["app", "reader"])
def test_no_other_way_in(database: Database, role: str, statement: str) -> None:
    url = database.url if role == "app" else database.reader_url
    with connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize("statement", CHANGES)
def test_the_owner_is_stopped_too(database: Database, statement: str) -> None:
    with connect(database.owner_url) as owner, pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        owner.execute(statement.encode())
    with connect(database.reader_url) as reader:
        assert len(store.read(reader)) == 1


def test_a_reader_reads_and_does_not_append(database: Database) -> None:
    with connect(database.reader_url) as reader:
        assert store.horizon(reader) == 1
        assert store.clock(reader).tzinfo is not None
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            store.append(reader, [event("one", 2)])


def test_public_may_call_nothing(database: Database) -> None:
    with connect(database.owner_url) as owner:
        rows = owner.execute(
            "SELECT p.oid::regprocedure::text"
            " FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS granted"
            " WHERE p.pronamespace = 'ledger'::regnamespace AND granted.grantee = 0"
        ).fetchall()
    assert rows == []


def test_a_callers_path_changes_nothing(database: Database) -> None:
    """The function that writes runs as the owner, so nothing of the caller's may be found in its place."""
    with connect(database.owner_url) as owner:
        owner.execute("CREATE SCHEMA trap")
        owner.execute("GRANT ALL ON SCHEMA trap TO ainarres_app")
    with connect(database.url) as connection:
        connection.execute(
            "CREATE FUNCTION trap.jsonb_array_length(jsonb) RETURNS integer LANGUAGE plpgsql AS"
            " $$BEGIN RAISE 'ran as %', current_user; END$$"
        )
        connection.execute("SET search_path = trap, pg_catalog, ledger")
        assert store.append(connection, [event("one", 2)]) == 2
