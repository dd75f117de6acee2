"""The human boundary: what no credential but a person's can do, and what no policy can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.verbs.crowd import events
from tests.scene import CHEAP, FAMILIES

from ainarres import stock
from ainarres.domain import commands as c

if TYPE_CHECKING:
    from tests.scene import Scene

ROLE = "role:implementer"
HUMAN_ONLY = [
    c.RevokeCapability(family=CHEAP, feature=ROLE, reason="no"),
    c.LiftDenial(family=CHEAP, feature=ROLE, reason="no"),
    c.Suspend(family=CHEAP, feature=ROLE, reason="no"),
    c.AdoptFamilies(text=FAMILIES, source="families.toml"),
    c.AdoptPolicy(text=stock.read("policy", "strikes"), source="strikes.toml"),
]
GOVERNING = {
    "CapabilityRevoked",
    "CapabilitySuspended",
    "DenialLifted",
    "FeatureGranted",
    "FlagRaised",
    "PolicyAdopted",
}


@pytest.mark.parametrize("scope", ["agent", "meter", "monitor", "operator"])
@pytest.mark.parametrize("command", HUMAN_ONLY, ids=lambda command: type(command).__name__)
def test_only_a_person_revokes_lifts_grants_suspends_and_adopts(scene: Scene, scope: str, command: c.Command) -> None:
    scene.ok(scene.human, c.RevokeCapability(family=CHEAP, feature="role:reviewer", reason="to be lifted"))
    before = {kind: len(events(scene.human.connection, kind)) for kind in GOVERNING}
    session = scene.session(scene.token(CHEAP if scope == "agent" else None, scope=scope))
    refused = session.execute(command)
    assert refused.code == "not_eligible"
    assert refused.extra["missing"] == ["human"]
    assert {kind: len(events(scene.human.connection, kind)) for kind in GOVERNING} == before


@pytest.mark.parametrize("scope", ["agent", "meter", "monitor"])
def test_the_job_needs_an_operator(scene: Scene, scope: str) -> None:
    session = scene.session(scene.token(CHEAP if scope == "agent" else None, scope=scope))
    assert session.execute(c.RunGovernance()).code == "not_eligible"
    assert scene.session(scene.token(None, scope="operator")).execute(c.RunGovernance()).ok


def test_flags_are_an_auditors_and_never_the_operators(scene: Scene) -> None:
    flag = c.RaiseFlag(family=CHEAP, gap="error cases left out", capability="role:designer")
    for session in (scene.human, scene.session(scene.token(None, scope="operator")), scene.agent(CHEAP)):
        assert session.execute(flag).code == "not_eligible"
    auditors = '[[family]]\nkey = "script+auditor"\nmaker = "us"\ncost_class = 0\ngrants = ["role:auditor"]\n'
    scene.ok(scene.human, c.AdoptFamilies(text=auditors, source="auditors.toml"))
    auditor = scene.agent("script+auditor")
    raised = scene.ok(auditor, flag).extra["flag"]
    assert scene.human.connection.execute("SELECT count(*) FROM projection.denial").fetchone() == (0,)
    close = c.ResolveFlag(flag=raised, reason="talked about")
    assert scene.session(scene.token(None, scope="operator")).execute(close).code == "not_eligible"
    scene.ok(auditor, close)
    scene.ok(auditor, close)
    assert len(events(scene.human.connection, "FlagResolved")) == 1
