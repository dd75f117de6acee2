"""Who may do what: every verb by every scope, and what a cut feature does to the next call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.verbs.crowd import events
from tests.scene import CHEAP, DESIGNER, FAMILIES, PROJECT, REVIEWER, WORKFLOW

from ainarres import stock
from ainarres.domain import commands as c
from ainarres.domain.command import Command, File, Instructed
from ainarres.verbs.identity import make_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.database import Clock
    from tests.scene import Scene

    from ainarres.verbs.session import Session

SCOPES = ("agent", "meter", "monitor", "operator", "human")
AGENT, METER, OPERATOR, HUMAN = {"agent"}, {"meter"}, {"operator", "human"}, {"human"}
PLANNED = (c.Planned(key="a", title="a"),)


def free(scene: Scene) -> str:
    return scene.task()


def none(scene: Scene) -> str:
    return ""


def parked(scene: Scene) -> str:
    task = scene.task()
    scene.ok(scene.human, c.Block(task=task, reason="odd"))
    return task


def issued(scene: Scene) -> str:
    return str(scene.ok(scene.human, c.IssueToken(family=CHEAP)).extra["credential"])


def issued_to_operator(scene: Scene) -> str:
    return str(scene.ok(scene.human, c.IssueToken(scope="operator")).extra["credential"])


def denied(scene: Scene) -> str:
    scene.ok(scene.human, c.RevokeCapability(family=CHEAP, feature="tier:3", reason="no"))
    return ""


def epic(scene: Scene) -> str:
    brief = scene.brief("the brief")
    scene.task("a part", epic=brief)
    return brief


def operated(scene: Scene) -> str:
    operator = scene.session(scene.token(None, scope="operator"))
    return str(scene.ok(operator, c.Cancel(task=scene.task(), reason="n")).position)


AUDITOR = """
[[family]]
key = "audit+eye"
maker = "none"
cost_class = 0
grants = ["lane:web/dev", "role:auditor"]
"""


def flagged(scene: Scene) -> str:
    scene.ok(scene.human, c.AdoptFamilies(text=AUDITOR, source="a"))
    return str(scene.ok(scene.agent("audit+eye"), c.RaiseFlag(family=CHEAP, gap="n")).extra["flag"])


MAY: list[tuple[str, set[str], Callable[[Scene], str], Callable[[str], c.Command]]] = [
    ("create", AGENT | OPERATOR, none, lambda _: c.Create(lane="dev", title="t")),
    ("create graph", AGENT | OPERATOR, none, lambda _: c.CreateGraph(lane="dev", tasks=PLANNED)),
    (
        "apply",
        AGENT | OPERATOR,
        none,
        lambda _: c.Apply(text=stock.read("template", "spike"), source="s", lane="dev", parameters={"title": "t"}),
    ),
    ("claim", AGENT, free, lambda t: c.Claim(task=t)),
    ("next", AGENT, free, lambda t: c.Next(task=t)),
    ("why", set(SCOPES), free, lambda t: c.Why(task=t)),
    ("note", AGENT | OPERATOR, free, lambda t: c.Note(task=t, text="n")),
    ("block", OPERATOR, free, lambda t: c.Block(task=t, reason="n")),
    ("unblock", OPERATOR, parked, lambda t: c.Unblock(task=t, reason="n")),
    ("cancel", OPERATOR, free, lambda t: c.Cancel(task=t, reason="n")),
    ("amend", OPERATOR, free, lambda t: c.Amend(task=t, title="n")),
    ("waive", OPERATOR, free, lambda t: c.Waive(task=t, reason="n")),
    ("usage", METER, none, lambda _: c.Usage(agent="ada", input_tokens=1)),
    ("sweep", OPERATOR, none, lambda _: c.Sweep()),
    ("pause", OPERATOR, none, lambda _: c.PauseLane(lane="dev", reason="n")),
    ("resume", OPERATOR, none, lambda _: c.ResumeLane(lane="dev", reason="n")),
    ("stop", OPERATOR, none, lambda _: c.Stop(reason="n")),
    ("resume again", OPERATOR, none, lambda _: c.ResumeLane(lane="dev", reason="n")),
    ("migrate", HUMAN, none, lambda _: c.MigrateTasks(workflow="dev")),
    ("open", HUMAN, none, lambda _: c.OpenLedger()),
    ("workflow", HUMAN, none, lambda _: c.AdoptWorkflow(text=WORKFLOW, source="w")),
    ("card", HUMAN, none, lambda _: c.AdoptCard(role="worker", text=stock.read("role", "worker"))),
    ("project", HUMAN, none, lambda _: c.AdoptProject(text=PROJECT, source="p")),
    ("families", HUMAN, none, lambda _: c.AdoptFamilies(text=FAMILIES, source="f")),
    ("revoke", HUMAN, none, lambda _: c.RevokeCapability(family=CHEAP, feature="tier:2", reason="n")),
    ("lift", HUMAN, denied, lambda _: c.LiftDenial(family=CHEAP, feature="tier:3", reason="n")),
    ("policy", HUMAN, none, lambda _: c.AdoptPolicy(text=stock.read("policy", "strikes"), source="p")),
    ("suspend", HUMAN, none, lambda _: c.Suspend(family=CHEAP, feature="role:reviewer", reason="n")),
    ("govern", OPERATOR, none, lambda _: c.RunGovernance()),
    ("flag", set(), none, lambda _: c.RaiseFlag(family=CHEAP, gap="n")),
    ("resolve flag", HUMAN, flagged, lambda k: c.ResolveFlag(flag=k if len(k) > 1 else "0" * 32, reason="n")),
    ("verdict", HUMAN, epic, lambda t: c.Verdict(epic=t or "0" * 32, verdict="reject", code="other", reason="n")),
    ("instruct", OPERATOR, operated, lambda p: c.Instruct(position=int(p) if p.isdigit() else 1, instruction="n")),
    ("issue agent", OPERATOR, none, lambda _: c.IssueToken(family=CHEAP)),
    ("issue meter", HUMAN, none, lambda _: c.IssueToken(scope="meter")),
    ("issue monitor", HUMAN, none, lambda _: c.IssueToken(scope="monitor")),
    ("issue operator", HUMAN, none, lambda _: c.IssueToken(scope="operator")),
    ("issue human", HUMAN, none, lambda _: c.IssueToken(scope="human")),
    ("narrow", OPERATOR, issued, lambda k: c.NarrowToken(credential=k, narrowing=())),
    ("token revoke", OPERATOR, issued, lambda k: c.RevokeToken(credential=k, reason="n")),
    ("token revoke operator", HUMAN, issued_to_operator, lambda k: c.RevokeToken(credential=k, reason="n")),
]
HOLDERS: list[Callable[[str], c.Command]] = [
    lambda t: c.Progress(task=t, note="n"),
    lambda t: c.Heartbeat(task=t),
    lambda t: c.Advance(task=t),
    lambda t: c.Reject(task=t, reason="n"),
    lambda t: c.Release(task=t, reason="n"),
    lambda t: c.Done(task=t),
]


def test_every_verb_is_open_to_its_scopes_and_to_no_other(scene: Scene) -> None:
    # a family with every key of the lane: what is refused below is refused for the scope
    sessions = {scope: scene.session(scene.token(DESIGNER, scope, scope=scope)) for scope in SCOPES}
    held: str | None = None
    for name, may, prepare, verb in MAY:
        for scope, session in sessions.items():
            answer = session.execute(verb(prepare(scene)))
            if scope in may:
                assert answer.ok, (name, scope, answer)
            else:
                assert answer.code in ("not_eligible", "lease_lost"), (name, scope, answer)
                assert answer.reason, (name, scope)
            if name in ("claim", "next") and answer.ok:
                held = scene.id(answer)
                scene.ok(session, c.Release(task=held, reason="n", cause="infra"))
    assert held is not None
    told = {(event.actor, event.body["verb"]) for event in events(scene.human.connection, "VerbRefused")}
    assert ("monitor", "create") in told
    assert ("meter", "cancel") in told


def test_the_table_leaves_out_no_verb() -> None:
    tried = {type(verb("x")) for _, _, _, verb in MAY} | {type(verb("x")) for verb in HOLDERS}
    known = {one for one in vars(c).values() if isinstance(one, type) and issubclass(one, c.Command)}
    assert tried == {one for one in known - {Command, File, Instructed} if not one.__name__.startswith("_")}


def test_a_holder_s_other_credentials_do_not_hold(scene: Scene) -> None:
    task = scene.task()
    scene.ok(scene.agent(DESIGNER, "ada"), c.Claim(task=task))
    for scope in ("meter", "monitor", "operator", "human"):
        session = scene.session(scene.token(DESIGNER, "ada", scope=scope))
        for verb in HOLDERS:
            if isinstance(verb(task), c.Release) and scope in OPERATOR:
                continue  # anybody's: that is an operator's business
            assert session.execute(verb(task)).code == "not_eligible", (scope, verb(task))


def test_no_verb_is_open_to_a_token_that_is_no_good(scene: Scene, clock: Clock) -> None:
    task = scene.task()
    unknown = "ain_" + "A" * 43 + "8e4d0e"
    revoked = scene.ok(scene.human, c.IssueToken(family=DESIGNER))
    scene.ok(scene.human, c.RevokeToken(credential=revoked.extra["credential"], reason="lost"))
    old = scene.token(DESIGNER, life="1m")
    clock.advance(61)
    bad = {
        unknown: ("unauthenticated", "misspelt"),
        "": ("unauthenticated", "misspelt"),
        "ain_\udcff": ("unauthenticated", "misspelt"),
        make_token(b"\x00" * 32): ("unauthenticated", "no such token"),
        make_token(b"\x00" * 32)[:-1] + "g": ("unauthenticated", "misspelt"),
        revoked.extra["token"]: ("unauthenticated", "revoked"),
        old: ("expired", "ran out"),
    }
    verbs = [verb for _, _, _, verb in MAY if verb("x").__class__ not in (c.NarrowToken, c.RevokeToken, c.ResolveFlag)]
    before = len(events(scene.human.connection))
    for token, (code, words) in bad.items():
        session = scene.session(token)
        for verb in [*verbs, *HOLDERS]:
            for named in (task, task[:8], "beef"):
                answer = session.execute(verb(named))
                assert answer.code == code, (token, answer)
                assert answer.reason is not None
                assert words in answer.reason
                assert not token or token not in str(answer)
    assert len(events(scene.human.connection)) == before


CUTS: dict[str, c.Command] = {
    "lane": c.RevokeCapability(family=CHEAP, feature="lane:web/dev", reason="n"),
    "transition": c.RevokeCapability(family=CHEAP, feature="role:implementer", reason="n"),
    "task": c.RevokeCapability(family=CHEAP, feature="skill:rust", reason="n"),
    "withdrawn": c.AdoptFamilies(
        text=FAMILIES.replace('"lane:web/dev", "role:implementer"]', '"lane:web/dev"]'), source="f"
    ),
}


def rust(scene: Scene) -> str:
    text = FAMILIES.replace("cost_class = 0", 'cost_class = 0\nskills = ["rust"]')
    text = text.replace('"role:designer"]', '"role:designer", "skill:rust"]')
    scene.ok(scene.human, c.AdoptFamilies(text=text, source="f"))
    return scene.implementable(requires=("skill:rust",))


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_feature_bites_at_the_next_call(scene: Scene, cut: str) -> None:
    task, agent = rust(scene), scene.agent(CHEAP)
    scene.ok(agent, c.Claim(task=task))
    scene.ok(scene.human, CUTS[cut])
    advanced = agent.execute(c.Advance(task=task))
    assert advanced.code == "not_eligible"
    assert len(advanced.extra["missing"]) == 1
    assert advanced.reason is not None
    assert advanced.extra["missing"][0] in advanced.reason
    scene.ok(agent, c.Release(task=task, reason="cut off"))
    assert agent.execute(c.Claim(task=task)).code == "not_eligible"
    assert agent.execute(c.Claim()).code == "empty"
    if cut == "withdrawn":
        return
    revoked = CUTS[cut]
    assert isinstance(revoked, c.RevokeCapability)
    scene.ok(scene.human, c.LiftDenial(family=CHEAP, feature=revoked.feature, reason="back"))
    scene.ok(agent, c.Claim(task=task))
    scene.ok(agent, c.Advance(task=task))


def test_a_narrowed_credential_cannot_be_widened(scene: Scene) -> None:
    issued = scene.ok(scene.human, c.IssueToken(family=DESIGNER, agent="ada"))
    agent, credential = scene.session(issued.extra["token"]), issued.extra["credential"]
    scene.task()
    scene.ok(agent, c.NarrowToken(credential=credential, narrowing=("lane:web/dev", "role:designer")))
    scene.ok(agent, c.Release(task=scene.id(scene.ok(agent, c.Claim())), reason="n", cause="infra"))
    for narrowing in ((), ("lane:web/dev", "role:designer")):
        scene.ok(agent, c.NarrowToken(credential=credential, narrowing=narrowing))
        assert agent.execute(c.Claim()).code == "empty"
        assert agent.execute(c.Create(lane="dev", title="t")).code == "not_eligible"
    scene.ok(scene.human, c.NarrowToken(credential=credential, narrowing=("role:designer",)))
    assert len(events(scene.human.connection, "CredentialNarrowed")) == 2
    assert scene.human.execute(c.NarrowToken(credential=credential, narrowing=("role:king",))).code == "not_found"


def test_a_credential_narrower_than_its_family_opens_no_more(scene: Scene) -> None:
    task = scene.implementable()
    agent = scene.session(scene.token(CHEAP, narrowing=("lane:web/dev", "role:reviewer")))
    refused = agent.execute(c.Claim(task=task))
    assert (refused.code, refused.extra["missing"]) == ("not_eligible", ["role:implementer"])


def refused_ones(scene: Scene, agent: Session, command: c.Command) -> list[tuple[str, str | None]]:
    agent.execute(command)
    told = events(scene.human.connection, "VerbRefused")
    return [(event.body["verb"], event.task and str(event.task)) for event in told]


def test_refusals_are_told_once_a_minute_for_agent_verb_and_task(scene: Scene, clock: Clock) -> None:
    one, two = scene.task("one"), scene.task("two")
    agent = scene.agent(REVIEWER)
    clock.set(clock.now())
    assert refused_ones(scene, agent, c.Claim(task=one)) == [("claim", one)]
    assert refused_ones(scene, agent, c.Claim(task=one[:18])) == [("claim", one)]
    told: list[tuple[str, str | None]] = [("claim", one), ("claim", two)]
    assert refused_ones(scene, agent, c.Claim(task=two)) == told
    told.append(("waive", two))
    assert refused_ones(scene, agent, c.Waive(task=two, reason="n")) == told
    told.append(("create", None))
    for _ in range(2):
        assert refused_ones(scene, agent, c.Create(lane="dev", title="t")) == told
    told.append(("claim", one))
    assert refused_ones(scene, scene.agent(REVIEWER), c.Claim(task=one)) == told
    clock.advance(59.9)
    assert refused_ones(scene, agent, c.Claim(task=one)) == told
    clock.advance(0.2)
    told.append(("claim", one))
    assert refused_ones(scene, agent, c.Claim(task=one)) == told


def test_empty_polls_are_told_first_and_then_every_ten_minutes(scene: Scene, clock: Clock) -> None:
    agent = scene.agent(CHEAP)
    clock.set(clock.now())
    for seconds, told in ((0, 1), (1, 1), (598, 1), (2, 2), (1, 2)):
        clock.advance(seconds)
        assert agent.execute(c.Claim(lane="dev")).code == "empty"
        assert len(events(scene.human.connection, "ClaimEmpty")) == told
    assert events(scene.human.connection, "ClaimEmpty")[0].body["lane"] == "dev"
