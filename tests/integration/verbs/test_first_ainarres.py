"""What went wrong in the real runs of the first AINARRES, each surprise as a test that it cannot again.

The gaps of its code are in `test_first_gaps.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from psycopg import errors
from tests.integration.verbs.crowd import at_once, events
from tests.integration.verbs.errands import ALL, EVERYTHING, commit, given_up, one_for_all, rejected, through
from tests.scene import CHEAP, DESIGNER, FAMILIES, FRONTIER, PROJECT, REVIEWER

from ainarres import stock
from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.domain.events import Artifact
from ainarres.projections import rebuild

if TYPE_CHECKING:
    from tests.database import Clock
    from tests.scene import Scene


def test_no_function_is_everybody_s(scene: Scene) -> None:
    """Every function could be executed by everybody until somebody thought of it: the privileged ones, too."""
    open_ones = """SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('ledger', 'verb', 'projection') AND has_function_privilege('public', p.oid, 'execute')"""
    with connect(scene.admin_url) as admin:
        assert admin.execute(open_ones).fetchall() == []


def test_nobody_changes_or_wipes_what_was_recorded(scene: Scene) -> None:
    """Agents given a shell reset and truncated live boards, thirteen times in one run; one wiped a finished task."""
    for statement in ("UPDATE ledger.event SET actor = 'x'", "DELETE FROM ledger.event", "TRUNCATE ledger.event"):
        for url, refusal in ((scene.url, errors.InsufficientPrivilege), (scene.owner_url, errors.RestrictViolation)):
            with connect(url) as connection, pytest.raises(refusal):
                connection.execute(statement)
    with connect(scene.url) as connection:
        for statement in ("DROP SCHEMA projection CASCADE", "TRUNCATE projection.board", "DROP TABLE ledger.event"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)


def test_an_agent_may_be_called_what_a_role_is_called(scene: Scene) -> None:
    """A functional role written into the token was taken for a role of the database, and every call failed."""
    for name in ("reviewer", "ainarres_owner", "postgres", "public", "none"):
        task = scene.task()
        assert scene.id(scene.ok(scene.agent(DESIGNER, name), c.Claim(task=task))) == task


def test_a_lane_brings_its_feature_and_a_grant_of_no_lane_is_refused(scene: Scene) -> None:
    """A new lane did not create its feature, so grants of it silently did nothing."""
    families = FAMILIES.replace("lane:web/dev", "lane:web/docs", 1)
    refused = scene.human.execute(c.AdoptFamilies(text=families, source="f"))
    assert refused.code == "invalid"
    assert refused.reason is not None
    assert "did you mean lane:web/dev" in refused.reason
    more = PROJECT + '[[lane]]\nkey = "docs"\nworkflow = "dev"\n'
    scene.ok(scene.human, c.AdoptProject(text=more, source="p"))
    scene.ok(scene.human, c.AdoptFamilies(text=families, source="f"))
    task = scene.id(scene.ok(scene.human, c.Create(lane="docs", title="t")))
    assert scene.id(scene.ok(scene.agent(DESIGNER), c.Claim())) == task


def test_a_stage_escalates_only_where_the_workflow_says_so(scene: Scene) -> None:
    """A default threshold of one, with one strong family registered, made every workflow escalate on first failure."""
    task, agent = scene.task(), scene.agent(DESIGNER)
    assert [given_up(scene, agent, task) for _ in range(3)] == ["ok", "ok", "blocked"]
    assert events(scene.human.connection, "TaskEscalated") == []


def test_a_session_lives_through_new_tables(scene: Scene) -> None:
    """After an upgrade the server's cached picture of the schema had to be reloaded by hand."""
    agent = scene.agent(DESIGNER)
    for n in range(12):
        if n == 8:
            with scene.owner() as owner:
                rebuild.rebuild(owner)
        through_one = scene.task()
        scene.ok(agent, c.Claim(task=through_one))
        scene.ok(agent, c.Advance(task=through_one))


def test_a_verdict_says_whose_and_about_whom(scene: Scene) -> None:
    """The log held the verdicts, but the family of the judge had to be joined from elsewhere."""
    task = scene.implementable()
    through(scene, task, CHEAP)
    rejected(scene, task)
    (verdict,) = events(scene.human.connection, "TaskRejected")
    assert (verdict.family, verdict.capability) == (REVIEWER, "role:reviewer")
    assert (verdict.subject_family, verdict.body["producer_capability"]) == (CHEAP, "role:implementer")


def test_a_stronger_one_finishes_what_a_small_one_gave_up(scene: Scene) -> None:
    """A small model spiralled on one task; let go, and claimed by a stronger one, it was finished."""
    task, cheap = scene.implementable(), scene.agent(CHEAP)
    given_up(scene, cheap, task)
    given_up(scene, cheap, task)
    assert cheap.execute(c.Claim()).code == "empty"
    through(scene, task, FRONTIER, REVIEWER)


def test_a_claim_left_lying_is_picked_up(scene: Scene, clock: Clock) -> None:
    """A model did the work and never finished the loop: no commit, no move, no release, and the claim stayed."""
    task = scene.implementable()
    scene.ok(scene.agent(CHEAP), c.Claim())
    clock.advance(61)
    scene.ok(scene.agent(CHEAP), c.Claim(task=task))
    scene.ok(scene.human, c.Release(task=task, reason="left lying"))
    through(scene, task, CHEAP)


def test_who_moves_a_task_twice_is_told_to_take_it_again(scene: Scene) -> None:
    """A designer believed that it still held its task after moving it."""
    task, agent = scene.task(), scene.agent(one_for_all(scene))
    scene.ok(agent, c.Claim(task=task))
    assert scene.ok(agent, c.Advance(task=task)).next == ("next",)
    again = agent.execute(c.Advance(task=task))
    assert (again.code, again.reason) == ("lease_lost", "you do not hold this task; take one with `next`")


def test_next_tells_what_went_before(scene: Scene) -> None:
    """Cards sent agents to a feed they might not read, to find the branch they were to review."""
    task, cheap = scene.implementable(), scene.agent(CHEAP)
    scene.ok(cheap, c.Claim(task=task))
    scene.ok(cheap, c.Advance(task=task, note="see the branch", artifacts=(Artifact(type="branch", ref="dev/7"),)))
    told = scene.ok(scene.agent(REVIEWER), c.Next())
    assert told.task is not None
    assert told.task["artifacts"] == [{"type": "branch", "ref": "dev/7"}]
    assert "see the branch" in [line.get("note") for line in told.extra["history"]]
    assert {line["type"] for line in told.extra["history"]} == {"TaskCreated", "TaskClaimed", "TaskAdvanced"}


def test_an_empty_change_is_refused(scene: Scene) -> None:
    """An empty branch passed a check that the base passed as well, then review, and was merged."""
    scene.cards()
    scene.ok(scene.human, c.AdoptWorkflow(text=stock.read("workflow", "dev"), source="w"))
    task = scene.task()
    through(scene, task, DESIGNER, DESIGNER)
    cheap = scene.agent(CHEAP)
    scene.ok(cheap, c.Claim(task=task))
    for artifacts, words in (((), "needs commit"), (commit("a" * 40, "a" * 40), "empty diff")):
        refused = cheap.execute(c.Advance(task=task, artifacts=artifacts))
        assert refused.code == "guard_unmet"
        assert refused.reason is not None
        assert words in refused.reason
    scene.ok(cheap, c.Advance(task=task, artifacts=commit("b" * 40, "a" * 40)))


def test_a_brief_posted_twice_is_posted_once(scene: Scene) -> None:
    """Running the same brief again decomposed it again, into the same tasks twice over."""
    planned = (c.Planned(key="a", title="a"), c.Planned(key="b", title="b", after=("a",)))
    key = uuid4()
    one = scene.ok(scene.human, c.CreateGraph(lane="dev", tasks=planned), key)
    two = scene.ok(scene.human, c.CreateGraph(lane="dev", tasks=planned), key)
    assert one.extra["tasks"] == two.extra["tasks"]
    assert len(events(scene.human.connection, "TaskCreated")) == 2


def test_only_who_may_start_a_task_may_post_one(scene: Scene) -> None:
    """A strong agent posted tasks of its own invention."""
    refused = scene.agent(FRONTIER).execute(c.Create(lane="dev", title="my idea"))
    assert (refused.code, refused.extra["missing"]) == ("not_eligible", ["role:designer"])
    scene.ok(scene.agent(DESIGNER), c.Create(lane="dev", title="planned"))


def test_merging_is_one_family_s(scene: Scene) -> None:
    """A harness that might not merge tried to have it done by another: the key is one family's alone."""
    scene.cards()
    scene.ok(scene.human, c.AdoptWorkflow(text=stock.read("workflow", "dev"), source="w"))
    merger = FAMILIES.replace('"role:reviewer"]', '"role:reviewer", "role:integrator"]')
    merger += EVERYTHING.replace('"tier:2"', '"role:integrator", "capability:integrate"')
    scene.ok(scene.human, c.AdoptFamilies(text=merger, source="f"))
    task = scene.task()
    through(scene, task, DESIGNER, DESIGNER)
    for family, artifacts in ((CHEAP, commit("b" * 40, "a" * 40)), (REVIEWER, ())):
        agent = scene.agent(family)
        scene.ok(agent, c.Claim(task=task))
        scene.ok(agent, c.Advance(task=task, artifacts=artifacts))
    refused = scene.agent(REVIEWER).execute(c.Claim(task=task))
    assert (refused.code, refused.extra["missing"]) == ("not_eligible", ["capability:integrate"])
    assert scene.agent(REVIEWER).execute(c.Claim()).code == "empty"
    scene.ok(scene.agent(ALL), c.Claim(task=task))


def test_a_failing_provider_costs_the_task_nothing(scene: Scene) -> None:
    """A free provider ran out of resources; the release burned an attempt, a peer finished the task."""
    task, agent = scene.implementable(), scene.agent(CHEAP)
    scene.ok(agent, c.Claim(task=task))
    released = scene.ok(agent, c.Release(task=task, reason="ResourceExhausted 82/32", cause="infra"))
    assert released.task is not None
    assert released.task["attempts"] == 0
    through(scene, task, CHEAP)


def test_workers_at_one_time_are_seen_in_the_ledger(scene: Scene) -> None:
    """The pool had collapsed to one live worker, and the board still drained green."""
    for n in range(3):
        scene.implementable(f"{n}")
    at_once([scene.agent(CHEAP) for _ in range(3)], c.Claim())
    told = [(e.type, e.actor) for e in events(scene.human.connection) if e.family == CHEAP]
    assert {kind for kind, _ in told} == {"TaskClaimed"}
    assert len({actor for _, actor in told}) == 3


def test_a_healthy_holder_is_not_taken_for_dead(scene: Scene, clock: Clock) -> None:
    """A starved heartbeat let a healthy agent's short lease be reclaimed."""
    task, agent = scene.task(), scene.agent(DESIGNER)
    clock.set(clock.now())
    scene.ok(agent, c.Claim(task=task))
    for _ in range(5):
        clock.advance(29.999)
        scene.ok(agent, c.Heartbeat(task=task))
    assert scene.agent(DESIGNER).execute(c.Claim()).code == "empty"
    assert events(scene.human.connection, "LeaseExpired") == []
