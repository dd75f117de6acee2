"""Tasks go on under a newer version of their workflow: all that can, none that is held, by one event each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.verbs.crowd import events
from tests.scene import CHEAP, DESIGNER, WORKFLOW

from ainarres.domain import commands as c

if TYPE_CHECKING:
    from tests.scene import Scene

RENAMED = WORKFLOW.replace('"implementing"', '"building"')
LONGER = WORKFLOW.replace('lease = "30s"', 'lease = "40s"')


def given_up(scene: Scene, family: str, task: str) -> None:
    agent = scene.agent(family)
    scene.ok(agent, c.Claim(task=task))
    scene.ok(agent, c.Release(task=task, reason="hard"))


def pinned(scene: Scene, task: str) -> tuple[int, str, int]:
    asked = "SELECT workflow_version, stage, attempts FROM projection.board WHERE task = %s"
    row = scene.human.connection.execute(asked, [task]).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def test_a_task_stays_with_its_version_until_it_is_moved(scene: Scene) -> None:
    task = scene.task()
    scene.ok(scene.human, c.AdoptWorkflow(text=LONGER, source="w"))
    assert pinned(scene, task) == (1, "proposed", 0)
    assert pinned(scene, scene.task()) == (2, "proposed", 0)
    moved = scene.ok(scene.human, c.MigrateTasks(workflow="dev"))
    assert (moved.extra["version"], moved.extra["moved"], moved.extra["held"]) == (2, [task], [])
    assert pinned(scene, task) == (2, "proposed", 0)
    assert scene.ok(scene.human, c.MigrateTasks(workflow="dev")).extra["moved"] == []


def test_attempts_start_anew_only_where_the_stage_changes(scene: Scene) -> None:
    proposed, implementing = scene.task(), scene.implementable()
    given_up(scene, DESIGNER, proposed)
    given_up(scene, CHEAP, implementing)
    scene.ok(scene.human, c.AdoptWorkflow(text=RENAMED, source="w"))
    scene.ok(scene.human, c.MigrateTasks(workflow="dev", stages={"implementing": "building"}))
    assert pinned(scene, proposed) == (2, "proposed", 1)
    assert pinned(scene, implementing) == (2, "building", 0)
    scene.ok(scene.agent(CHEAP), c.Claim(task=implementing))


def test_held_tasks_are_left_and_named_and_finished_ones_are_no_business(scene: Scene) -> None:
    held, free, gone = scene.task("held"), scene.task("free"), scene.task("gone")
    agent = scene.agent(DESIGNER)
    scene.ok(agent, c.Claim(task=held))
    scene.ok(scene.human, c.Cancel(task=gone, reason="no"))
    scene.ok(scene.human, c.AdoptWorkflow(text=LONGER, source="w"))
    moved = scene.ok(scene.human, c.MigrateTasks(workflow="dev"))
    assert (moved.extra["moved"], moved.extra["held"]) == ([free], [held])
    assert pinned(scene, gone)[0] == 1
    scene.ok(agent, c.Advance(task=held))  # by the version it is pinned to
    assert pinned(scene, held)[:2] == (1, "implementing")
    assert [str(event.task) for event in events(scene.human.connection, "TaskMigrated")] == [free]


def test_a_stage_that_is_not_there_or_is_the_end_is_refused_and_nothing_moves(scene: Scene) -> None:
    task = scene.implementable()
    scene.ok(scene.human, c.AdoptWorkflow(text=RENAMED, source="w"))
    for stages in ({}, {"implementing": "nowhere"}, {"implementing": "done"}):
        refused = scene.human.execute(c.MigrateTasks(workflow="dev", stages=stages))
        assert (refused.code, refused.extra["field"]) == ("invalid", "stages")
        assert "proposed, building, reviewing" in (refused.reason or "")
    assert pinned(scene, task) == (1, "implementing", 0)
    assert scene.human.execute(c.MigrateTasks(workflow="dve")).code == "not_found"
