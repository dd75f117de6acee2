"""Create, graphs, templates, and what is born of a brief."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.scene import DESIGNER

from ainarres import stock
from ainarres.domain import commands as c

if TYPE_CHECKING:
    from tests.scene import Scene


def test_a_graph_is_posted_whole_and_waits_along_its_edges(scene: Scene) -> None:
    planned = (
        c.Planned(key="last", title="last", after=("left", "right")),
        c.Planned(key="left", title="left", after=("first",)),
        c.Planned(key="right", title="right", after=("first",)),
        c.Planned(key="first", title="first"),
    )
    made = scene.ok(scene.human, c.CreateGraph(lane="dev", tasks=planned)).extra["tasks"]
    designer = scene.agent(DESIGNER)
    assert scene.id(scene.ok(designer, c.Claim())) == made["first"]
    assert scene.agent(DESIGNER).execute(c.Claim()).reason == "3 wait on prerequisites, 1 held by others"


def test_a_cycle_is_refused_and_nothing_is_posted(scene: Scene) -> None:
    planned = (c.Planned(key="a", title="a", after=("b",)), c.Planned(key="b", title="b", after=("a",)))
    refused = scene.human.execute(c.CreateGraph(lane="dev", tasks=planned))
    assert (refused.code, refused.extra["field"]) == ("invalid", "tasks")
    assert scene.check().rows["board"] == 0


def test_a_graph_names_its_own_tasks_in_after(scene: Scene) -> None:
    planned = (c.Planned(key="a", title="a"), c.Planned(key="b", title="b", depends_on=("a",)))
    refused = scene.human.execute(c.CreateGraph(lane="dev", tasks=planned))
    assert refused.code == "invalid"
    assert str(refused.reason).endswith("write after = ['a']")


def test_a_template_becomes_tasks(scene: Scene) -> None:
    text = stock.read("template", "feature")
    applied = c.Apply(text=text, source="feature", lane="dev", parameters={"title": "search"})
    made = scene.ok(scene.human, applied).extra["tasks"]
    assert list(made) == ["research", "plan", "implement", "test", "review", "document"]
    refused = scene.human.execute(c.Apply(text=text, source="feature", lane="dev"))
    assert (refused.code, refused.extra["field"]) == ("invalid", "parameters")


def test_tasks_made_while_holding_a_brief_descend_from_it(scene: Scene) -> None:
    brief = scene.task("the brief")
    designer = scene.agent(DESIGNER)
    scene.ok(designer, c.Claim())
    child = scene.ok(designer, c.Create(lane="dev", title="a part"))
    assert child.event is not None
    row = scene.human.connection.execute(
        "SELECT correlation, causation FROM ledger.event WHERE position = %s", (child.position,)
    ).fetchone()
    assert row is not None
    assert str(row[0]) == brief
    claimed = scene.human.connection.execute("SELECT position FROM ledger.event WHERE type = 'TaskClaimed'").fetchone()
    assert claimed is not None
    assert row[1] == claimed[0]


def test_a_waiting_claim_gets_what_is_created(scene: Scene) -> None:
    found = []
    designer = scene.agent(DESIGNER)
    waiting = Thread(target=lambda: found.append(designer.execute(c.Claim(wait="20s"), uuid4())))
    waiting.start()
    task = scene.task()
    waiting.join(20)
    assert [scene.id(one) for one in found] == [task]
