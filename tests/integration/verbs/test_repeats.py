"""A command said twice is done once, and answered the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from tests.integration.verbs.crowd import SEVEN, at_once, count, events
from tests.scene import CHEAP, DESIGNER, FAMILIES, FRONTIER, PROJECT, REVIEWER, WORKFLOW

from ainarres import stock
from ainarres.domain import commands as c

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.scene import Scene

    from ainarres.verbs.envelope import Envelope
    from ainarres.verbs.session import Session

OTHER = PROJECT.replace("web", "app").replace("dev", "main", 1)
Case = tuple["Session", "c.Command"]


def seven(envelope: Envelope) -> dict[str, Any]:
    body = envelope.to_json()
    return {name: body[name] for name in SEVEN}


def holding(scene: Scene, family: str = CHEAP) -> tuple[Session, str]:
    task = scene.implementable()
    agent = scene.agent(family)
    scene.ok(agent, c.Claim(task=task))
    return agent, task


def parked(scene: Scene) -> str:
    task = scene.task()
    scene.ok(scene.human, c.Block(task=task, reason="look"))
    return task


def reviewing(scene: Scene) -> tuple[Session, str]:
    cheap, task = holding(scene)
    scene.ok(cheap, c.Done())
    reviewer = scene.agent(REVIEWER)
    scene.ok(reviewer, c.Claim(task=task))
    return reviewer, task


def ready(scene: Scene, command: Callable[[str], c.Command]) -> Case:
    return scene.human, command(scene.task())


def held(scene: Scene, command: Callable[[str], c.Command]) -> Case:
    agent, task = holding(scene)
    return agent, command(task)


def looked_at(scene: Scene, command: Callable[[str], c.Command]) -> Case:
    reviewer, task = reviewing(scene)
    return reviewer, command(task)


def claiming(scene: Scene, command: c.Command) -> Case:
    scene.implementable()
    return scene.agent(CHEAP), command


def done_with_next(scene: Scene) -> Case:
    agent, _ = holding(scene)
    scene.implementable("the next one")
    return agent, c.Done(claim_next=True)


def last_attempt(scene: Scene) -> Case:
    task = scene.task()
    agent = scene.agent(DESIGNER)
    for _ in range(2):
        scene.ok(agent, c.Claim(task=task))
        scene.ok(agent, c.Release(task=task, reason="hard"))
    scene.ok(agent, c.Claim(task=task))
    return agent, c.Release(task=task, reason="too hard")


def cancelled_with_dependents(scene: Scene) -> Case:
    first = scene.task()
    scene.task(depends_on=(first,))
    return scene.human, c.Cancel(task=first, reason="no")


def graph(scene: Scene) -> Case:
    planned = (c.Planned(key="b", title="b", after=("a",)), c.Planned(key="a", title="a"))
    return scene.human, c.CreateGraph(lane="dev", tasks=planned)


def template(scene: Scene) -> Case:
    text = stock.read("template", "feature")
    return scene.human, c.Apply(text=text, source="feature", lane="dev", parameters={"title": "search"})


def credential(scene: Scene, command: Callable[[str], c.Command]) -> Case:
    issued = scene.ok(scene.human, c.IssueToken(family=CHEAP))
    return scene.human, command(issued.extra["credential"])


def metered(scene: Scene) -> Case:
    agent, task = holding(scene)
    moved = scene.ok(agent, c.Advance(task=task))
    assert moved.event is not None
    position, actor = moved.event["position"], moved.event["actor"]
    return scene.session(scene.token(None, scope="meter")), c.Usage(agent=actor, transition=position, input_tokens=5)


def lane_after_pause(scene: Scene) -> Case:
    scene.ok(scene.human, c.PauseLane(lane="dev", reason="rest"))
    return scene.human, c.ResumeLane(lane="dev", reason="on")


def denied(scene: Scene) -> Case:
    scene.ok(scene.human, c.RevokeCapability(family=CHEAP, feature="role:implementer", reason="bad"))
    return scene.human, c.LiftDenial(family=CHEAP, feature="role:implementer", reason="good")


def flagging(scene: Scene) -> Case:
    scene.ok(scene.human, c.AdoptFamilies(text=AUDITOR, source="f"))
    return scene.agent("one+auditor"), c.RaiseFlag(family=CHEAP, gap="error cases left out")


def flagged(scene: Scene) -> UUID:
    auditor, command = flagging(scene)
    return UUID(scene.ok(auditor, command).extra["flag"])


def overdue(scene: Scene) -> Case:
    scene.ok(scene.human, c.Suspend(family=DESIGNER, feature="role:designer", reason="look", period="1ms"))
    return scene.human, c.RunGovernance()


AUDITOR = """
[[family]]
key = "one+auditor"
maker = "one"
cost_class = 1
grants = ["role:auditor"]
"""


def epic(scene: Scene) -> str:
    brief = scene.brief("the brief")
    scene.ok(scene.human, c.Cancel(task=scene.task("given up", epic=brief), reason="no"))
    scene.task("open", epic=brief)
    return brief


def operated(scene: Scene) -> tuple[Session, c.Command]:
    operator = scene.session(scene.token(None, scope="operator"))
    position = scene.ok(operator, c.Cancel(task=scene.task(), reason="n")).position
    assert position is not None
    return operator, c.Instruct(position=position, instruction="stop it")


CASES: dict[str, Callable[[Scene], Case]] = {
    "create": lambda s: (s.human, c.Create(lane="dev", title="t", payload={"π": 0.5, "n": 1.0})),
    "graph": graph,
    "template": template,
    "claim": lambda s: claiming(s, c.Claim()),
    "next": lambda s: claiming(s, c.Next()),
    "progress": lambda s: held(s, lambda t: c.Progress(task=t, note="half")),
    "advance": lambda s: held(s, lambda t: c.Advance(task=t)),
    "reject": lambda s: looked_at(s, lambda t: c.Reject(task=t, reason="no")),
    "approve": lambda s: looked_at(s, lambda t: c.Advance(task=t)),
    "release": lambda s: held(s, lambda t: c.Release(task=t, reason="hard")),
    "last release": last_attempt,
    "block": lambda s: held(s, lambda t: c.Block(task=t, reason="odd")),
    "unblock": lambda s: (s.human, c.Unblock(task=parked(s), reason="fine")),
    "cancel": cancelled_with_dependents,
    "amend": lambda s: ready(s, lambda t: c.Amend(task=t, title="better")),
    "note": lambda s: ready(s, lambda t: c.Note(task=t, text="mind")),
    "waive": lambda s: ready(s, lambda t: c.Waive(task=t, reason="alone")),
    "done": lambda s: held(s, lambda t: c.Done(task=t)),
    "done and next": done_with_next,
    "usage": metered,
    "workflow": lambda s: (s.human, c.AdoptWorkflow(text=WORKFLOW.replace("60s", "90s"), source="w")),
    "card": lambda s: (s.human, c.AdoptCard(role="worker", text=stock.read("role", "worker"))),
    "project": lambda s: (
        s.human,
        c.AdoptProject(text=OTHER, source="p"),
    ),
    "families": lambda s: (s.human, c.AdoptFamilies(text=FAMILIES.replace(', "tier:2"', ""), source="f")),
    "project again": lambda s: (s.human, c.AdoptProject(text=OTHER.replace("main", "more"), source="p")),
    "policy": lambda s: (s.human, c.AdoptPolicy(text=stock.read("policy", "sequential"), source="p")),
    "another policy": lambda s: (s.human, c.AdoptPolicy(text=stock.read("policy", "strikes"), source="p")),
    "suspend": lambda s: (s.human, c.Suspend(family=FRONTIER, feature="role:reviewer", reason="look")),
    "flag": flagging,
    "flag resolve": lambda s: (s.human, c.ResolveFlag(flag=str(flagged(s)), reason="seen")),
    "governance": overdue,
    "verdict": lambda s: (s.human, c.Verdict(epic=epic(s), verdict="reject", code="other", reason="no")),
    "instructed": lambda s: (s.human, c.Cancel(task=s.task(), reason="no", instruction="stop it", instructed_by="h")),
    "instruct": operated,
    "revoke": lambda s: (s.human, c.RevokeCapability(family=CHEAP, feature="role:implementer", reason="bad")),
    "lift": denied,
    "pause": lambda s: (s.human, c.PauseLane(lane="dev", reason="rest")),
    "resume": lane_after_pause,
    "stop": lambda s: (s.human, c.Stop(reason="rest")),
    "narrow": lambda s: credential(s, lambda k: c.NarrowToken(credential=k, narrowing=("role:implementer",))),
    "token revoke": lambda s: credential(s, lambda k: c.RevokeToken(credential=k, reason="lost")),
}


@pytest.mark.parametrize("cases", [tuple(CASES)[:16], tuple(CASES)[16:]], ids=["tasks", "the rest"])
def test_a_repeat_appends_nothing_and_answers_the_same(scene: Scene, cases: tuple[str, ...]) -> None:
    for case in cases:
        session, command = CASES[case](scene)
        key = uuid4()
        first = session.execute(command, key)
        assert first.ok, (case, first)
        before = count(scene.human.connection)
        again = session.execute(command, key)
        assert seven(again) == seven(first), case
        assert again.extra["replayed"], case
        assert count(scene.human.connection) == before, case
        assert again.to_json() == {**first.to_json(), "replayed": True}, case


def test_a_heartbeat_is_repeated_once_it_renews(scene: Scene, clock: Any) -> None:
    agent, task = holding(scene)
    clock.advance(31)
    key = uuid4()
    first, again = agent.execute(c.Heartbeat(task=task), key), agent.execute(c.Heartbeat(task=task), key)
    assert seven(first) == seven(again)
    assert again.extra["replayed"]


def test_done_with_nothing_to_claim_is_remembered_without_its_counts(scene: Scene) -> None:
    agent, task = holding(scene)
    key = uuid4()
    first = agent.execute(c.Done(claim_next=True), key)
    scene.implementable("later")
    again = agent.execute(c.Done(claim_next=True), key)
    assert (first.code, first.task, first.extra["done"]) == ("ok", None, task)
    assert {**seven(again), "reason": None} == {**seven(first), "reason": None}
    assert again.reason is not None
    assert "nothing to claim" in again.reason
    assert again.extra == {"done": task, "replayed": True}


def test_a_token_is_not_shown_again(scene: Scene) -> None:
    key = uuid4()
    first = scene.human.execute(c.IssueToken(family=CHEAP, agent="ada"), key)
    again = scene.human.execute(c.IssueToken(family=CHEAP, agent="ada"), key)
    assert "token" not in again.extra
    assert again.extra["credential"] == first.extra["credential"]
    assert again.reason is not None
    assert "shown once" in again.reason
    assert {**seven(again), "reason": None} == {**seven(first), "reason": None}


def test_another_payload_under_a_known_key_is_refused(scene: Scene) -> None:
    key = uuid4()
    scene.ok(scene.human, c.Create(lane="dev", title="a"), key)
    for other in (c.Create(lane="dev", title="b"), c.Stop(reason="a"), c.Create(lane="dev", title="a", priority=4)):
        assert scene.human.execute(other, key).code == "key_reused"


def test_two_agents_may_use_the_same_key(scene: Scene) -> None:
    key = uuid4()
    scene.task()
    scene.task()
    one, two = scene.agent(DESIGNER), scene.agent(DESIGNER)
    assert scene.id(scene.ok(one, c.Claim(), key)) != scene.id(scene.ok(two, c.Claim(), key))


def test_the_same_key_from_two_connections_at_once_appends_once(scene: Scene) -> None:
    token = scene.token(DESIGNER)
    sessions = [scene.session(token) for _ in range(4)]
    for round_ in range(10):
        key, command = uuid4(), c.Create(lane="dev", title=f"round {round_}")
        answers = at_once(sessions, command, key)
        assert {json_of(a) for a in answers} == {json_of(answers[0])}
        assert sum("replayed" not in a.extra for a in answers) == 1
    assert len(events(scene.human.connection, "TaskCreated")) == 10


def json_of(envelope: Envelope) -> str:
    return repr(seven(envelope))


def test_empty_and_refusals_are_not_remembered(scene: Scene) -> None:
    designer, key, other = scene.agent(DESIGNER), uuid4(), uuid4()
    assert designer.execute(c.Claim(), key).code == "empty"
    assert designer.execute(c.Advance(task=scene.task()), other).code == "lease_lost"
    claimed = designer.execute(c.Claim(), key)
    assert (claimed.code, "replayed" in claimed.extra) == ("ok", False)
    assert designer.execute(c.Advance(task=scene.id(claimed)), other).code == "ok"
    told = [event for event in events(scene.human.connection) if event.type in ("ClaimEmpty", "VerbRefused")]
    assert [event.command for event in told] == [None]


def test_what_appended_nothing_is_not_remembered(scene: Scene) -> None:
    key, lane = uuid4(), c.ResumeLane(lane="dev", reason="open already")
    scene.ok(scene.human, lane, key)
    scene.ok(scene.human, c.PauseLane(lane="dev", reason="rest"))
    again = scene.ok(scene.human, lane, key)
    assert "replayed" not in again.extra
    assert again.event is not None
    agent, task = holding(scene, FRONTIER)
    beat = scene.ok(agent, c.Heartbeat(task=task), key)
    assert (beat.position, beat.event) == (None, None)


def test_next_while_holding_gives_the_same_task_again(scene: Scene) -> None:
    scene.ok(scene.human, c.AdoptCard(role="worker", text=stock.read("role", "worker")))
    workflow = WORKFLOW.replace('key = "implementing"', 'key = "implementing"\nrole_card = "worker"')
    scene.ok(scene.human, c.AdoptWorkflow(text=workflow, source="w"))
    scene.implementable()
    agent = scene.agent(CHEAP)
    first, again = scene.ok(agent, c.Next(), uuid4()), scene.ok(agent, c.Next(), uuid4())
    assert again.extra["resumed"]
    assert again.task == first.task
    assert again.extra["card"] == first.extra["card"]
    assert again.extra["card"]["role"] == "worker"
    assert again.extra["history"] == first.extra["history"]
    assert agent.execute(c.Claim(), uuid4()).code == "already_holding"
