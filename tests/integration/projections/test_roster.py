"""The registry of agents: what each may do now, what it holds, how its family's work was judged, and who sees that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.scene import CHEAP, DESIGNER, FAMILIES, FRONTIER, REVIEWER

from ainarres.domain import commands as c
from ainarres.domain.refusal import Refusal
from ainarres.projections import roster
from ainarres.projections.intervals import wilson

if TYPE_CHECKING:
    from tests.database import Clock
    from tests.scene import Scene


def listed(scene: Scene, **more: Any) -> dict[str, dict[str, Any]]:
    found = roster.read(scene.human.connection, **more)
    assert not isinstance(found, Refusal)
    return {one.name: one.to_json() for one in found}


def test_an_agent_is_shown_with_what_it_may_do_and_holds(scene: Scene) -> None:
    skilled = FAMILIES.replace("cost_class = 2\ngrants", 'cost_class = 2\nskills = ["sql"]\ngrants', 1)
    scene.ok(scene.human, c.AdoptFamilies(text=skilled, source="f"))
    task = scene.implementable("parse")
    frontier = scene.agent(FRONTIER, "grok-1")
    scene.ok(frontier, c.Claim(task=task))
    one = listed(scene)["grok-1"]
    assert {name: one[name] for name in ("family", "maker", "state", "roles", "lanes", "skills", "tier")} == {
        "family": FRONTIER,
        "maker": "xai",
        "state": "live",
        "roles": ["implementer", "reviewer"],
        "lanes": ["web/dev"],
        "skills": ["sql"],
        "tier": 2,
    }
    assert (one["holds"]["task"], one["holds"]["stage"], one["holds"]["title"]) == (task, "implementing", "parse")
    text = roster.render([one])
    assert text.startswith("agents (1):\n- grok-1 (grok+grok-build): implementer, reviewer; lanes web/dev; tier 2; ")
    assert "[implementing] parse" in text


def test_narrowing_and_denial_show_and_a_dead_hold_does_not(scene: Scene, clock: Clock) -> None:
    token = scene.token(FRONTIER, "grok-1", narrowing=("lane:web/dev", "role:implementer"))
    scene.implementable()
    scene.ok(scene.session(token), c.Claim())
    assert listed(scene)["grok-1"]["roles"] == ["implementer"]
    scene.ok(scene.human, c.RevokeCapability(family=FRONTIER, feature="role:implementer", reason="bad"))
    clock.advance(61)
    one = listed(scene)["grok-1"]
    assert (one["roles"], one["denied"], one["holds"]) == ([], ["role:implementer"], None)
    assert "no role" in roster.render([one])


def test_a_reputation_is_of_the_family_role_by_role(scene: Scene) -> None:
    cheap, reviewer = scene.agent(CHEAP, "one"), scene.agent(REVIEWER)
    scene.agent(CHEAP, "two")
    for number in range(3):
        task = scene.implementable()
        scene.ok(cheap, c.Claim(task=task))
        scene.ok(cheap, c.Done())
        scene.ok(reviewer, c.Claim(task=task))
        scene.ok(reviewer, c.Reject(task=task, reason="no") if number else c.Advance(task=task))
    found, low = listed(scene), wilson(1, 3)
    assert low is not None
    assert found["one"]["reputation"] == found["two"]["reputation"]
    rate = found["one"]["reputation"]["implementer"]
    assert (rate["hits"], rate["of"], rate["low"]) == (1, 3, low[0])
    assert found["one"]["reputation"].keys() == {"implementer"}
    assert "implementer: 1 of 3 passed first, at least 6% with 95% confidence" in roster.render([found["two"]])


def test_who_is_gone_is_listed_only_when_asked_for(scene: Scene) -> None:
    scene.agent(CHEAP, "here")
    gone = scene.ok(scene.human, c.IssueToken(family=CHEAP, agent="gone"))
    scene.ok(scene.human, c.RevokeToken(credential=gone.extra["credential"], reason="lost"))
    scene.ok(scene.human, c.IssueToken(scope="monitor", agent="watcher"))
    assert listed(scene, family=CHEAP).keys() == {"here"}
    assert listed(scene, gone=True)["gone"]["state"] == "revoked"
    assert "watcher" not in listed(scene, gone=True)
    scene.agent(CHEAP, "gone")
    assert listed(scene)["gone"]["state"] == "live"
    found = roster.read(scene.human.connection, family="opencode+qwem")
    assert isinstance(found, Refusal)
    assert f"did you mean {CHEAP}?" in found.reason


def test_a_reader_of_some_lanes_sees_who_works_there_and_no_other_lane_s_holds(scene: Scene) -> None:
    scene.task()
    scene.ok(scene.agent(DESIGNER, "ann"), c.Claim())
    assert listed(scene, lanes={"web/dev"})["ann"]["holds"] is not None
    assert listed(scene, lanes={"web/other"}) == {}
    assert listed(scene, lanes=set()) == {}
