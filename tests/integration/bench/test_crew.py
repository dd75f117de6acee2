"""Crews on a real database: what a race is made of, for a second each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from bench import crew
from bench.board import FAMILIES, FAMILY, WORKFLOW
from tests.scene import Scene

from ainarres.domain import commands as c

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Database

AGENTS = 2


@pytest.fixture
def race(database: Database) -> Iterator[Scene]:
    """A board with more work than a second needs."""
    scene = Scene(database, workflow=WORKFLOW.replace('key = "race"', 'key = "dev"'), families=FAMILIES)
    tasks = tuple(c.Planned(key=f"t{number}", title="a task") for number in range(2000))
    scene.ok(scene.human, c.CreateGraph(lane="dev", tasks=tasks))
    yield scene
    scene.close()


@pytest.mark.parametrize("way", ["two", "one"])
def test_every_cycle_that_is_counted_is_in_the_ledger(race: Scene, way: str) -> None:
    tokens = [race.token(FAMILY, f"agent-{number}") for number in range(AGENTS)]
    command = [sys.executable, "-m", "bench.cycle", way, race.url, ",".join(tokens)]
    worked = crew.run([command], 0.2)
    row = race.human.connection.execute("SELECT count(*) FROM ledger.event WHERE type = 'TaskAdvanced'").fetchone()
    assert row is not None
    assert len(worked.stamps) == row[0] > 0


def test_paced_agents_note_how_long_a_claim_took(race: Scene) -> None:
    command = [sys.executable, "-m", "bench.cycle", "paced:0.05", race.url, race.token(FAMILY)]
    worked = crew.run([command], 0.2)
    took = list(worked.stamps[1::2])
    assert 0 < len(took) <= 2 + (crew.WARM_UP + 0.2) / 0.05
    assert all(one > 0 for one in took)


def test_a_worker_that_fails_says_why() -> None:
    with pytest.raises(crew.Failed, match="no such thing"):
        crew.run([[sys.executable, "-c", "raise SystemExit('no such thing')"]], 0.1)
