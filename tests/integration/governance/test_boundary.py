"""The human boundary: what no credential but a person's can do, and what no policy can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.governance.test_suspending import Mill
from tests.integration.verbs.crowd import events
from tests.scene import CHEAP, FAMILIES

from ainarres import stock
from ainarres.domain import commands as c

if TYPE_CHECKING:
    from tests.database import Clock
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


def test_only_a_person_gives_a_verdict(scene: Scene) -> None:
    brief = scene.brief("the shop")
    scene.task("a part", epic=brief)
    verdict = c.Verdict(epic=brief, verdict="reject", code="other", reason="no")
    for scope in ("agent", "meter", "monitor", "operator"):
        session = scene.session(scene.token(CHEAP if scope == "agent" else None, scope=scope))
        refused = session.execute(verdict)
        assert (refused.code, refused.extra["missing"]) == ("not_eligible", ["human"]), scope
    assert events(scene.human.connection, "EpicJudged") == []
    scene.ok(scene.session(scene.token(None, scope="human")), verdict)


AUDITORS = """
[[family]]
key = "script+auditor"
maker = "us"
cost_class = 0
grants = ["role:auditor"]

[[family]]
key = "script+other"
maker = "us"
cost_class = 0
grants = ["role:auditor"]
"""


def test_a_flag_is_named_like_a_task(scene: Scene) -> None:
    scene.ok(scene.human, c.AdoptFamilies(text=AUDITORS, source="auditors.toml"))
    auditor = scene.agent("script+auditor")
    first, second = (scene.ok(auditor, c.RaiseFlag(family=CHEAP, gap=gap)).extra["flag"] for gap in ("late", "odd"))
    for typed, code, words in (
        ("not an id", "not_found", "32 hexadecimal digits, of which 4 or more will do"),
        (first[-3:], "not_found", "4 or more"),
        ("ffff" * 8, "not_found", "`ainarres flag list`"),
        (first[:4], "invalid", "more than one"),
    ):
        refused = auditor.execute(c.ResolveFlag(flag=typed, reason="seen"))
        assert (refused.code, refused.extra["field"]) == (code, "flag")
        assert words in (refused.reason or "")
    for typed, whole in ((f"…{first[-8:]}", first), (second, second)):
        assert scene.ok(auditor, c.ResolveFlag(flag=typed, reason="seen")).extra["flag"] == whole
    assert len(events(scene.human.connection, "FlagResolved")) == 2


def test_an_auditor_does_not_resolve_the_flag_on_its_own_family(scene: Scene) -> None:
    scene.ok(scene.human, c.AdoptFamilies(text=AUDITORS, source="auditors.toml"))
    accused, other = scene.agent("script+auditor"), scene.agent("script+other")
    flags = [
        scene.ok(other, c.RaiseFlag(family="script+auditor", gap="flags without looking")).extra["flag"] for _ in "ab"
    ]
    refused = accused.execute(c.ResolveFlag(flag=flags[0], reason="we are fine"))
    assert refused.code == "not_eligible"
    assert refused.reason is not None
    assert "your own family" in refused.reason
    assert events(scene.human.connection, "FlagResolved") == []
    scene.ok(other, c.ResolveFlag(flag=flags[0], reason="talked about"))
    scene.ok(scene.human, c.ResolveFlag(flag=flags[1], reason="talked about"))


@pytest.mark.parametrize("scope", ["meter", "monitor", "operator"])
def test_no_other_credential_resolves_a_flag(scene: Scene, scope: str) -> None:
    scene.ok(scene.human, c.AdoptFamilies(text=AUDITORS, source="auditors.toml"))
    flag = scene.ok(scene.agent("script+other"), c.RaiseFlag(family=CHEAP, gap="odd")).extra["flag"]
    session = scene.session(scene.token("script+other", scope=scope))
    assert session.execute(c.ResolveFlag(flag=flag, reason="fine")).code == "not_eligible"
    assert scene.agent(CHEAP).execute(c.ResolveFlag(flag=flag, reason="fine")).code == "not_eligible"
    assert events(scene.human.connection, "FlagResolved") == []


def test_no_policy_grants_lifts_or_revokes(scene: Scene) -> None:
    """Not in its file, and not by anything that the job or a rejection makes of one."""
    for word in ("grant", "revoke", "lift"):
        text = f'key = "x"\n[rule.strikes]\n[action.{word}]\nfeature = "{ROLE}"\n'
        refused = scene.human.execute(c.AdoptPolicy(text=text, source="x.toml"))
        assert refused.code == "invalid", word
    for name in stock.names("policy"):
        scene.ok(scene.human, c.AdoptPolicy(text=stock.read("policy", name), source=f"{name}.toml"))
    before = len(events(scene.human.connection, "FeatureGranted"))
    Mill(scene).grind("xxx")  # of the two that judge the strikes came last
    for _ in range(2):
        scene.ok(scene.human, c.RunGovernance())
    assert len(events(scene.human.connection, "CapabilitySuspended")) == 1
    assert len(events(scene.human.connection, "FeatureGranted")) == before
    for kind in ("CapabilityRevoked", "DenialLifted"):
        assert events(scene.human.connection, kind) == []


def test_a_suspension_is_effective_on_the_familys_next_claim_and_heals_without_any_process(
    scene: Scene, clock: Clock
) -> None:
    task, worker = scene.implementable(), scene.agent(CHEAP)
    scene.ok(scene.human, c.Suspend(family=CHEAP, feature=ROLE, reason="look first", period="1h"))
    refused = worker.execute(c.Claim(task=task))
    assert (refused.code, refused.extra["missing"]) == ("not_eligible", [ROLE])
    assert worker.execute(c.Claim()).code == "empty"
    told = len(events(scene.human.connection))
    clock.advance(3600)
    assert len(events(scene.human.connection)) == told  # nothing ran, nothing was written
    assert scene.ok(worker, c.Claim(task=task)).task is not None


def test_a_persons_revocation_bites_at_advance_where_a_suspension_lets_finish(scene: Scene) -> None:
    for command, code in (
        (c.Suspend(family=CHEAP, feature=ROLE, reason="look first"), "ok"),
        (c.RevokeCapability(family=CHEAP, feature=ROLE, reason="never again"), "not_eligible"),
    ):
        task, worker = scene.implementable(), scene.agent(CHEAP)
        scene.ok(worker, c.Claim(task=task))
        scene.ok(scene.human, command)
        assert worker.execute(c.Advance(task=task)).code == code
        scene.ok(scene.human, c.LiftDenial(family=CHEAP, feature=ROLE, reason="for the next"))


def test_a_flag_is_about_a_task_or_an_epic_that_is_there(scene: Scene) -> None:
    scene.ok(scene.human, c.AdoptFamilies(text=AUDITORS, source="auditors.toml"))
    auditor, brief = scene.agent("script+other"), scene.brief("the shop")
    scene.ok(auditor, c.RaiseFlag(family=CHEAP, gap="late", epic=brief))
    (raised,) = events(scene.human.connection, "FlagRaised")
    assert str(raised.task) == brief
    assert auditor.execute(c.RaiseFlag(family=CHEAP, gap="late", epic=brief, task=brief)).code == "invalid"
    assert auditor.execute(c.RaiseFlag(family=CHEAP, gap="late", epic="0" * 32)).code == "not_found"
