"""A ledger with some work in it, a key to seal it with, and a way to alter it as only its owner could."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.scene import CHEAP, FRONTIER, Scene

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.domain.events import Artifact
from ainarres.ledger import note
from ainarres.verbs import sealing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.database import Database

    from ainarres.ledger.note import SigningKey
    from ainarres.verbs.sealing import Sealed

COMMIT = Artifact(type="commit", ref="4f2a91c", digest="4f2a91c")


class Audited(Scene):
    """A scene that is not checked at its end, because tests alter it."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database)
        self.folder = folder
        self.key: SigningKey = note.make_key(folder / "key")

    def work(self) -> str:
        """Bring a task from its creation to done, with notes and figures on the way."""
        task = self.implementable("parse the café's menu 🍰", payload={"budget": 0.1, "limit": 2**53 - 1, "tiny": 1e-7})
        for family in (CHEAP, FRONTIER):
            agent = self.agent(family)
            self.ok(agent, c.Claim(task=task))
            self.ok(agent, c.Progress(task=task, note="line\nbreak \u0001 and \\ and ü"))
            self.ok(agent, c.Advance(task=task, artifacts=(COMMIT,)))
        return task

    def seal(self, **more: Any) -> Sealed:
        """Seal with the scene's key and insist that it worked."""
        with connect(self.url) as connection:
            sealed = sealing.seal(connection, **{"key": self.key, **more})
        assert isinstance(sealed, sealing.Sealed), sealed
        return sealed

    def positions(self) -> list[int]:
        """Return every position."""
        with connect(self.url) as connection:
            return [row[0] for row in connection.execute("SELECT position FROM ledger.event ORDER BY 1").fetchall()]

    @contextmanager
    def tampering(self) -> Iterator[Any]:
        """Open the ledger as its owner, the guard off."""
        with connect(self.owner_url) as owner:
            owner.execute("ALTER TABLE ledger.event DISABLE TRIGGER append_only")
            yield owner
            owner.execute("ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER append_only")

    def end(self) -> None:
        """Close every connection."""
        for connection in self._connections:
            connection.close()


@pytest.fixture
def audited(database: Database, tmp_path: Path) -> Iterator[Audited]:
    """A ledger with one finished task."""
    made = Audited(database, tmp_path)
    made.work()
    yield made
    made.end()
