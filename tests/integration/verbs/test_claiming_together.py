"""Many agents ask for work at one moment: each task goes to one of them, and nobody waits for nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.integration.verbs.crowd import WAITING, at_once, events, together, until
from tests.scene import CHEAP, DESIGNER, FRONTIER, WORKFLOW

from ainarres.database.connect import connect
from ainarres.domain import commands as c

if TYPE_CHECKING:
    from tests.database import Clock
    from tests.scene import Scene

    from ainarres.verbs.session import Session

LOCK = "SELECT FROM projection.board WHERE task = ANY (%s::uuid[]) FOR UPDATE"


@pytest.mark.parametrize(("agents", "tasks"), [(10, 4), (3, 8), (50, 20)])
def test_there_are_as_many_winners_as_tasks_or_agents(scene: Scene, agents: int, tasks: int) -> None:
    posted = {scene.task(f"{n}") for n in range(tasks)}
    answers = at_once([scene.agent(DESIGNER) for _ in range(agents)], c.Claim())
    won = [scene.id(answer) for answer in answers if answer.code == "ok"]
    assert len(won) == len(set(won)) == min(agents, tasks)
    assert posted.issuperset(won)
    assert sum(answer.code == "empty" for answer in answers) == agents - len(won)
    assert len(events(scene.human.connection, "TaskClaimed")) == len(won)


def test_one_credential_wins_once_and_is_told_what_it_holds(scene: Scene) -> None:
    for n in range(12):
        scene.task(f"{n}")
    token = scene.token(DESIGNER)
    answers = at_once([scene.session(token) for _ in range(12)], c.Claim())
    won = [answer for answer in answers if answer.code == "ok"]
    assert len(won) == 1
    others = [answer for answer in answers if answer.code == "already_holding"]
    assert len(others) == 11
    assert {scene.id(answer) for answer in others} == {scene.id(won[0])}
    assert all(answer.extra["expires_at"] and answer.extra["holder"] for answer in others)


def test_one_named_task_goes_to_one_agent(scene: Scene) -> None:
    task = scene.task()
    answers = at_once([scene.agent(DESIGNER) for _ in range(8)], c.Claim(task=task))
    assert sorted(answer.code for answer in answers) == ["conflict"] * 7 + ["ok"]


def test_a_locked_head_hides_nothing_behind_it(scene: Scene) -> None:
    tasks = [scene.task(f"{n}", priority=5) for n in range(20)]
    last = scene.task("the last", priority=1)
    with connect(scene.url, idle_seconds=0) as other, other.transaction():
        other.execute(LOCK, [tasks])
        assert scene.id(scene.ok(scene.agent(DESIGNER), c.Claim())) == last
        assert scene.agent(DESIGNER).execute(c.Claim()).code == "empty"


def test_a_claimer_never_waits_for_a_locked_row(scene: Scene) -> None:
    tasks = [scene.task(f"{n}") for n in range(2)]
    agent = scene.agent(DESIGNER)
    agent.connection.execute("SET lock_timeout = 1")
    with connect(scene.url, idle_seconds=0) as other, other.transaction():
        other.execute(LOCK, [tasks[:1]])
        assert agent.execute(c.Claim(task=tasks[0])).code == "conflict"
        assert scene.id(scene.ok(agent, c.Claim())) == tasks[1]


def test_a_claimer_never_waits_for_somebody_else_s_dead_hold(scene: Scene, clock: Clock) -> None:
    stuck, free = scene.task(), scene.task()
    scene.ok(scene.agent(DESIGNER), c.Claim(task=stuck))
    clock.advance(31)
    agent = scene.agent(DESIGNER)
    agent.connection.execute("SET lock_timeout = 1")
    with connect(scene.url, idle_seconds=0) as other, other.transaction():
        other.execute(LOCK, [[stuck]])
        assert scene.id(scene.ok(agent, c.Claim())) == free
        assert scene.agent(DESIGNER).execute(c.Claim()).code == "empty"
    assert scene.id(scene.ok(agent, c.Done(claim_next=True))) == stuck


def test_one_s_own_dead_hold_is_waited_for(scene: Scene, clock: Clock) -> None:
    mine, agent = scene.task(), scene.agent(DESIGNER)
    scene.ok(agent, c.Claim(task=mine))
    clock.advance(31)
    with connect(scene.url, idle_seconds=0) as other:
        other.execute("BEGIN")
        other.execute(LOCK, [[mine]])

        def let_go() -> None:
            until(scene.human.connection, WAITING, 1)
            other.execute("COMMIT")

        claimed, _ = together(lambda: agent.execute(c.Claim()), let_go)
    assert claimed is not None
    assert (claimed.code, scene.id(claimed)) == ("ok", mine)


def test_two_roles_that_share_tasks_empty_the_board(scene: Scene) -> None:
    for n in range(12):
        scene.implementable(f"{n}")
    agents = [scene.agent(family) for family in (CHEAP, FRONTIER) for _ in range(6)]
    assert {answer.code for answer in at_once(agents, c.Claim())} == {"ok"}


def test_a_work_in_progress_limit_holds_under_a_crowd_and_nobody_locks_anybody_up(scene: Scene) -> None:
    text = WORKFLOW.replace('lease = "60s"', 'lease = "60s"\nwip = 1').replace(
        "initial = true", "initial = true\nwip = 2"
    )
    scene.ok(scene.human, c.AdoptWorkflow(text=text, source="w"))
    for n in range(8):
        scene.task(f"{n}", priority=1 + n % 5)
    starter = scene.agent(DESIGNER)
    for _ in range(4):
        scene.ok(starter, c.Claim())
        scene.ok(starter, c.Advance(task=scene.id(scene.ok(starter, c.Next()))))
    both = scene.human.execute(c.AdoptFamilies(text=BOTH, source="f"))
    assert both.ok, both
    agents = [scene.agent("one+for-all") for _ in range(16)]
    for _ in range(5):
        answers = at_once(agents, c.Claim())
        assert sorted(answer.code for answer in answers) == ["empty"] * 13 + ["ok"] * 3
        for agent, answer in zip(agents, answers, strict=True):
            if answer.code == "ok":
                scene.ok(agent, c.Release(task=scene.id(answer), reason="again", cause="infra"))
    found = scene.human.connection.execute(DEADLOCKS).fetchone()
    assert found == (0,)


BOTH = """
[[family]]
key = "one+for-all"
maker = "anybody"
cost_class = 1
grants = ["lane:web/dev", "role:designer", "role:implementer"]
"""
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def test_nobody_is_told_that_there_is_nothing_while_there_is(scene: Scene) -> None:
    """With more tasks than agents and their locks together, no claim may come back empty."""
    for n in range(24):
        scene.task(f"{n}", priority=1 + n % 5)

    def work(agent: Session) -> set[str]:
        codes = set()
        for _ in range(25):
            claimed = agent.execute(c.Claim())
            codes.add(claimed.code)
            if claimed.code == "ok":
                scene.ok(agent, c.Release(task=scene.id(claimed), reason="again", cause="infra"))
                scene.ok(agent, c.Create(lane="dev", title="one more"))
        return codes

    answers = together(*(partial(work, scene.agent(DESIGNER)) for _ in range(8)))
    assert set().union(*answers) == {"ok"}
