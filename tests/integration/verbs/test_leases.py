"""Leases: kept by their holder, recovered by whoever asks for work, and what failed attempts lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.verbs.crowd import at_once, count, events
from tests.scene import CHEAP, DESIGNER, FRONTIER, REVIEWER

from ainarres.domain import commands as c

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.database import Clock
    from tests.scene import Scene

    from ainarres.verbs.session import Session


def hold(scene: Scene, agent: Session, task: str) -> int:
    claimed = scene.ok(agent, c.Claim(task=task)).task
    assert claimed is not None
    fence = claimed["fence"]
    assert isinstance(fence, int)
    return fence


def fail(scene: Scene, agent: Session, task: str, times: int) -> None:
    for _ in range(times):
        hold(scene, agent, task)
        scene.ok(agent, c.Release(task=task, reason="hard"))


def board(scene: Scene, task: str, column: str) -> object:
    row = scene.human.connection.execute(f"SELECT {column} FROM projection.board WHERE task = %s", [task]).fetchone()
    assert row is not None
    return row[0]


def test_who_let_a_lease_run_out_is_charged_whoever_finds_it(scene: Scene, clock: Clock) -> None:
    task = scene.implementable()
    lost, finder = scene.agent(CHEAP, "lost"), scene.agent(FRONTIER, "finder")
    hold(scene, lost, task)
    clock.advance(61)
    assert scene.id(scene.ok(finder, c.Claim())) == task
    (expired,) = events(scene.human.connection, "LeaseExpired")
    assert (expired.subject_agent, expired.subject_family) == ("lost", CHEAP)
    assert (expired.actor, expired.family, expired.capability) == ("finder", FRONTIER, "role:implementer")
    assert (expired.body["attempts"], expired.command) == (1, None)
    claimed = events(scene.human.connection, "TaskClaimed")[-1]
    assert (claimed.actor, claimed.body["attempt"]) == ("finder", 2)


def test_one_s_own_dead_hold_goes_first(scene: Scene, clock: Clock) -> None:
    other, mine = scene.task("other"), scene.task("mine")
    me = scene.agent(DESIGNER, "me")
    hold(scene, scene.agent(DESIGNER, "other"), other)
    hold(scene, me, mine)
    clock.advance(31)
    scene.ok(me, c.Claim())
    expired = events(scene.human.connection, "LeaseExpired")
    assert [event.subject_agent for event in expired] == ["me", "other"]


def test_one_s_own_dead_hold_is_recovered_without_its_lane(scene: Scene, clock: Clock) -> None:
    task = scene.task()
    me = scene.agent(DESIGNER, "me")
    hold(scene, me, task)
    scene.ok(scene.human, c.RevokeCapability(family=DESIGNER, feature="lane:web/dev", reason="gone"))
    clock.advance(31)
    assert me.execute(c.Claim()).code == "empty"
    assert board(scene, task, "holder") is None


def test_more_dead_holds_than_one_transaction_records_are_all_recovered(scene: Scene, clock: Clock) -> None:
    for n in range(37):
        hold(scene, scene.agent(DESIGNER), scene.task(f"{n}"))
    clock.advance(31)
    answers = at_once([scene.agent(DESIGNER) for _ in range(4)], c.Claim())
    assert len(events(scene.human.connection, "LeaseExpired")) == 37
    assert {answer.code for answer in answers} <= {"ok", "empty"}
    assert sum(answer.code == "ok" for answer in answers) >= 1


def test_a_lane_without_its_feature_is_not_recovered_by_outsiders(scene: Scene, clock: Clock) -> None:
    task = scene.task()
    hold(scene, scene.agent(DESIGNER), task)
    clock.advance(31)
    outsider = scene.session(scene.token(CHEAP, narrowing=("role:implementer",)))
    assert outsider.execute(c.Claim()).code == "empty"
    assert events(scene.human.connection, "LeaseExpired") == []
    assert outsider.execute(c.Claim(task=task)).code == "not_eligible"


def test_a_heartbeat_renews_once_half_the_lease_is_gone(scene: Scene, clock: Clock) -> None:
    task = scene.task()
    agent = scene.agent(DESIGNER)
    clock.set(clock.now())
    hold(scene, agent, task)
    version, deadline = board(scene, task, "version"), board(scene, task, "lease_expires_at")
    clock.advance(14.9)
    early = scene.ok(agent, c.Heartbeat(task=task))
    assert (early.event, early.position) == (None, None)
    assert board(scene, task, "lease_expires_at") == deadline
    clock.advance(0.1)
    late = scene.ok(agent, c.Heartbeat(task=task))
    assert late.event is not None
    assert late.event["stream"].startswith("lease-")
    assert board(scene, task, "lease_expires_at") != deadline
    assert board(scene, task, "version") == version
    clock.advance(29.9)
    scene.ok(agent, c.Progress(task=task, note="still here"))
    clock.advance(29.9)
    scene.ok(agent, c.Advance(task=task))


LATE: dict[str, Callable[[str, int | None], c.Command]] = {
    "progress": lambda t, f: c.Progress(task=t, fence=f, note="n"),
    "heartbeat": lambda t, f: c.Heartbeat(task=t, fence=f),
    "advance": lambda t, f: c.Advance(task=t, fence=f),
    "reject": lambda t, f: c.Reject(task=t, fence=f, reason="n"),
    "release": lambda t, f: c.Release(task=t, fence=f, reason="n"),
    "block": lambda t, f: c.Block(task=t, fence=f, reason="n"),
    "done": lambda t, f: c.Done(task=t, fence=f),
    "done and next": lambda t, f: c.Done(task=t, fence=f, claim_next=True),
}


def test_a_late_holder_a_zombie_and_a_wrong_fence_lose(scene: Scene, clock: Clock) -> None:
    task = scene.task()
    lost, finder = scene.agent(DESIGNER, "lost"), scene.agent(DESIGNER, "finder")
    old = hold(scene, lost, task)
    for name, verb in LATE.items():
        assert lost.execute(verb(task, old + 1)).code == "lease_lost", name
    clock.advance(30)
    for name, verb in LATE.items():
        late = lost.execute(verb(task, old))
        assert (late.code, late.extra["holder"]) == ("lease_lost", "lost"), name
    assert events(scene.human.connection, "LeaseExpired") == []  # a refused verb finds nothing out
    hold(scene, finder, task)
    for name, verb in LATE.items():
        zombie = lost.execute(verb(task, old))
        assert (zombie.code, zombie.extra["holder"]) == ("lease_lost", "finder"), name
    scene.ok(finder, c.Release(task=task, reason="n"))
    again = hold(scene, lost, task)
    assert again != old
    for name, verb in LATE.items():
        assert lost.execute(verb(task, old)).code == "lease_lost", name
    scene.ok(lost, c.Advance(task=task, fence=again))


def test_a_lease_that_ends_between_two_looks_is_recorded_as_ended(scene: Scene) -> None:
    task = scene.task()
    hold(scene, scene.agent(DESIGNER, "lost"), task)
    finder = scene.agent(DESIGNER, "finder")
    with scene.owner() as owner:
        owner.execute(JUMPING_CLOCK)
        owner.execute("GRANT ALL ON SEQUENCE test_clock.looks TO public")
    claimed = finder.execute(c.Claim(task=task))
    with scene.owner() as owner:
        owner.execute(
            "CREATE OR REPLACE FUNCTION test_clock.now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
            "'SELECT clock_timestamp() + interval ''61 seconds'''"
        )
    assert claimed.code == "ok", claimed
    assert [event.subject_agent for event in events(scene.human.connection, "LeaseExpired")] == ["lost"]


JUMPING_CLOCK = """
CREATE SEQUENCE test_clock.looks;
CREATE OR REPLACE FUNCTION test_clock.now() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT clock_timestamp() + (nextval(''test_clock.looks'') > 1)::integer * interval ''31 seconds''';
"""


def test_poison_is_parked_and_an_unblock_starts_from_zero(scene: Scene) -> None:
    task, agent = scene.task(), scene.agent(DESIGNER)
    fail(scene, agent, task, 2)
    hold(scene, agent, task)
    last = scene.ok(agent, c.Release(task=task, reason="hard"))
    assert (last.code, last.reason) == ("blocked", "parked: max attempts; an operator may unblock it")
    assert agent.execute(c.Claim()).code == "empty"
    assert agent.execute(c.Claim(task=task)).code == "conflict"
    assert agent.execute(c.Unblock(task=task, reason="again")).code == "not_eligible"
    opened = scene.ok(scene.human, c.Unblock(task=task, reason="again"))
    assert opened.task is not None
    assert (opened.task["attempts"], opened.task["blocked"]) == (0, False)
    fail(scene, agent, task, 2)
    assert board(scene, task, "blocked") is False


def test_poison_by_expiry_is_parked_by_the_finder_who_gets_nothing(scene: Scene, clock: Clock) -> None:
    task = scene.task()
    for _ in range(3):
        hold(scene, scene.agent(DESIGNER), task)
        clock.advance(31)
    assert scene.agent(DESIGNER).execute(c.Claim()).code == "empty"
    (blocked,) = events(scene.human.connection, "TaskBlocked")
    assert blocked.body["cause"] == "max_attempts"
    assert blocked.body["attempts"] == 3


@pytest.mark.parametrize("by", ["release", "expiry"])
def test_a_task_too_hard_climbs_a_tier_at_its_stage_only(scene: Scene, clock: Clock, by: str) -> None:
    task, cheap, frontier = scene.implementable(), scene.agent(CHEAP), scene.agent(FRONTIER)
    if by == "release":
        fail(scene, cheap, task, 2)
    else:
        for _ in range(2):
            hold(scene, cheap, task)
            clock.advance(61)
            scene.ok(scene.human, c.Sweep())
    empty = cheap.execute(c.Claim())
    assert (empty.code, empty.reason) == ("empty", "1 needs tier:2")
    assert cheap.execute(c.Claim(task=task)).code == "not_eligible"
    claimed = scene.ok(frontier, c.Claim()).task
    assert claimed is not None
    assert (claimed["id"], claimed["tier"], claimed["attempts"]) == (task, 2, 0)
    scene.ok(frontier, c.Done())
    reviewed = scene.ok(scene.agent(REVIEWER), c.Claim()).task
    assert reviewed is not None
    assert (reviewed["id"], reviewed["tier"]) == (task, None)
    (escalated,) = events(scene.human.connection, "TaskEscalated")
    assert (escalated.body["from_tier"], escalated.body["to_tier"]) == (1, 2)


def test_the_top_rung_is_parked(scene: Scene) -> None:
    task, frontier = scene.implementable(), scene.agent(FRONTIER)
    fail(scene, frontier, task, 4)
    hold(scene, frontier, task)
    assert scene.ok(frontier, c.Release(task=task, reason="hard")).code == "blocked"
    assert len(events(scene.human.connection, "TaskEscalated")) == 1


def test_what_is_not_the_task_s_fault_burns_no_attempt(scene: Scene) -> None:
    task, agent = scene.task(), scene.agent(DESIGNER)
    for n in range(7):
        hold(scene, agent, task)
        scene.ok(agent, c.Release(task=task, reason="provider down", cause="infra"))
        assert board(scene, task, "attempts") == max(0, n - 4)
    scene.ok(scene.human, c.Unblock(task=task, reason="open already"))
    hold(scene, agent, task)
    scene.ok(scene.human, c.Release(task=task, reason="mine"))
    assert board(scene, task, "attempts") == 2


def test_a_sweep_records_every_lane_and_only_for_operators(scene: Scene, clock: Clock) -> None:
    hold(scene, scene.agent(DESIGNER), scene.task())
    clock.advance(31)
    assert scene.agent(DESIGNER).execute(c.Sweep()).code == "not_eligible"
    assert scene.ok(scene.human, c.Sweep()).extra == {"recovered": 1}
    before = count(scene.human.connection)
    assert scene.ok(scene.human, c.Sweep()).extra == {"recovered": 0}
    assert count(scene.human.connection) == before
