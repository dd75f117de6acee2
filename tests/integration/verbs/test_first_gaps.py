"""What the code of the first AINARRES left open, G1 to G16, each as a test that it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.integration.verbs.crowd import at_once, events
from tests.integration.verbs.errands import ALL, EVERYTHING, commit, given_up, one_for_all, rejected, through
from tests.scene import CHEAP, DESIGNER, FAMILIES, FRONTIER, PROJECT, REVIEWER, WORKFLOW

from ainarres import stock
from ainarres.domain import commands as c
from ainarres.projections import rebuild

if TYPE_CHECKING:
    from tests.database import Clock
    from tests.scene import Scene

    from ainarres.domain.events import Artifact


def test_rejects_do_not_go_on_for_ever(scene: Scene) -> None:
    """G1: a reject counted nowhere, so review and rework could pass a task to and fro without end."""
    task = scene.implementable()
    codes = []
    for _ in range(3):
        through(scene, task, CHEAP)
        codes.append(rejected(scene, task))
    assert codes == ["ok", "ok", "ok"]  # past two the next tier is asked for
    assert scene.agent(CHEAP).execute(c.Claim()).code == "empty"
    for _ in range(3):
        through(scene, task, FRONTIER)
        codes.append(rejected(scene, task))
    assert codes[3:] == ["ok", "ok", "blocked"]


def test_a_hard_task_is_reviewed_by_whom_it_always_was(scene: Scene) -> None:
    """G2: an escalation stuck for life and locked the reviewer out of exactly the hardest tasks."""
    task, cheap = scene.implementable(), scene.agent(CHEAP)
    given_up(scene, cheap, task)
    given_up(scene, cheap, task)
    through(scene, task, FRONTIER)
    assert scene.agent(FRONTIER).execute(c.Claim(task=task)).code == "needs_other_family"
    through(scene, task, REVIEWER)


def test_attempts_are_a_stage_s_and_an_unblock_forgives_them(scene: Scene) -> None:
    """G3: attempts never went back to zero: unblocked poison was parked again by its first failure."""
    task, designer = scene.task(), scene.agent(DESIGNER)
    assert [given_up(scene, designer, task) for _ in range(3)] == ["ok", "ok", "blocked"]
    scene.ok(scene.human, c.Unblock(task=task, reason="again"))
    assert [given_up(scene, designer, task) for _ in range(2)] == ["ok", "ok"]
    through(scene, task, DESIGNER)
    assert given_up(scene, scene.agent(CHEAP), task) == "ok"
    assert scene.agent(CHEAP).execute(c.Claim(task=task)).code == "ok"


def test_nobody_judges_its_own_work(scene: Scene) -> None:
    """G4: one family, and even one agent with every role, could implement, review and finish a task alone."""
    task, agent = scene.task(), scene.agent(one_for_all(scene))
    for _ in range(2):
        assert scene.id(scene.ok(agent, c.Claim())) == task
        scene.ok(agent, c.Done())
    for alone in (agent, scene.agent(ALL)):
        assert alone.execute(c.Claim(task=task)).code == "needs_other_family"
        assert alone.execute(c.Claim()).code == "empty"
    scene.ok(scene.human, c.Waive(task=task, reason="nobody else is there"))
    assert agent.execute(c.Claim(task=task)).code == "needs_other_family"
    scene.ok(scene.agent(ALL), c.Claim(task=task))


def test_a_parked_task_is_opened_by_who_triages(scene: Scene) -> None:
    """G5: whoever was on the lane could open a parked task, and no person could without one of the agents' tokens."""
    triage = FAMILIES.replace('"role:reviewer"]', '"role:triage"]')
    scene.ok(scene.human, c.AdoptFamilies(text=triage, source="f"))
    operator = scene.session(scene.token(None, scope="operator"))
    for opener, code in ((scene.agent(CHEAP), "not_eligible"), (scene.agent(REVIEWER), "ok"), (operator, "ok")):
        task = scene.task()
        scene.ok(operator, c.Block(task=task, reason="odd"))
        assert opener.execute(c.Unblock(task=task, reason="fine")).code == code


def test_an_agent_s_first_verb_may_be_any(scene: Scene) -> None:
    """G6: an instance unknown so far could not unblock: its name broke a foreign key, and no envelope came back."""
    task = scene.task()
    assert scene.session(scene.token(None, "new", scope="operator")).execute(c.Block(task=task, reason="n")).ok
    for verb in (c.Unblock(task=task, reason="n"), c.Note(task=task, text="n"), c.Advance(task=task)):
        assert scene.agent(DESIGNER).execute(verb).code in ("ok", "not_eligible", "lease_lost")


def test_one_agent_holds_one_task(scene: Scene) -> None:
    """G7: one task an instance was looked up, then acted on: two claims at once could both win."""
    for n in range(6):
        scene.task(f"{n}")
    token = scene.token(DESIGNER)
    codes = [answer.code for answer in at_once([scene.session(token) for _ in range(6)], c.Claim())]
    assert sorted(codes) == ["already_holding"] * 5 + ["ok"]


def test_two_projects_may_call_a_lane_the_same(scene: Scene) -> None:
    """G8: lanes were found by a name that was unique in a project only."""
    scene.ok(scene.human, c.AdoptProject(text=PROJECT.replace('"web"', '"app"'), source="p"))
    assert scene.human.execute(c.Create(lane="dev", title="t")).code == "invalid"
    task = scene.ok(scene.human, c.Create(lane="app/dev", title="t")).task
    assert task is not None
    assert (task["project"], task["lane"]) == ("app", "app/dev")
    assert scene.agent(DESIGNER).execute(c.Claim()).code == "empty"


def test_leases_and_attempts_follow_from_the_events(scene: Scene, clock: Clock) -> None:
    """G9: neither leases nor attempts could be computed from the log, and an expiry was blamed on its finder."""
    task, lost = scene.implementable(), scene.agent(CHEAP, "lost")
    scene.ok(lost, c.Claim(task=task))
    clock.advance(31)
    scene.ok(lost, c.Heartbeat(task=task))
    scene.check()
    clock.advance(61)
    scene.ok(scene.agent(CHEAP, "finder"), c.Claim(task=task))
    (expired,) = events(scene.human.connection, "LeaseExpired")
    assert (expired.subject_agent, expired.actor) == ("lost", "finder")
    scene.check()
    with scene.owner() as owner:
        rebuild.rebuild(owner)


def test_a_denial_after_the_claim_is_felt_on_lane_and_task(scene: Scene) -> None:
    """G10: at the advance only the transition's features were looked at again."""
    families = FAMILIES.replace('"tier:2"]', '"tier:2", "role:designer"]')
    scene.ok(scene.human, c.AdoptFamilies(text=families, source="f"))
    for feature in ("lane:web/dev", "tier:2"):
        task, agent = scene.task(requires=("tier:2",)), scene.agent(FRONTIER)
        scene.ok(agent, c.Claim(task=task))
        scene.ok(scene.human, c.RevokeCapability(family=FRONTIER, feature=feature, reason="n"))
        assert agent.execute(c.Advance(task=task)).extra["missing"] == [feature]
        scene.ok(scene.human, c.LiftDenial(family=FRONTIER, feature=feature, reason="n"))
        scene.ok(agent, c.Advance(task=task))


def test_a_token_does_not_run_out_under_its_holder(scene: Scene, clock: Clock) -> None:
    """G11: tokens lived as long as one lease, so the last verb of a long task came too late."""
    scene.ok(scene.human, c.AdoptWorkflow(text=WORKFLOW.replace('"60s"', '"2h"'), source="w"))
    task = scene.implementable()
    agent = scene.session(scene.token(CHEAP, life="2h"))
    clock.advance(3600)
    scene.ok(agent, c.Claim(task=task))
    clock.advance(7199)
    scene.ok(agent, c.Advance(task=task))


def test_what_is_sent_again_is_done_once(scene: Scene) -> None:
    """G12: a create sent again made a second task, an advance sent again lost its lease."""
    designer, key, other = scene.agent(DESIGNER), uuid4(), uuid4()
    one, two = (scene.ok(designer, c.Create(lane="dev", title="t"), key) for _ in range(2))
    assert scene.id(one) == scene.id(two)
    scene.ok(designer, c.Claim())
    assert [designer.execute(c.Advance(task=scene.id(one)), other).code for _ in range(2)] == ["ok", "ok"]


def test_whose_work_it_was_is_known_however_long_ago(scene: Scene) -> None:
    """G13: a report looked at the newest thousand events to find whose work was rejected."""
    task = scene.implementable()
    through(scene, task, CHEAP)
    other = scene.task()
    for _ in range(1001):
        scene.human.execute(c.Note(task=other, text="n"))
    rejected(scene, task)
    assert events(scene.human.connection, "TaskRejected")[0].subject_family == CHEAP


def test_a_grant_is_felt_by_tokens_issued_before(scene: Scene) -> None:
    """G14: what the family was granted and what the token said drifted apart, and nothing compared them."""
    task, agent = scene.task(), scene.agent(CHEAP)
    assert agent.execute(c.Claim(task=task)).code == "not_eligible"
    granted = FAMILIES.replace('"role:implementer"]', '"role:implementer", "role:designer"]')
    scene.ok(scene.human, c.AdoptFamilies(text=granted, source="f"))
    scene.ok(agent, c.Claim(task=task))


def test_a_task_nobody_can_serve_is_parked_in_sight(scene: Scene) -> None:
    """G15: a task escalated to a tier that nobody had waited for ever, unseen."""
    scene.ok(scene.human, c.AdoptFamilies(text=FAMILIES.replace(', "tier:2"', ""), source="f"))
    task, cheap = scene.implementable(), scene.agent(CHEAP)
    assert [given_up(scene, cheap, task) for _ in range(3)] == ["ok", "ok", "blocked"]
    scene.task(requires=("tier:7",))
    empty = cheap.execute(c.Claim())
    assert empty.code == "empty"
    assert sorted(str(empty.reason).split(", ")) == ["1 blocked", "1 needs tier:7"]


def test_what_is_merged_is_what_was_approved(scene: Scene) -> None:
    """G16: commit, approval and merge were words of whoever said them, and nothing compared them."""
    scene.cards()
    scene.ok(scene.human, c.AdoptWorkflow(text=stock.read("workflow", "dev"), source="w"))
    more = EVERYTHING.replace('"tier:2"', '"role:integrator", "capability:integrate"')
    scene.ok(scene.human, c.AdoptFamilies(text=FAMILIES + more, source="f"))
    task = scene.task()
    through(scene, task, DESIGNER, DESIGNER)

    def moves(family: str, artifacts: tuple[Artifact, ...]) -> Any:
        agent = scene.agent(family)
        if scene.ok(agent, c.Claim(task=task)).ok:
            moved = agent.execute(c.Advance(task=task, artifacts=artifacts))
            if not moved.ok:
                scene.ok(agent, c.Release(task=task, reason="n", cause="infra"))
            return moved
        return None

    moves(CHEAP, commit("b" * 40, "a" * 40))
    approved = moves(REVIEWER, ()).event["body"]
    assert (approved["digest"], approved["approved"]) == ("b" * 40, True)
    stale = moves(ALL, commit("c" * 40))
    assert (stale.code, "approval is stale" in stale.reason) == ("guard_unmet", True)
    assert moves(ALL, commit("b" * 40)).code == "ok"
