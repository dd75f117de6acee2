"""When a person is asked to look at revoking for good: as often as the policy in force says, and never by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.verbs.crowd import events
from tests.scene import CHEAP, FRONTIER

from ainarres import stock
from ainarres.domain import commands as c
from ainarres.projections import governed

if TYPE_CHECKING:
    from tests.database import Clock
    from tests.scene import Scene

ROLE = "role:implementer"


def suspend(scene: Scene, clock: Clock, family: str = CHEAP) -> None:
    scene.ok(scene.human, c.Suspend(family=family, feature=ROLE, reason="look first"))
    clock.advance(3601)


def recommended(scene: Scene) -> list[tuple[str, str, int]]:
    found = governed.read(scene.human.connection).recommended
    return [(row["family"], row["feature"], row["suspensions"]) for row in found]


def bears(scene: Scene, times: int, scope: str = "", key: str = "mine") -> None:
    text = f'key = "{key}"\n{scope}[rule.strikes]\n[action.suspend]\nrecommend_after = {times}\n'
    scene.ok(scene.human, c.AdoptPolicy(text=text, source="p.toml"))


def test_the_third_suspension_where_no_policy_says_otherwise(scene: Scene, clock: Clock) -> None:
    for _ in range(2):
        suspend(scene, clock)
        assert recommended(scene) == []
    suspend(scene, clock)
    assert recommended(scene) == [(CHEAP, ROLE, 3)]
    assert events(scene.human.connection, "CapabilityRevoked") == []


def test_the_policy_in_force_says_how_often(scene: Scene, clock: Clock) -> None:
    suspend(scene, clock)
    bears(scene, 1)
    assert recommended(scene) == [(CHEAP, ROLE, 1)]
    bears(scene, 2)
    assert recommended(scene) == []
    suspend(scene, clock)
    assert recommended(scene) == [(CHEAP, ROLE, 2)]
    scene.ok(scene.human, c.AdoptPolicy(text=stock.read("policy", "sequential"), source="s.toml"))
    assert recommended(scene) == []


def test_a_policy_for_the_capability_goes_before_one_for_all(scene: Scene, clock: Clock) -> None:
    bears(scene, 1)
    bears(scene, 5, f'[scope]\ncapability = "{ROLE}"\n', "narrow")
    suspend(scene, clock)
    assert recommended(scene) == []
    scene.ok(scene.human, c.Suspend(family=FRONTIER, feature="role:reviewer", reason="look first"))
    assert recommended(scene) == [(FRONTIER, "role:reviewer", 1)]


def test_a_lift_and_a_revocation_take_the_recommendation_away(scene: Scene, clock: Clock) -> None:
    bears(scene, 1)
    scene.ok(scene.human, c.Suspend(family=CHEAP, feature=ROLE, reason="look first"))
    scene.ok(scene.human, c.LiftDenial(family=CHEAP, feature=ROLE, reason="it was the task"))
    assert recommended(scene) == []
    suspend(scene, clock)
    assert recommended(scene) == [(CHEAP, ROLE, 1)]
    scene.ok(scene.human, c.RevokeCapability(family=CHEAP, feature=ROLE, reason="enough"))
    assert recommended(scene) == []
