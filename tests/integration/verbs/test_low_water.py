"""A claim beside a held snapshot: what was claimed since stays in the index, and is not walked through every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.scene import DESIGNER

from ainarres.database.connect import connect
from ainarres.domain import commands as c

if TYPE_CHECKING:
    from tests.database import Clock
    from tests.scene import Scene

    from ainarres.verbs.session import Session

MANY = 1200
"""More entries of the index than a claim reads before it leaves a mark."""


def post(scene: Scene, count: int) -> list[UUID]:
    """Create tasks and return their ids, oldest first."""
    for _ in range(count // 200):
        planned = tuple(c.Planned(key=f"t{n}", title="t") for n in range(200))
        scene.ok(scene.human, c.CreateGraph(lane="dev", tasks=planned))
    rows = scene.human.connection.execute("SELECT task FROM projection.board ORDER BY created_position").fetchall()
    return [row[0] for row in rows]


def bury(owner: Any, tasks: list[UUID]) -> None:
    """Take tasks off the board as claims would, leaving their entries in the index."""
    owner.execute("UPDATE projection.board SET blocked = true WHERE task = ANY (%s)", (tasks,))


def claim_and_give_back(scene: Scene, agent: Session) -> UUID:
    """Claim what there is and release it; return which it was."""
    task = scene.id(scene.ok(agent, c.Claim()))
    scene.ok(agent, c.Release(task=task, reason="the provider failed", cause="infra"))
    return UUID(task)


def read(owner: Any, scene: Scene) -> int:
    """Return how many entries of the claim's index a look reads, and undo the look."""
    routes = [row[0] for row in scene.human.connection.execute("SELECT id FROM projection.route").fetchall()]
    index = "'projection.board_route_expr_created_position_idx'::regclass"
    counted = f"SELECT pg_stat_get_xact_tuples_returned({index})"
    with owner.transaction(force_rollback=True):
        before = owner.execute(counted).fetchone()[0]
        owner.execute("SELECT verb.pick(%s, %s, 'nobody')", (routes, [None] * len(routes)))
        return int(owner.execute(counted).fetchone()[0] - before)


def test_a_held_snapshot_makes_no_claim_walk_through_what_is_gone(scene: Scene, clock: Clock) -> None:
    tasks = post(scene, MANY + 200)
    agent = scene.agent(DESIGNER)
    with connect(scene.url) as holder, scene.owner() as owner:
        holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        holder.execute("SELECT count(*) FROM projection.board")
        bury(owner, tasks[:MANY])
        assert read(owner, scene) > MANY
        assert claim_and_give_back(scene, agent) == tasks[MANY]
        assert read(owner, scene) < 10

        owner.execute("UPDATE projection.board SET blocked = false WHERE task = %s", (tasks[0],))
        assert claim_and_give_back(scene, agent) == tasks[MANY]  # the other came in before the mark, and waits
        clock.advance(4)
        assert claim_and_give_back(scene, agent) == tasks[0]
        holder.execute("ROLLBACK")
        owner.execute("UPDATE projection.board SET blocked = false WHERE blocked")  # as the ledger has it


def test_a_mark_hides_nothing_from_who_would_go_away_empty(scene: Scene) -> None:
    tasks = post(scene, MANY + 200)
    agent = scene.agent(DESIGNER)
    with connect(scene.url) as holder, scene.owner() as owner:
        holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        holder.execute("SELECT count(*) FROM projection.board")
        bury(owner, tasks[:MANY])
        claim_and_give_back(scene, agent)
        bury(owner, tasks[MANY:])
        owner.execute("UPDATE projection.board SET blocked = false WHERE task = %s", (tasks[7],))
        assert claim_and_give_back(scene, agent) == tasks[7]
        holder.execute("ROLLBACK")
        owner.execute("UPDATE projection.board SET blocked = false WHERE blocked")  # as the ledger has it
