"""A multiplied ledger is a ledger: what is copied into the tables is what a fold of the copied events gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from bench import lives
from bench.multiply import multiply
from bench.population import Kind, Population

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.projections import rebuild
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from uuid import UUID

    from tests.database import Database

LIVED, OPEN, COPIES = 800, 10, 3


@dataclass
class World:
    """A ledger with tasks of all kinds, and a way to ask whether its tables agree with it."""

    human: Session
    gate: UUID
    owner_url: str

    def rows(self) -> Mapping[str, int]:
        checked = rebuild.check(self.human.connection)
        assert checked.difference is None, checked.difference
        return checked.rows

    def multiply(self) -> None:
        with connect(self.owner_url) as owner:
            multiply(owner, COPIES)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """Lives, open tasks, and tasks that wait on one; when the test ends, tables and ledger agree."""
    with connect(database.url) as connection:
        human = lives.open_ledger(connection)
        lives.append(connection, LIVED)
        made = human.execute(c.Create(lane="dev", title="the gate"), uuid4())
        assert made.task is not None
        population = Population(connection, "web/dev", "dev", "proposed")
        population.add(OPEN, Kind(stage="proposed"))
        population.add(OPEN, Kind(stage="proposed", depends_on=(made.task["id"],)))
        with connect(database.owner_url) as owner:
            rebuild.rebuild(owner)
        world = World(human, made.task["id"], database.owner_url)
        yield world
        world.rows()


def test_tables_and_ledger_agree_after_a_multiplication(world: World) -> None:
    before = world.rows()
    held = world.human.connection.execute("SELECT count(*) FROM projection.board WHERE holder IS NOT NULL").fetchone()
    assert held is not None
    assert held[0] > 0
    world.multiply()
    after = world.rows()
    assert after["board"] == before["board"] + COPIES * (before["board"] - held[0])
    assert after["dependency"] == before["dependency"] * (COPIES + 1) == OPEN * (COPIES + 1)
    assert after["evidence"] > before["evidence"] > 0


def test_work_goes_on_on_a_multiplied_ledger(world: World) -> None:
    world.multiply()
    token = world.human.execute(c.IssueToken(family=next(iter(lives.FAMILIES))), uuid4()).extra["token"]
    agent = Session(world.human.connection, token)
    claimed = agent.execute(c.Claim(), uuid4())
    assert claimed.task is not None, claimed
    assert agent.execute(c.Advance(task=claimed.task["id"]), uuid4()).ok
