"""A multiplied ledger is a ledger: what is copied into the tables is what a fold of the copied events gives."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from bench import lives
from bench.multiply import multiply
from bench.population import Kind, Population
from bench.projections import PROJECT, WORKFLOW
from tests.scene import Scene

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.projections import rebuild

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Database

FAMILIES = "".join(
    f'[[family]]\nkey = "{key}"\nmaker = "{maker}"\ncost_class = 1\ngrants = ["lane:web/dev", "role:designer"]\n'
    for key, (_, maker) in lives.FAMILIES.items()
)
LIVED, OPEN, COPIES = 800, 10, 3


@pytest.fixture
def world(database: Database) -> Iterator[Scene]:
    """Tasks of all kinds, appended and folded; when the test ends, tables and ledger agree."""
    scene = Scene(database, workflow=WORKFLOW.read_text(encoding="utf-8"), families=FAMILIES)
    scene.ok(scene.human, c.AdoptProject(text=PROJECT, source="project.toml"))
    lives.append(scene.human.connection, LIVED)
    gate = scene.task("the gate")
    population = Population(scene.human.connection, "web/dev", "dev", "proposed")
    population.add(OPEN, Kind(stage="proposed"))
    population.add(OPEN, Kind(stage="proposed", depends_on=(UUID(gate),)))
    with scene.owner() as owner:
        rebuild.rebuild(owner)
    yield scene
    scene.close()


def test_tables_and_ledger_agree_after_a_multiplication(world: Scene) -> None:
    before = world.check().rows
    with connect(world.url) as connection:
        held = connection.execute("SELECT count(*) FROM projection.board WHERE holder IS NOT NULL").fetchone()
    assert held is not None
    assert held[0] > 0
    with world.owner() as owner:
        multiply(owner, COPIES)
    after = world.check().rows
    assert after["board"] == before["board"] + COPIES * (before["board"] - held[0])
    assert after["dependency"] == before["dependency"] * (COPIES + 1)
    assert after["evidence"] > before["evidence"] > 0


def test_work_goes_on_on_a_multiplied_ledger(world: Scene) -> None:
    with world.owner() as owner:
        multiply(owner, COPIES)
    agent = world.agent(next(iter(lives.FAMILIES)))
    claimed = world.ok(agent, c.Claim())
    assert world.ok(agent, c.Advance(task=world.id(claimed))).position is not None
