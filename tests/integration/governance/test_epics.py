"""Epics: a verdict is a person's and given once; a rejection cancels, asks for rework, and marks what escaped."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from tests.integration.verbs.crowd import WAITING, at_once, events, together, until
from tests.scene import CHEAP, DESIGNER, PROJECT, REVIEWER

from ainarres import stock
from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.domain.events import Artifact
from ainarres.projections import catchup, epics, renewal, report, reviews
from ainarres.projections.following import PROJECTIONS
from ainarres.projections.span import Span

if TYPE_CHECKING:
    import psycopg
    from tests.database import Clock
    from tests.scene import Scene

    from ainarres.projections.epics import Epic
    from ainarres.projections.reviews import Figures
    from ainarres.verbs.envelope import Envelope

COMMIT = "b" * 40
AUDITORS = '[[family]]\nkey = "script+auditor"\nmaker = "us"\ncost_class = 0\ngrants = ["role:auditor"]\n'


def deliver(scene: Scene, epic: str, title: str = "a part") -> str:
    task = scene.implementable(title, epic=epic)
    for family, artifacts in ((CHEAP, (Artifact(type="commit", ref=COMMIT, digest=COMMIT),)), (REVIEWER, ())):
        agent = scene.agent(family)
        scene.ok(agent, c.Claim(task=task))
        scene.ok(agent, c.Advance(task=task, artifacts=artifacts))
    return task


def reject(epic: str, code: Any = "below_bar", reason: str = "no error is handled", **more: Any) -> c.Verdict:
    return c.Verdict(epic=epic, verdict="reject", code=code, reason=reason, **more)


def seen(connection: psycopg.Connection[Any]) -> dict[str, Epic]:
    (standing,) = catchup.ready(connection, [PROJECTIONS["epics"]])
    return {one.key: one for one in epics.read(connection, Span(standing.position))}


def judged(connection: psycopg.Connection[Any], upto: int | None = None) -> Figures:
    (standing,) = catchup.ready(connection, [PROJECTIONS["reviews"]])
    return reviews.read(connection, Span(upto or standing.position)).total


def stage_of(scene: Scene, task: str | UUID) -> dict[str, Any]:
    return dict(scene.ok(scene.human, c.Why(task=str(task))).task or {})


def test_an_epic_is_delivered_and_then_accepted(scene: Scene) -> None:
    brief = scene.brief("the shop")
    scene.task("given up", epic=brief)
    deliver(scene, brief)
    assert seen(scene.human.connection)[brief].status == "open"
    early = scene.human.execute(c.Verdict(epic=brief, verdict="accept"))
    assert early.code == "conflict"
    assert early.reason == "epic: it is open, 1 of 2 tasks unfinished; only what is delivered can be accepted"
    other = scene.human.connection.execute("SELECT task FROM projection.board WHERE title = 'given up'").fetchone()
    assert other is not None
    scene.ok(scene.human, c.Cancel(task=str(other[0]), reason="not needed"))
    assert seen(scene.human.connection)[brief].status == "delivered"
    said = scene.ok(scene.human, c.Verdict(epic=brief, verdict="accept"))
    assert said.to_json()["rework"] is None
    (event,) = events(scene.human.connection, "EpicJudged")
    assert (event.stream, event.version, str(event.task)) == (f"epic-{brief}", 1, brief)
    assert seen(scene.human.connection)[brief].status == "accepted"


def test_a_rejection_cancels_what_is_unfinished_and_asks_for_rework_once(scene: Scene) -> None:
    brief = scene.brief("the shop", payload={"request": "a shop with a cart"}, priority=4)
    shipped = deliver(scene, brief, "the cart")
    held = scene.implementable("the till", epic=brief)
    holder = scene.agent(CHEAP)
    scene.ok(holder, c.Claim(task=held))
    waits = scene.task("inside, waits", epic=brief, depends_on=(held,))
    outside = scene.task("outside, waits", depends_on=(held,))
    answer = scene.ok(scene.human, reject(brief)).to_json()
    assert sorted(answer["cancelled"]) == sorted([held, waits])
    assert holder.execute(c.Advance(task=held)).code == "cancelled"
    assert [stage_of(scene, one)["cancelled"] for one in (shipped, held, waits)] == [False, True, True]
    assert stage_of(scene, outside)["blocked_reason"] == "a prerequisite was cancelled"
    rework = stage_of(scene, answer["rework"])
    assert (rework["title"], rework["stage"], rework["priority"]) == ("Rework: the shop", "briefed", 4)
    artifacts = [{"type": "commit", "ref": COMMIT, "digest": COMMIT}]
    assert rework["payload"] == {
        "request": "a shop with a cart",
        "rework_of": brief,
        "code": "below_bar",
        "reason": "no error is handled",
        "shipped": [{"task": shipped, "title": "the cart", "artifacts": artifacts}],
    }
    (event,) = events(scene.human.connection, "EpicJudged")
    created = next(one for one in events(scene.human.connection, "TaskCreated") if str(one.task) == answer["rework"])
    assert (created.causation, str(created.correlation)) == (event.position, brief)
    again = scene.ok(scene.human, reject(brief, reason="as I said")).to_json()
    assert (again["rework"], again["cancelled"], again["changed"]) == (answer["rework"], [], False)
    assert len(events(scene.human.connection, "EpicJudged")) == 1


def test_an_accepted_brief_is_an_epic_before_it_has_tasks_and_no_delivery(scene: Scene) -> None:
    connection, asked = scene.human.connection, scene.asked("a till")
    assert scene.human.execute(c.Verdict(epic=asked, verdict="accept")).code == "conflict"
    shop, till = scene.brief("the shop"), scene.brief("the till")
    assert [(one.key, one.title, one.status, one.tasks) for one in seen(connection).values()] == [
        (shop, "the shop", "open", 0),
        (till, "the till", "open", 0),
    ]
    early = scene.human.execute(c.Verdict(epic=till, verdict="accept"))
    assert early.reason == "epic: it is open, no task was created in it; only what is delivered can be accepted"
    scene.ok(scene.human, reject(till, "no_longer_meaningful"))
    deliver(scene, shop, "the cart")
    assert [(one.status, one.tasks) for one in seen(connection).values()] == [("rejected", 0), ("delivered", 1)]
    (standing,) = catchup.ready(connection, [PROJECTIONS["track_record"]])
    assert [one.title for one in report.read(connection, Span(standing.position), {}).shipped] == ["the cart"]
    assert renewal.check(connection, PROJECTIONS["epics"]).difference is None


def test_what_is_no_accepted_brief_is_no_epic(scene: Scene) -> None:
    scene.ok(scene.human, c.AdoptFamilies(text=AUDITORS, source="f"))
    task, asked = scene.task("a task"), scene.asked()
    for named, code, words in (
        (task, "invalid", "no brief but a task of the workflow dev"),
        (asked, "conflict", "once"),
    ):
        for session, command in (
            (scene.human, c.Create(lane="web/dev", title="a part", epic=named)),
            (scene.human, c.CreateGraph(lane="web/dev", tasks=(c.Planned(key="a", title="a"),), epic=named)),
            (scene.human, reject(named)),
            (scene.agent("script+auditor"), c.RaiseFlag(family=CHEAP, gap="late", epic=named)),
        ):
            answer = session.execute(command)
            assert (answer.code, answer.extra["field"]) == (code, "epic"), answer
            assert answer.reason is not None
            assert words in answer.reason


def test_nothing_shipped_asks_for_nothing_again(scene: Scene) -> None:
    brief = scene.brief("the shop")
    scene.task("a part", epic=brief)
    assert scene.ok(scene.human, reject(brief, "no_longer_meaningful")).to_json()["rework"] is None
    assert seen(scene.human.connection)[brief].status == "rejected"


def test_a_repeated_command_answers_the_same(scene: Scene) -> None:
    brief, key = scene.brief("the shop"), uuid4()
    deliver(scene, brief)
    scene.task("open", epic=brief)
    first = scene.ok(scene.human, reject(brief), key).to_json()
    second = scene.ok(scene.human, reject(brief), key).to_json()
    assert second.pop("replayed") is True
    assert second == first


def test_two_verdicts_at_once_are_one(scene: Scene) -> None:
    brief = scene.brief("the shop")
    deliver(scene, brief)
    accept, deny = c.Verdict(epic=brief, verdict="accept"), reject(brief)
    answers: list[Envelope] = together(*(partial(scene.session().execute, one) for one in (accept, deny, accept, deny)))
    assert len(events(scene.human.connection, "EpicJudged")) == 1
    assert sorted(one.code for one in answers) == ["conflict", "conflict", "ok", "ok"]
    same = at_once([scene.session(), scene.session()], c.Verdict(epic=brief, verdict="accept"))
    assert len({one.code for one in same}) == 1


def test_a_judged_epic_takes_no_more_tasks(scene: Scene) -> None:
    brief = scene.brief("the shop")
    deliver(scene, brief)
    scene.ok(scene.human, c.Verdict(epic=brief, verdict="accept"))
    refused = scene.human.execute(c.Create(lane="web/dev", title="one more", epic=brief))
    assert refused.code == "conflict"
    assert refused.reason == "epic: it is accepted and takes no more tasks; open another"
    graph = c.CreateGraph(lane="web/dev", tasks=(c.Planned(key="a", title="a"),), epic=brief)
    assert scene.human.execute(graph).code == "conflict"


def test_a_task_created_while_the_verdict_is_given_is_cancelled_or_refused(scene: Scene) -> None:
    brief = scene.brief("the shop")
    scene.task("a part", epic=brief)
    with connect(scene.url) as before:
        before.execute("BEGIN")  # somebody is in the middle of creating a task in the epic
        before.execute("SELECT pg_advisory_xact_lock_shared(1634299498, hashtext(%s))", [brief])
        verdict, create = (
            partial(scene.session().execute, reject(brief)),
            c.Create(lane="web/dev", title="late", epic=brief),
        )

        def creating() -> Envelope:
            until(scene.human.connection, WAITING, 1)
            late = scene.session()
            before.execute("COMMIT")
            return late.execute(create)

        told, late = together(verdict, creating)
    assert told.ok
    if late.ok:
        assert stage_of(scene, scene.id(late))["cancelled"]
    else:
        assert late.code == "conflict"


def test_missed_requirements_are_escapes_of_those_who_approved(scene: Scene) -> None:
    """And of nobody else: a verdict is on the work, and touches no family's record by itself."""
    fine, missed = scene.brief("fine"), scene.brief("missed")
    deliver(scene, fine)
    deliver(scene, missed)
    deliver(scene, missed)
    scene.ok(scene.human, reject(fine, "scope_changed"))
    assert judged(scene.human.connection).escaped == 0
    position = scene.ok(scene.human, reject(missed, "requirements_missed")).position
    assert position is not None
    found = judged(scene.human.connection)
    assert (found.approved, found.escaped) == (3, 2)
    (event, veto) = events(scene.human.connection, "EpicJudged")
    assert judged(scene.human.connection, veto.position - 1).escaped == 0
    assert scene.human.connection.execute("SELECT count(*) FROM projection.evidence WHERE fault").fetchone() == (0,)
    assert event.body["code"] == "scope_changed"
    checked = renewal.check(scene.human.connection, PROJECTIONS["reviews"])
    assert checked.difference is None


def test_only_the_last_approval_of_a_stage_escaped(scene: Scene) -> None:
    brief = scene.brief("the shop")
    task = scene.implementable(epic=brief)
    for ending in (c.Reject(task=task, reason="no test"), c.Advance(task=task)):
        worker, reviewer = scene.agent(CHEAP), scene.agent(REVIEWER)
        scene.ok(worker, c.Claim(task=task))
        scene.ok(worker, c.Advance(task=task))
        scene.ok(reviewer, c.Claim(task=task))
        scene.ok(reviewer, ending)
    scene.ok(scene.human, reject(brief, "requirements_missed"))
    found = judged(scene.human.connection)
    assert (found.approved, found.rejected, found.escaped) == (1, 1, 1)


def test_from_the_intake_to_the_verdict(scene: Scene) -> None:
    scene.cards()
    scene.ok(scene.human, c.AdoptWorkflow(text=stock.read("workflow", "intake"), source="intake.toml"))
    lanes = PROJECT + '[[lane]]\nkey = "intake"\nworkflow = "intake"\n'
    scene.ok(scene.human, c.AdoptProject(text=lanes, source="project.toml"))
    families = """
[[family]]
key = "desk+clerk"
maker = "us"
cost_class = 0
grants = ["lane:web/intake", "role:intaker"]

[[family]]
key = "claude-code+opus"
maker = "anthropic"
cost_class = 3
grants = ["lane:web/dev", "lane:web/intake", "role:designer"]
"""
    scene.ok(scene.human, c.AdoptFamilies(text=families, source="families.toml"))
    brief = scene.id(scene.ok(scene.human, c.Create(lane="intake", title="a shop", payload={"request": "a shop"})))
    clerk, designer = scene.agent("desk+clerk"), scene.agent(DESIGNER)
    scene.ok(clerk, c.Claim(task=brief))
    scene.ok(clerk, c.Advance(task=brief))
    scene.ok(designer, c.Claim(task=brief))
    early = designer.execute(c.Create(lane="dev", title="one part", epic=brief))
    assert (early.code, early.extra["field"]) == ("conflict", "epic")
    assert early.reason is not None
    assert early.reason.endswith("is at briefed; it is an epic once it is accepted")
    scene.ok(designer, c.Advance(task=brief))
    scene.ok(designer, c.Create(lane="dev", title="one part", epic=brief))
    row = scene.human.connection.execute("SELECT task FROM projection.board WHERE title = 'one part'").fetchone()
    assert row is not None
    for family in (DESIGNER, CHEAP, REVIEWER):
        agent = scene.agent(family)
        scene.ok(agent, c.Claim(task=str(row[0])))
        scene.ok(agent, c.Advance(task=str(row[0])))
    rework = scene.ok(scene.human, reject(brief)).to_json()["rework"]
    asked = stage_of(scene, rework)
    assert (asked["lane"], asked["stage"], asked["payload"]["request"]) == ("web/intake", "proposed_brief", "a shop")


def test_an_operators_word_and_whose_it_was(scene: Scene, clock: Clock) -> None:
    operator = scene.session(scene.token(None, "seat", scope="operator"))
    task = scene.task()
    act = scene.ok(operator, c.Cancel(task=task, reason="enough", instruction="stop the shop", instructed_by="hana"))
    given = events(scene.human.connection, "InstructionGiven")
    cancelled = events(scene.human.connection, "TaskCancelled")[0]
    assert [(one.stream, one.causation, str(one.task)) for one in given] == [("agent-seat", cancelled.position, task)]
    assert act.to_json()["event"]["type"] == "TaskCancelled"
    assert given[0].body == {"instruction": "stop the shop", "instructed_by": "hana"}
    scene.ok(operator, c.Cancel(task=task, reason="enough", instruction="again"))
    scene.ok(operator, c.Cancel(task=scene.task(), reason="enough"))
    assert len(events(scene.human.connection, "InstructionGiven")) == 1
    late = events(scene.human.connection, "TaskCancelled")[1].position
    for _ in range(2):
        scene.ok(operator, c.Instruct(position=late, instruction="that one, too"))
    assert [one.causation for one in events(scene.human.connection, "InstructionGiven")] == [cancelled.position, late]
    assert operator.execute(c.Instruct(position=1, instruction="n")).code == "not_found"
