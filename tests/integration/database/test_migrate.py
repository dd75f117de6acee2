"""Migrations: applied once whoever comes, and another schema than ours is refused by name."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING

import psycopg
import pytest

from ainarres.database import dump
from ainarres.database.connect import connect
from ainarres.database.migrate import Migration, check, current, frozen, known, migrate, read
from ainarres.faults import Fault, SchemaMismatch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.database import Database


def migration(number: int, name: str, text: str) -> Migration:
    return Migration(number, name, text, hashlib.sha256(text.encode()).hexdigest())


BOTH = (
    migration(
        1, "seed", "CREATE TABLE ledger_meta.seed (id int); GRANT SELECT ON ledger_meta.seed TO ainarres_app; -- 100%"
    ),
    migration(2, "sprout", "ALTER TABLE ledger_meta.seed ADD height int;\nINSERT INTO ledger_meta.seed VALUES (1, 2);"),
)


def test_each_is_applied_once_in_order(empty_database: Database) -> None:
    assert migrate(empty_database.admin_url, BOTH[:1]) == ["0001_seed"]
    assert migrate(empty_database.admin_url, BOTH) == ["0002_sprout"]
    assert migrate(empty_database.admin_url, BOTH) == []
    with connect(empty_database.url) as connection:
        assert connection.execute("SELECT height FROM ledger_meta.seed").fetchall() == [(2,)]
        assert [(number, name) for number, name, _ in current(connection)] == [(1, "seed"), (2, "sprout")]


def test_objects_belong_to_the_owner_whoever_migrates(empty_database: Database) -> None:
    migrate(empty_database.admin_url, BOTH)
    with connect(empty_database.admin_url) as connection:
        owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'ledger_meta'")
        assert owners.fetchall() == [("ainarres_owner",)]


def test_two_migrators_at_once_apply_each_once(empty_database: Database) -> None:
    with ThreadPoolExecutor(2) as threads:
        halves = list(threads.map(lambda _: migrate(empty_database.admin_url, BOTH), range(2)))
    assert sorted(halves[0] + halves[1]) == ["0001_seed", "0002_sprout"]


def test_a_failing_migration_leaves_nothing_and_names_the_line(empty_database: Database) -> None:
    broken = migration(2, "broken", "CREATE TABLE ledger_meta.half (id int);\nSELECT nonsense;\n")
    with pytest.raises(Fault, match='0002_broken failed at line 2: column "nonsense" does not exist'):
        migrate(empty_database.admin_url, (BOTH[0], broken))
    with connect(empty_database.admin_url) as connection:
        assert connection.execute("SELECT to_regclass('ledger_meta.half')").fetchone() == (None,)
        assert len(current(connection)) == 1


def test_a_newer_database_is_refused(empty_database: Database) -> None:
    migrate(empty_database.admin_url, BOTH)
    with pytest.raises(SchemaMismatch, match=r"0002_sprout, newer than this ainarres knows \(1\): upgrade"):
        migrate(empty_database.admin_url, BOTH[:1])


def test_an_altered_migration_is_refused(empty_database: Database) -> None:
    migrate(empty_database.admin_url, BOTH)
    with pytest.raises(SchemaMismatch, match=r"0001_seed differs: .*unreleased version; recreate it"):
        migrate(empty_database.admin_url, (replace(BOTH[0], sha256="0" * 64), BOTH[1]))


def test_an_altered_released_migration_is_told_apart(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(empty_database.admin_url, BOTH)
    monkeypatch.setattr("ainarres.database.migrate.frozen", lambda: {1: "0" * 64})
    with pytest.raises(SchemaMismatch, match="applied from an altered file"):
        migrate(empty_database.admin_url, (replace(BOTH[0], sha256="0" * 64), BOTH[1]))


def test_a_verb_meets_its_own_schema_only(database: Database, empty_database: Database) -> None:
    with connect(database.url) as connection:
        check(connection)
    with connect(database.owner_url) as owner, connect(database.url) as connection:
        owner.execute("INSERT INTO ledger_meta.migration (number, name, sha256) VALUES (9999, 'later', '')")
        with pytest.raises(SchemaMismatch, match="newer than this ainarres knows"):
            check(connection)


def test_a_database_without_a_ledger_is_told_so(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ainarres.database.migrate.known", lambda: BOTH)
    with connect(empty_database.admin_url) as connection:
        with pytest.raises(SchemaMismatch, match=r"holds no ledger, .*run ainarres init"):
            check(connection)
        migrate(empty_database.admin_url, BOTH[:1])
        with pytest.raises(SchemaMismatch, match=r"is at migration 1, .*run ainarres init"):
            check(connection)


def test_the_register_is_not_the_apps_to_write(database: Database) -> None:
    for url in (database.url, database.reader_url):
        with connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM ledger_meta.migration")


def test_a_login_without_rights_is_told_what_it_lacks(database: Database) -> None:
    with pytest.raises(Fault, match=r"cannot prepare the ledger's roles .*CREATEROLE"):
        migrate(database.reader_url)


def test_numbers_have_no_holes(tmp_path: Path) -> None:
    (tmp_path / "0001_one.sql").write_text("SELECT 1")
    (tmp_path / "0003_three.sql").write_text("SELECT 3")
    with pytest.raises(Fault, match="not numbered 1 to 2"):
        read(tmp_path)


def test_line_ends_do_not_change_a_digest(tmp_path: Path) -> None:
    (tmp_path / "0001_one.sql").write_bytes(b"SELECT 1;\r\nSELECT 2;\r\n")
    assert read(tmp_path)[0].sha256 == hashlib.sha256(b"SELECT 1;\nSELECT 2;\n").hexdigest()


def test_released_migrations_are_frozen() -> None:
    digests = {each.number: each.sha256 for each in known()}
    assert {number: digests.get(number) for number in frozen()} == frozen()


def test_the_migrations_make_the_committed_schema(empty_database: Database) -> None:
    migrate(empty_database.admin_url)
    with connect(empty_database.admin_url) as connection:
        major = connection.info.server_version // 10000
    committed = (files("ainarres.database") / "schema.sql").read_text("utf-8")
    if major == 18:  # other releases spell the same schema in other words
        assert dump.schema(empty_database.admin_url) == committed, "run `make schema` and commit the result"
