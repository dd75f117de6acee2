"""A ledger on PostgreSQL 15, backed up and restored on 18: it verifies there and appends go on (``make test-15``).

Not named like a test, because it needs what not every machine has: PostgreSQL 15's programs, from ``AINARRES_PG15`` or
where Debian puts them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import database as databases
from tests.scene import Scene

from ainarres.database import account, backup
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.ledger import note
from ainarres.verbs import sealing, verifying
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Database

PROGRAMS = Path(os.environ.get("AINARRES_PG15", "/usr/lib/postgresql/15/bin"))


@pytest.fixture
def fifteen() -> Iterator[Database]:
    """A database on a server of PostgreSQL 15 of the test's own."""
    assert (PROGRAMS / "initdb").exists(), (
        f"no PostgreSQL 15 in {PROGRAMS}: install postgresql-15, or set AINARRES_PG15"
    )
    who, folder = account.current(), Path(tempfile.mkdtemp(prefix="ainarres-15-"))
    who.own(folder)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(PROGRAMS / program), *arguments], cwd="/", check=True, capture_output=True, **who.identity()
        )

    try:
        run("initdb", "-D", str(data), "-U", "postgres", "-E", "UTF8", "--auth=trust", "--no-sync", "--locale=C")
        options = f"-k {folder} -p 5432 -c listen_addresses= -c fsync=off"
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            url = f"postgresql://postgres@/postgres?host={folder}"
            migrate(url)
            app = databases.with_parameters(url, options="-c role=ainarres_app")
            yield databases.Database("postgres", app, url, url, url)
        finally:
            run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def test_a_ledger_of_fifteen_goes_on_in_eighteen(fifteen: Database, empty_database: Database, tmp_path: Path) -> None:
    with connect(fifteen.url) as connection:
        assert connection.info.server_version // 10000 == 15
    with connect(empty_database.admin_url) as connection:
        assert connection.info.server_version // 10000 == 18
    scene = Scene(fifteen)
    scene.implementable()
    with connect(fifteen.url) as connection:
        sealed = sealing.seal(connection, note.make_key(tmp_path / "key"))
    assert isinstance(sealed, sealing.Sealed)
    scene.close()
    path, _ = backup.dump(fifteen.admin_url, tmp_path, backup.name(datetime.now(UTC)), 7)
    backup.restore(empty_database.admin_url, path)
    before = verifying.verify(fifteen.url, [sealed.note])
    after = verifying.verify(empty_database.url, [sealed.note])
    assert before.sound
    assert after.sound
    assert after.audited == before.audited
    with connect(empty_database.url) as connection:
        envelope = Session(connection).execute(c.Create(lane="web/dev", title="after the move"))
    assert envelope.ok
    assert envelope.position == after.audited.position + 1
    assert verifying.verify(empty_database.url, [sealed.note]).sound
