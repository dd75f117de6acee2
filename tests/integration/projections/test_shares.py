"""A fold in several processes gives what one gives, in the caller's snapshot and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.scene import CHEAP, DESIGNER, REVIEWER

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.ledger import store
from ainarres.projections import rebuild, shares

if TYPE_CHECKING:
    import psycopg
    import pytest
    from tests.integration.projections.story import Story
    from tests.scene import Scene


def folded(connection: psycopg.Connection[object], workers: int) -> tuple[list[object], set[int], int]:
    found = list(shares.everything(connection, store.END, workers=workers, worth=0))
    rows = sorted(row for share in found for row in share.rows)
    return list(rows), {route for share in found for route in share.routes}, sum(share.events for share in found)


def test_two_processes_fold_what_one_folds(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "EVENTS", 10)
    with connect(story.scene.url, idle_seconds=0) as connection:
        alone = folded(connection, 1)
        assert len(list(shares.everything(connection, store.END, workers=1))) > 2, "too few shares to mix up"
        assert folded(connection, 2) == alone
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert folded(connection, 2) == alone
        connection.execute("COMMIT")


def test_workers_see_the_snapshot_of_who_asks(story: Story) -> None:
    with connect(story.scene.url, idle_seconds=0) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        before = folded(connection, 1)
        story.scene.ok(story.scene.human, c.Amend(task=story.t4, title="another"))
        assert folded(connection, 2) == before
        connection.execute("COMMIT")
        assert folded(connection, 1) != before


def test_a_rebuild_in_rounds_ends_in_the_same_tables(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verbs go on between the filling and the swap: what they touched, and what waits on it, is written again."""
    monkeypatch.setattr(rebuild, "TAIL", -1)
    monkeypatch.setattr(rebuild, "ROUNDS", 4)
    first = scene.task()
    waiting = scene.task(depends_on=(first,))
    hands = [scene.agent(family) for family in (DESIGNER, CHEAP, REVIEWER)]
    refill = rebuild._Filler.refill

    def busy(filler: rebuild._Filler, after: int, upto: int) -> None:
        refill(filler, after, upto)
        if hands:
            agent = hands.pop(0)
            scene.ok(agent, c.Claim(task=first))
            scene.ok(agent, c.Advance(task=first))

    monkeypatch.setattr(rebuild._Filler, "refill", busy)
    with scene.owner() as owner:
        assert rebuild.rebuild(owner) == store.horizon(owner)
        assert not hands
        assert rebuild.check(owner).difference is None
        row = owner.execute("SELECT ready FROM projection.board WHERE task = %s", [waiting]).fetchone()
    assert row == (True,)
