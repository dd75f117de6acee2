"""The test bed: an embedded server of a benchmark's own, durable as in use, with databases cloned from templates."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import conninfo, sql

from ainarres.database import embedded
from ainarres.database.connect import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg


@dataclass(frozen=True, slots=True)
class Bed:
    """A running server. ``home`` is its directory, ``sockets`` where it listens."""

    home: Path
    sockets: str
    port: int

    def url(self, database: str, user: str = "ainarres_owner") -> str:
        """Return the address of a database on the server."""
        return f"postgresql://{user}@/{database}?host={self.sockets}&port={self.port}"

    @contextmanager
    def admin(self, database: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        """Connect as the superuser, without limits."""
        with connect(self.url(database, "postgres"), idle_seconds=0, statement_seconds=0) as connection:
            yield connection

    @contextmanager
    def owner(self, database: str) -> Iterator[psycopg.Connection[Any]]:
        """Connect as the owner of the ledger's tables, without limits."""
        with connect(self.url(database), idle_seconds=0, statement_seconds=0) as connection:
            yield connection

    def create(self, database: str, template: str = "template0") -> None:
        """Make a database, a copy of a template where one is named, and flush it: nobody pays for another's pages."""
        with self.admin() as admin:
            made = sql.SQL("CREATE DATABASE {} OWNER ainarres_owner TEMPLATE {} STRATEGY file_copy")
            admin.execute(made.format(sql.Identifier(database), sql.Identifier(template)))
            admin.execute("CHECKPOINT")

    def drop(self, database: str) -> None:
        """Remove a database and end whoever is connected to it."""
        with self.admin() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


@contextmanager
def laid(settings: str = "", folder: str = "/var/tmp") -> Iterator[Bed]:  # noqa: S108 - /tmp may be memory
    """Start a server on ``folder``'s disk, with more lines of settings; it is stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="ainarres-bench-", dir=folder) as scratch:
        Path(scratch).chmod(0o755)
        home = Path(scratch) / "home"
        try:
            if settings:
                embedded.ensure(home)
                embedded.stop(home)
                with (home / "postgres" / "postgresql.conf").open("a", encoding="utf-8") as file:
                    file.write(f"\n{settings}\n")
            parts = conninfo.conninfo_to_dict(embedded.ensure(home))
            yield Bed(home, str(parts["host"]), int(str(parts["port"])))
        finally:
            embedded.stop(home)
