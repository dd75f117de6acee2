"""A ledger on PostgreSQL 15, backed up and restored on 18: it verifies there and appends go on (``make test-15``).

Not named like a test, because it needs what not every machine has: PostgreSQL 15's programs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests import database as databases
from tests import fifteen as programs
from tests.scene import Scene

from ainarres.database import backup
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.ledger import note
from ainarres.verbs import sealing, verifying
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.database import Database


@pytest.fixture
def fifteen() -> Iterator[Database]:
    """A database on a server of PostgreSQL 15 of the test's own."""
    assert (programs.PROGRAMS / "initdb").exists(), programs.NEEDED
    with programs.server() as url:
        migrate(url)
        app = databases.with_parameters(url, options="-c role=ainarres_app")
        yield databases.Database("postgres", app, url, url, url)


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
