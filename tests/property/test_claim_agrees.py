"""The statement that hands out work and the pure rules agree: the claimed task is the first without an obstacle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, note
from hypothesis import strategies as st
from psycopg.rows import dict_row
from tests.property.profile import trying
from tests.property.world import PLANS, SEEDS, Plan, World, action_of, wipe

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.domain.context import Context
from ainarres.domain.eligibility import covered, obstacles
from ainarres.domain.scoring import CONSIDERED, Asker, Candidate, ranked
from ainarres.projections.board import from_row
from ainarres.projections.evidence import reputation
from ainarres.verbs import identity

if TYPE_CHECKING:
    from tests.database import Clock, Database

    from ainarres.domain.context import Caller
    from ainarres.domain.task import Task

CI = trying(35)
ENOUGH = 60


class Board:
    """The board as plain Python, read once."""

    def __init__(self, world: World) -> None:
        self._world = world
        with world.connection.cursor(row_factory=dict_row) as cursor:
            self._rows = cursor.execute("SELECT * FROM projection.board").fetchall()
            self._lanes = {row["key"]: row for row in cursor.execute("SELECT * FROM projection.lane").fetchall()}
            self._edges = cursor.execute(
                "SELECT task, prerequisite FROM projection.dependency WHERE NOT met"
            ).fetchall()
        self._now = world.clock.now()
        self.tasks = {row["task"]: from_row(row) for row in self._rows}

    def first(self, caller: Caller, lane: str | None) -> Task | None:
        """Return the best task without an obstacle; of a lane that scores, the one that suits best."""
        order = sorted(self._rows, key=lambda row: (-row["priority"], row["created_position"]))
        free = [
            row
            for row in order
            if lane in (None, row["lane"])
            and not obstacles(self.tasks[row["task"]], self._context(self.tasks[row["task"]], caller))
        ]
        if not free or self._lanes[free[0]["lane"]]["settings"]["routing"] != "scored":
            return self.tasks[free[0]["task"]] if free else None
        candidates = [self._candidate(row, caller) for row in free if row["lane"] == free[0]["lane"]]
        best, _ = ranked(candidates[:CONSIDERED], self._asker(caller, candidates))[0]
        return self.tasks[best.task]

    def _candidate(self, row: dict[str, Any], caller: Caller) -> Candidate:
        workflow = self._world.workflow
        named = {name: row[name] for name in ("task", "project", "priority")}
        capability = workflow.capability(covered(workflow, row["stage"], caller.features)[0])
        return Candidate(**named, position=row["created_position"], skills=tuple(row["skills"]), capability=capability)

    def _asker(self, caller: Caller, candidates: list[Candidate]) -> Asker:
        """All tasks are of one project, so the last one's makes no difference here."""
        assert caller.family is not None
        rates = reputation(self._world.connection, caller.family, {one.capability for one in candidates})
        lows = {role: rate.interval[0] for role, rate in rates.items() if rate.interval is not None}
        return Asker(features=caller.features, reputation=lows)

    def _context(self, task: Task, caller: Caller) -> Context:
        return Context(
            now=self._now,
            caller=caller,
            workflow=self._world.workflow,
            lane_paused=self._lanes[task.lane]["paused"],
            unmet=tuple(edge["prerequisite"] for edge in self._edges if edge["task"] == task.id),
            wip_full=self._full(task),
        )

    def _full(self, task: Task) -> bool:
        stage = self._world.workflow.stage(task.stage)
        assert stage is not None
        own = self._lanes[task.lane]["settings"].get("wip", {}).get(task.stage)
        wide = own is None and stage.wip_scope == "project"
        limit = stage.wip if own is None else own
        live = [
            other
            for other in self.tasks.values()
            if other.stage == task.stage and other.hold is not None and other.hold.live(self._now)
        ]
        return limit is not None and sum(wide or other.lane == task.lane for other in live) >= limit


def caller_of(world: World, who: int) -> Caller:
    """Return a caller as the ledger knows it."""
    digest = world.callers[who]._token
    row = world.connection.execute(identity.SQL["caller"], {"token_sha256": digest}).fetchone()
    assert row is not None
    found = identity.identify(row[0], world.clock.now())
    assert isinstance(found, tuple)
    return found[0]


def test_a_claim_takes_the_first_task_without_an_obstacle(database: Database, clock: Clock) -> None:
    counted = {"taken": 0, "scored": 0, "empty": 0}
    with connect(database.url) as connection:

        @CI
        @given(plan=PLANS, seeds=st.lists(SEEDS, min_size=5, max_size=40))
        def agree(plan: Plan, seeds: list[int]) -> None:
            wipe(database)
            world = World(connection, clock, plan)
            path = 0
            for seed in seeds:
                path = hash((path, seed))
                action = action_of(path)
                note(f"{action}")
                world.act(action)
            world.human.execute(c.ResumeLane(lane="web/a", reason="r"))
            for priority, name in ((2, "web/a"), (4, "web/b"), (4, "web/a"), (1, "web/b")):
                world.human.execute(c.Create(lane=name, title="more", priority=priority))
            for priority in (2, 3, 5) if plan.scored else ():
                world.human.execute(c.Create(lane="web/b", title="rusty", priority=priority, skills=("rust",)))
                world.human.execute(c.Create(lane="web/b", title="plain", priority=priority))
            for who in range(len(world.callers) - 1):
                for lane in (None, "web/b"):
                    assert world.human.execute(c.Sweep()).ok
                    board, caller = Board(world), caller_of(world, who)
                    if any(t.hold is not None and t.hold.agent == caller.actor for t in board.tasks.values()):
                        continue
                    expected = board.first(caller, lane)
                    envelope = world.execute(who, c.Claim(lane=lane))
                    if expected is None:
                        assert envelope.code == "empty", envelope
                        counted["empty"] += 1
                        continue
                    assert envelope.task is not None, (envelope, expected)
                    assert envelope.task["id"] == str(expected.id)
                    assert envelope.event is not None
                    counted["scored" if envelope.event["body"].get("score") else "taken"] += 1

        agree()
    assert min(counted["taken"], counted["scored"] * 3, counted["empty"]) >= ENOUGH, counted
