"""What waits on what: never started early, never left waiting on something done, never in a circle."""

from __future__ import annotations

import os
from threading import Barrier
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.integration.verbs.crowd import WAITING, events, together, until
from tests.scene import DESIGNER, PROJECT, REVIEWER, Scene

from ainarres.domain import commands as c

if TYPE_CHECKING:
    from tests.database import Database

    from ainarres.verbs.session import Session

RACES = int(os.environ.get("AINARRES_RACES", "2000"))
"""How often a dependent is created while its prerequisite finishes."""
SHORT = """
key = "short"
title = "One step"
[[stage]]
key = "open"
initial = true
lease = "1h"
[[stage]]
key = "done"
terminal = true
[[transition]]
from = "open"
to = "done"
requires = ["role:designer"]
"""
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def short(scene: Scene) -> Scene:
    """Let the lane's tasks take one step."""
    scene.ok(scene.human, c.AdoptWorkflow(text=SHORT, source="s"))
    scene.ok(scene.human, c.AdoptProject(text=PROJECT.replace('workflow = "dev"', 'workflow = "short"'), source="p"))
    return scene


def finish(scene: Scene, *tasks: str) -> None:
    for task in tasks:
        agent = scene.agent(DESIGNER)
        scene.ok(agent, c.Claim(task=task))
        scene.ok(agent, c.Done())


def waits(scene: Scene, task: str) -> int:
    row = scene.human.connection.execute("SELECT waits FROM projection.board WHERE task = %s", [task]).fetchone()
    assert row is not None
    return int(row[0])


def test_what_cannot_be_waited_on_is_refused_by_name(scene: Scene) -> None:
    cancelled = scene.task()
    scene.ok(scene.human, c.Cancel(task=cancelled, reason="no"))
    for wrong in (str(uuid4()), cancelled, "beef", "no task"):
        for verb in (
            c.Create(lane="dev", title="t", depends_on=(wrong,)),
            c.Amend(task=scene.task(), depends_on=(wrong,)),
            c.CreateGraph(lane="dev", tasks=(c.Planned(key="a", title="a", depends_on=(wrong,)),)),
        ):
            refused = scene.human.execute(verb)
            assert (refused.code, refused.extra["field"]) == ("invalid", "depends_on"), verb
            assert refused.reason is not None
            assert refused.reason.startswith("depends_on: ")


def test_a_diamond_opens_from_the_top(scene: Scene) -> None:
    short(scene)
    top = scene.task("top")
    left, right = scene.task("left", depends_on=(top,)), scene.task("right", depends_on=(top[:18],))
    bottom = scene.task("bottom", depends_on=(left, right, left))
    agent = scene.agent(DESIGNER)
    assert agent.execute(c.Claim(task=bottom)).code == "conflict"
    assert waits(scene, bottom) == 2
    finish(scene, top, left)
    assert (waits(scene, right), waits(scene, bottom)) == (0, 1)
    assert agent.execute(c.Claim(task=bottom)).code == "conflict"
    finish(scene, right, bottom)
    assert waits(scene, scene.task("after", depends_on=(bottom,))) == 0


def test_a_cancelled_prerequisite_parks_what_waits_until_it_is_waived(scene: Scene) -> None:
    short(scene)
    first, second = scene.task("first"), scene.task("second")
    last = scene.task("last", depends_on=(first, second))
    scene.ok(scene.human, c.Cancel(task=first, reason="no"))
    (blocked,) = events(scene.human.connection, "TaskBlocked")
    assert (str(blocked.task), blocked.body["cause"]) == (last, "prerequisite_cancelled")
    opened = scene.ok(scene.human, c.Unblock(task=last, reason="without it"))
    assert opened.event is not None
    assert opened.event["body"]["waived"] == [first]
    assert waits(scene, last) == 1
    finish(scene, second)
    finish(scene, last)


def test_an_amendment_opens_and_closes(scene: Scene) -> None:
    short(scene)
    one, other, task = scene.task("one"), scene.task("other"), scene.task("task")
    scene.ok(scene.human, c.Amend(task=task, depends_on=(one, other)))
    assert waits(scene, task) == 2
    finish(scene, other)
    scene.ok(scene.human, c.Amend(task=task, depends_on=(other,)))
    assert waits(scene, task) == 0
    agent = scene.agent(DESIGNER)
    scene.ok(agent, c.Claim(task=task))
    assert scene.human.execute(c.Amend(task=task, depends_on=())).code == "conflict"


def test_an_amendment_that_closes_a_circle_is_refused(scene: Scene) -> None:
    first = scene.task()
    second = scene.task(depends_on=(first,))
    third = scene.task(depends_on=(second,))
    for circle in (first, second, third):
        refused = scene.human.execute(c.Amend(task=first, depends_on=(circle,)))
        assert (refused.code, refused.extra["field"]) == ("invalid", "depends_on")


def test_two_amendments_at_once_close_no_circle(scene: Scene) -> None:
    third = scene.task("third")
    second = scene.task("second", depends_on=(third,))
    first = scene.task("first")
    fourth = scene.task("fourth", depends_on=(first,))
    with scene.owner() as owner:

        def hold_back() -> str:
            until(scene.human.connection, WAITING, 2)
            return owner.execute("COMMIT").statusmessage or ""

        owner.execute("BEGIN")
        owner.execute("LOCK TABLE projection.dependency IN EXCLUSIVE MODE")  # edges may be read, not written
        one, other = scene.session(), scene.session()
        answers = together(
            lambda: one.execute(c.Amend(task=first, depends_on=(second,))).code,
            lambda: other.execute(c.Amend(task=third, depends_on=(fourth,))).code,
            hold_back,
        )
    assert sorted(answers[:2]) == ["invalid", "ok"]


def test_an_amendment_and_the_end_of_its_prerequisite_do_not_hold_each_other_up(scene: Scene) -> None:
    before = scene.implementable("before")
    after = scene.task("after", depends_on=(before,))
    cheap, reviewer = scene.agent("opencode+qwen"), scene.agent(REVIEWER)
    scene.ok(cheap, c.Claim(task=before))
    scene.ok(cheap, c.Done())
    scene.ok(reviewer, c.Claim(task=before))
    amender, barrier = scene.session(), Barrier(2)
    with scene.owner() as owner:
        owner.execute("BEGIN")
        owner.execute("SELECT FROM projection.board WHERE task = %s FOR UPDATE", [before])

        def amend() -> str:
            barrier.wait()
            return amender.execute(c.Amend(task=after, depends_on=(before,), title="new words")).code

        def in_turn() -> str:
            until(scene.human.connection, WAITING, 1)
            barrier.wait()
            until(scene.human.connection, WAITING, 2)
            owner.execute("COMMIT")
            return "ok"

        answers = together(lambda: reviewer.execute(c.Done()).code, amend, in_turn)
    assert answers == ["ok", "ok", "ok"]
    assert waits(scene, after) == 0
    assert scene.human.connection.execute(DEADLOCKS).fetchone() == (0,)


def test_nothing_is_left_waiting_on_something_done(database: Database) -> None:
    scene = short(Scene(database))
    planned = tuple(c.Planned(key=f"{n}", title=f"{n}", priority=5) for n in range(RACES))
    tasks = list(scene.ok(scene.human, c.CreateGraph(lane="dev", tasks=planned)).extra["tasks"].values())
    finisher, creator, turn = scene.agent(DESIGNER), scene.session(), Barrier(2)
    assert scene.id(scene.ok(finisher, c.Claim(task=tasks[0]))) == tasks[0]

    def end() -> None:
        for _ in tasks:
            turn.wait()
            assert finisher.execute(c.Done(claim_next=True)).ok

    def create() -> None:
        for task in tasks:
            turn.wait()
            assert creator.execute(c.Create(lane="dev", title="after", priority=1, depends_on=(task,))).ok

    together(end, create)
    left = "SELECT count(*) FILTER (WHERE waits > 0), count(*) FILTER (WHERE NOT terminal) FROM projection.board"
    assert scene.human.connection.execute(left).fetchone() == (0, RACES)
    assert scene.human.connection.execute(DEADLOCKS).fetchone() == (0,)
    scene.close()


def test_a_thousand_wide_fan_runs_out_and_in_without_a_deadlock(scene: Scene) -> None:
    short(scene)
    wide = [f"{n}" for n in range(1000)]
    planned = (
        c.Planned(key="root", title="root"),
        *(c.Planned(key=key, title=key, after=("root",)) for key in wide),
        c.Planned(key="sink", title="sink", after=tuple(wide)),
    )
    ids = scene.ok(scene.human, c.CreateGraph(lane="dev", tasks=planned)).extra["tasks"]
    finish(scene, ids["root"])
    agents = [scene.agent(DESIGNER) for _ in range(8)]

    def drain(agent: Session) -> int:
        done = 0
        held = agent.execute(c.Claim()).task
        while held is not None:
            done += 1
            held = agent.execute(c.Done(claim_next=True)).task
        return done

    done = sum(together(*((lambda a=agent: drain(a)) for agent in agents)))
    done += drain(agents[0])  # the sink opens with the last of them, after everybody looked
    assert done == 1001
    assert len(events(scene.human.connection, "TaskAdvanced")) == 1002
    assert scene.human.connection.execute(DEADLOCKS).fetchone() == (0,)


def test_what_waits_on_many_is_parked_with_each(scene: Scene) -> None:
    short(scene)
    planned = (
        c.Planned(key="root", title="root"),
        *(c.Planned(key=f"{n}", title=f"{n}", after=("root",)) for n in range(200)),
    )
    ids = scene.ok(scene.human, c.CreateGraph(lane="dev", tasks=planned)).extra["tasks"]
    scene.ok(scene.human, c.Cancel(task=ids["root"], reason="no"))
    assert len(events(scene.human.connection, "TaskBlocked")) == 200
