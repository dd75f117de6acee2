"""Short ways to take a task along, for the tests of what went wrong before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.scene import REVIEWER

from ainarres.domain import commands as c
from ainarres.domain.events import Artifact

if TYPE_CHECKING:
    from tests.scene import Scene

    from ainarres.verbs.session import Session

ALL = "everything+one"
ROLES = '"lane:web/dev", "role:designer", "role:implementer", "role:reviewer"'
EVERYTHING = f"""
[[family]]
key = "{ALL}"
maker = "one"
cost_class = 1
grants = [{ROLES}, "tier:2"]
"""


def through(scene: Scene, task: str, *families: str) -> None:
    """Let one new agent of each family take a task and move it on."""
    for family in families:
        agent = scene.agent(family)
        scene.ok(agent, c.Claim(task=task))
        scene.ok(agent, c.Done())


def rejected(scene: Scene, task: str) -> str:
    """Let a reviewer send a task back; return the code."""
    reviewer = scene.agent(REVIEWER)
    scene.ok(reviewer, c.Claim(task=task))
    return scene.ok(reviewer, c.Reject(task=task, reason="no")).code


def given_up(scene: Scene, agent: Session, task: str) -> str:
    scene.ok(agent, c.Claim(task=task))
    return scene.ok(agent, c.Release(task=task, reason="hard")).code


def commit(digest: str, base: str | None = None) -> tuple[Artifact, ...]:
    return (Artifact(type="commit", ref=digest, digest=digest, base=base),)


def one_for_all(scene: Scene) -> str:
    """Register a family with every role and return it."""
    scene.ok(scene.human, c.AdoptFamilies(text=EVERYTHING, source="f"))
    return ALL
