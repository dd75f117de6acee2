"""A task's life through the verbs, end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.scene import CHEAP, DESIGNER, FRONTIER, REVIEWER

from ainarres.domain import commands as c

if TYPE_CHECKING:
    from tests.scene import Scene


def test_a_task_goes_from_proposed_to_done(scene: Scene) -> None:
    task = scene.task("write it", payload={"goal": "x"})
    designer, cheap, reviewer = scene.agent(DESIGNER), scene.agent(CHEAP), scene.agent(REVIEWER)
    claimed = scene.ok(designer, c.Next())
    assert scene.id(claimed) == task
    assert claimed.task is not None
    assert claimed.task["fence"]
    assert claimed.extra["moves"] == [{"verb": "advance", "to": "implementing", "artifacts": []}]
    assert scene.ok(designer, c.Advance(task=task, note="go")).next == ("next",)
    assert scene.id(scene.ok(cheap, c.Claim())) == task
    scene.ok(cheap, c.Progress(task=task, note="half way"))
    scene.ok(cheap, c.Done())
    assert scene.id(scene.ok(reviewer, c.Claim())) == task
    finished = scene.ok(reviewer, c.Advance(task=task))
    assert finished.task is not None
    assert finished.task["terminal"]
    assert scene.agent(FRONTIER).execute(c.Claim()).code == "empty"
