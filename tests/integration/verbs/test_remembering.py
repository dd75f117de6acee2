"""What a session remembers between verbs never outlives a change: others change the world, the next verb knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.scene import DESIGNER, FAMILIES, PROJECT, WORKFLOW, Scene

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.projections import rebuild
from ainarres.verbs.memory import Known

if TYPE_CHECKING:
    from ainarres.verbs.session import Session

Change = Callable[[Scene, "Session"], object]


def warm(scene: Scene) -> Session:
    """Return an agent that has claimed and finished, and so remembers where it looks for work."""
    scene.task("warm-up")
    agent = scene.agent(DESIGNER, "ada")
    scene.ok(agent, c.Claim())
    scene.ok(agent, c.Done())
    told = agent._known.told[agent._token]  # type: ignore[index]
    assert told.ways
    return agent


def families(scene: Scene, old: str, new: str) -> None:
    """Adopt the families with one thing changed."""
    scene.ok(scene.human, c.AdoptFamilies(text=FAMILIES.replace(old, new), source="families.toml"))


CHANGES: dict[str, tuple[Change, str]] = {
    "a grant is gone": (
        lambda s, _: families(s, '["lane:web/dev", "role:designer"]', '["lane:web/dev"]'),
        "empty",
    ),
    "a capability is revoked": (
        lambda s, _: s.ok(s.human, c.RevokeCapability(family=DESIGNER, feature="role:designer", reason="r")),
        "empty",
    ),
    "the lane is paused": (lambda s, _: s.ok(s.human, c.PauseLane(lane="web/dev", reason="r")), "empty"),
    "the token is narrowed": (
        lambda s, a: s.ok(s.human, c.NarrowToken(credential=credential(s, a), narrowing=("lane:web/dev",))),
        "empty",
    ),
    "the token is revoked": (
        lambda s, a: s.ok(s.human, c.RevokeToken(credential=credential(s, a), reason="r")),
        "unauthenticated",
    ),
    "nothing that concerns it": (lambda s, _: s.task("another"), "ok"),
}


def credential(scene: Scene, agent: Session) -> str:
    """Return the id of an agent's credential."""
    with connect(scene.url) as connection:
        row = connection.execute(
            "SELECT id FROM projection.credential WHERE token_sha256 = %s", [agent._token]
        ).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("what", CHANGES)
def test_the_next_claim_knows(scene: Scene, what: str) -> None:
    agent = warm(scene)
    scene.task()
    change, code = CHANGES[what]
    change(scene, agent)
    assert agent.execute(c.Claim()).code == code


def test_what_is_granted_is_found_at_once(scene: Scene) -> None:
    agent = warm(scene)
    assert agent.execute(c.Claim()).code == "empty"
    families(scene, '["lane:web/dev", "role:designer"]', '["lane:web/dev", "role:designer", "role:implementer"]')
    assert scene.ok(agent, c.Claim()).code == "ok"


def test_a_route_that_somebody_else_opened_is_found_at_once(scene: Scene) -> None:
    families(scene, '["lane:web/dev", "role:designer"]', '["lane:web/dev", "role:designer", "tier:2"]')
    agent = warm(scene)
    assert agent.execute(c.Claim()).code == "empty"
    task = scene.task(requires=("tier:2",))
    assert scene.id(scene.ok(agent, c.Claim())) == task


def test_a_limit_that_is_set_meanwhile_holds(scene: Scene) -> None:
    agent = warm(scene)
    scene.task()
    scene.task()
    project = PROJECT + "[lane.wip]\nproposed = 1\n"
    scene.ok(scene.human, c.AdoptProject(text=project, source="project.toml"))
    scene.ok(scene.agent(DESIGNER), c.Claim())
    assert agent.execute(c.Claim()).code == "empty"


def test_a_full_stage_refuses_who_names_its_task(scene: Scene) -> None:
    first, second = scene.task(), scene.task()
    project = PROJECT + "[lane.wip]\nproposed = 1\n"
    scene.ok(scene.human, c.AdoptProject(text=project, source="project.toml"))
    scene.ok(scene.agent(DESIGNER), c.Claim(task=first))
    refused = scene.agent(DESIGNER).execute(c.Claim(task=second))
    assert (refused.code, "work-in-progress" in str(refused.reason)) == ("conflict", True)


def test_a_new_version_of_a_workflow_is_worked_on(scene: Scene) -> None:
    agent = warm(scene)
    scene.ok(scene.human, c.AdoptWorkflow(text=WORKFLOW.replace("max_attempts = 3", "max_attempts = 4"), source="w"))
    task = scene.task()
    assert scene.id(scene.ok(agent, c.Claim())) == task


def test_a_rebuild_ends_what_was_told(scene: Scene) -> None:
    agent = warm(scene)
    scene.task()
    scene.ok(agent, c.Claim())  # told anew: its own move opened a route
    scene.ok(agent, c.Done())
    task = scene.task()
    before = agent._known.told[agent._token]  # type: ignore[index]
    with scene.owner() as owner:
        rebuild.rebuild(owner)
    assert scene.id(scene.ok(agent, c.Claim())) == task
    assert agent._known.told[agent._token] is not before  # type: ignore[index]


def test_a_way_leads_round_what_has_to_be_settled_first(scene: Scene) -> None:
    agent = warm(scene)
    first, second = scene.task(), scene.task()
    assert scene.id(scene.ok(agent, c.Claim())) == first
    assert agent.execute(c.Claim()).code == "already_holding"
    scene.ok(agent, c.Done())
    assert scene.id(scene.ok(agent, c.Claim())) == second


def test_what_is_remembered_is_bounded(scene: Scene) -> None:
    known, told = Known(), warm(scene)._known.told.popitem()[1]
    for number in range(3000):
        known.learn(str(number), told)
    assert len(known.told) <= 1024
