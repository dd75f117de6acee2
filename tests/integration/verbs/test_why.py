"""Why a task is not moving, and why an agent gets nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.scene import CHEAP, DESIGNER, FRONTIER, REVIEWER, WORKFLOW

from ainarres.domain import commands as c

if TYPE_CHECKING:
    from tests.scene import Scene


def test_a_free_task_names_who_could_take_it(scene: Scene) -> None:
    told = scene.ok(scene.human, c.Why(task=scene.implementable()))
    assert told.extra["could"] == [FRONTIER, CHEAP]
    assert told.extra["obstacles"] == []


def test_a_held_task_names_the_holder_and_until_when(scene: Scene) -> None:
    task = scene.task()
    scene.ok(scene.agent(DESIGNER, "ann"), c.Claim())
    told = scene.ok(scene.human, c.Why(task=task))
    assert told.extra["obstacles"][0]["cause"] == "held"
    assert told.reason is not None
    assert told.reason.startswith("held by ann until ")


def test_what_is_held_is_inside_the_limit_that_it_fills(scene: Scene) -> None:
    """Its holder is told that nothing is in the way, everybody else that it is held, and the next one of the limit."""
    one = WORKFLOW.replace('key = "proposed"', 'key = "proposed"\nwip = 1')
    scene.ok(scene.human, c.AdoptWorkflow(text=one, source="dev.toml"))
    task, other = scene.task(), scene.task()
    ann = scene.agent(DESIGNER, "ann")
    scene.ok(ann, c.Claim(task=task))
    told = scene.ok(ann, c.Why(task=task))
    assert told.extra["obstacles"] == []
    assert told.reason is not None
    assert told.reason.startswith("you hold it, for ")
    for whoever in (scene.human, scene.agent(DESIGNER)):
        told = scene.ok(whoever, c.Why(task=task))
        assert [one["cause"] for one in told.extra["obstacles"]] == ["held"]
        assert [one["cause"] for one in scene.ok(whoever, c.Why(task=other)).extra["obstacles"]] == ["wip"]


def test_a_waiting_task_names_what_it_waits_on(scene: Scene) -> None:
    first = scene.task("first")
    second = scene.task("second", depends_on=(first,))
    told = scene.ok(scene.human, c.Why(task=second))
    assert [one["task"] for one in told.extra["waits_on"]] == [first]


def test_the_family_rule_is_told_to_the_family_it_keeps_away(scene: Scene) -> None:
    task = scene.implementable()
    frontier = scene.agent(FRONTIER)
    scene.ok(frontier, c.Claim())
    scene.ok(frontier, c.Advance(task=task))
    told = scene.ok(scene.agent(FRONTIER), c.Why(task=task))
    assert [one["cause"] for one in told.extra["obstacles"]] == ["family_rule"]
    assert told.extra["could"] == [REVIEWER]


def test_an_agent_is_told_what_its_lanes_hold_and_why_it_gets_none(scene: Scene) -> None:
    scene.task()
    told = scene.ok(scene.agent(CHEAP), c.Why())
    assert told.reason == "1 needs role:designer"
    assert told.extra["routes"][0]["closed_because"] == "need role:designer"


def test_a_cancelled_prerequisite_is_told_as_such(scene: Scene) -> None:
    first = scene.task("first")
    second = scene.task("second", depends_on=(first,))
    scene.ok(scene.human, c.Cancel(task=first, reason="not wanted"))
    told = scene.ok(scene.human, c.Why(task=second))
    assert [one["cancelled"] for one in told.extra["waits_on"]] == [True]


def test_what_was_just_let_go_of_is_not_held_by_others(scene: Scene) -> None:
    scene.task()
    designer = scene.agent(DESIGNER)
    scene.ok(designer, c.Claim())
    assert scene.ok(designer, c.Done(claim_next=True)).reason == "no open task on these lanes"
