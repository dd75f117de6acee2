"""Migrations: numbered SQL files, forward only, each applied once in a transaction of its own.

The register ``ledger_meta.migration`` keeps number, name and digest of each. A database that is ahead of this code,
or whose applied migrations differ from its files, is refused: nothing is guessed about another schema. From the first
release tag on, ``migrations/frozen.json`` pins the digests of released files, and a test holds the files to it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import psycopg

from ainarres.database import queries
from ainarres.database.connect import connect
from ainarres.faults import Fault, LedgerUnavailable, SchemaMismatch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.resources.abc import Traversable

    from psycopg import Connection

_SQL = queries.load("ainarres.database", "migrate.sql")
_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


@dataclass(frozen=True)
class Migration:
    """One file: ``number`` and ``name`` from its name, ``sha256`` of its text with Unix line ends."""

    number: int
    name: str
    text: str
    sha256: str

    @property
    def label(self) -> str:
        return f"{self.number:04}_{self.name}"


def read(folder: Traversable) -> tuple[Migration, ...]:
    """Read the migrations of ``folder`` in order. Raises Fault when numbers are missing or used twice."""
    found = []
    for entry in folder.iterdir():
        if match := _FILE.fullmatch(entry.name):
            text = entry.read_text("utf-8").replace("\r\n", "\n")
            digest = hashlib.sha256(text.encode()).hexdigest()
            found.append(Migration(int(match[1]), match[2], text, digest))
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise Fault(f"migrations are not numbered 1 to {len(found)}: {', '.join(each.label for each in found)}")
    return tuple(found)


@cache
def known() -> tuple[Migration, ...]:
    """The migrations this code brings."""
    return read(files("ainarres.database") / "migrations")


def frozen() -> dict[int, str]:
    """Digests of the released migrations by number; their files never change again."""
    text = (files("ainarres.database") / "migrations" / "frozen.json").read_text("utf-8")
    return {int(number): digest for number, digest in json.loads(text).items()}


def migrate(owner_url: str, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Bring the database of ``owner_url`` to this code's schema; returns the labels applied, in order.

    The login must be ``ainarres_owner``, or may make roles, or be a member of an ``ainarres_owner`` that exists.
    Raises SchemaMismatch for a database that is newer or altered, Fault with the server's words when a statement fails.
    """
    migrations = known() if migrations is None else migrations
    done: list[str] = []
    with connect(owner_url, application_name="ainarres migrate", idle_seconds=0, statement_seconds=0) as connection:
        _prepare(connection)
        for migration in migrations:
            with connection.transaction():
                connection.execute(_SQL["take_turn"])
                connection.execute(_SQL["become_owner"])
                applied = current(connection)
                _compare(applied, migrations)
                if len(applied) >= migration.number:
                    continue  # applied before, or just now by another migrator
                _apply(connection, migration)
                done.append(migration.label)
        _compare(current(connection), migrations)
    return done


def current(connection: Connection[Any]) -> list[tuple[int, str, str]]:
    """Number, name and digest of each applied migration, in order; empty for a database never migrated."""
    try:
        with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
            return [(row[0], row[1], row[2]) for row in cursor.execute(_SQL["applied"])]
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return []


def check(connection: Connection[Any]) -> None:
    """Prove with one query that this code fits the database; a verb calls it before its first statement.

    Raises SchemaMismatch, which says what to do; LedgerUnavailable on a standby, which takes no events and cannot tell
    up to where the ledger is complete. ``connection`` is in autocommit mode or outside a transaction.
    """
    if connection.info.parameter_status("in_hot_standby") == "on":
        raise LedgerUnavailable(
            "this server is a standby, which takes no events: name the primary in the url, or all hosts with "
            "target_session_attrs=read-write"
        )
    applied = current(connection)
    _compare(applied, known())
    if len(applied) < len(known()):
        state = f"is at migration {len(applied)}" if applied else "holds no ledger"
        raise SchemaMismatch(
            f"the database {state}, this ainarres needs {len(known())}: run ainarres init as the owner"
        )


def _prepare(connection: Connection[Any]) -> None:
    """Roles and register, in one transaction."""
    try:
        with connection.transaction():
            connection.execute(_SQL["take_turn"])
            connection.execute(_SQL["create_roles"])
            connection.execute(_SQL["become_owner"])
            connection.execute(_SQL["create_register"])
    except psycopg.errors.InsufficientPrivilege as error:
        said = error.diag.message_primary or "permission denied"
        raise Fault(
            f"the login {connection.info.user!r} cannot prepare the ledger's roles ({said}): use a login with "
            "CREATEROLE, or let an administrator create the roles ainarres_owner, ainarres_app and ainarres_reader, "
            "grant the first to this login, and grant it CREATE on the database"
        ) from None


def _apply(connection: Connection[Any], migration: Migration) -> None:
    try:
        # Bytes, and no parameters: the file goes to the server as it is, several statements at once.
        connection.execute(migration.text.encode())
    except psycopg.Error as error:
        where = _line(migration.text, error.diag.statement_position)
        raise Fault(f"migration {migration.label} failed{where}: {error.diag.message_primary or error}") from error
    connection.execute(_SQL["record"], (migration.number, migration.name, migration.sha256))


def _line(text: str, position: str | None) -> str:
    return f" at line {text[: int(position)].count(chr(10)) + 1}" if position else ""


def _compare(applied: list[tuple[int, str, str]], migrations: Sequence[Migration]) -> None:
    """Refuse a database that is ahead of these migrations or was made by others."""
    if len(applied) > len(migrations):
        number, name, _ = applied[-1]
        raise SchemaMismatch(
            f"the database is at migration {number:04}_{name}, newer than this ainarres knows ({len(migrations)}): "
            "upgrade ainarres"
        )
    for (number, name, digest), migration in zip(applied, migrations, strict=False):
        if number != migration.number:
            raise SchemaMismatch(f"the register of migrations has a hole before {number}: restore it from a backup")
        if digest == migration.sha256:
            continue
        if frozen().get(number) == migration.sha256:
            raise SchemaMismatch(
                f"migration {number:04}_{name} was applied from an altered file: install the ainarres that made this "
                "ledger, or restore it"
            )
        raise SchemaMismatch(
            f"migration {number:04}_{name} differs: this ledger was made by an unreleased version; recreate it, "
            "or export it with the version that made it and import it here"
        )
