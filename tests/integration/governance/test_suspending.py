"""A rejection that tips the scale suspends, in the same transaction, for a while, and says on what evidence."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import pytest
from psycopg.types.json import Jsonb
from tests.integration.verbs.crowd import at_once, events
from tests.scene import CHEAP, DESIGNER, FRONTIER, REVIEWER

from ainarres import stock
from ainarres.domain import commands as c
from ainarres.domain.policy import Suspend
from ainarres.projections import rebuild

if TYPE_CHECKING:
    from tests.database import Clock
    from tests.scene import Scene

    from ainarres.verbs.session import Session

ROLE = "role:implementer"


def adopt(scene: Scene, name: str = "sequential") -> None:
    scene.ok(scene.human, c.AdoptPolicy(text=stock.read("policy", name), source=f"{name}.toml"))


def adopt_unknown(scene: Scene, slot: str = "judging:*:*", action: str = "suspend") -> None:
    """Put a policy ``odd`` in force whose rule no version of this code knows: no command would take it."""
    definition = {"key": "odd", "rule": {"oracle": {}}, "action": {action: {}}}
    body = {"key": "odd", "version": 1, "digest": "d", "slot": slot, "after": 0, "definition": definition}
    event = {"stream": "policy-odd", "version": 1, "type": "PolicyAdopted", "body": body}
    scene.human.connection.execute("SELECT ledger.append(%s)", [Jsonb([event])])
    with scene.owner() as owner:
        rebuild.rebuild(owner)


class Mill:
    """Implements and reviews task after task: one mark a submission, ``x`` rejected, ``.`` approved."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.designer, self.worker = scene.agent(DESIGNER), scene.agent(CHEAP)
        self.reviewer = scene.agent(REVIEWER)

    def grind(self, marks: str) -> list[dict[str, Any]]:
        return [self.one(mark == "x") for mark in marks]

    def one(self, faulty: bool) -> dict[str, Any]:
        self.submitted(task := self.scene.task())
        return self.reviewed(task, faulty)

    def submitted(self, task: str) -> None:
        self.move(self.designer, task)
        self.move(self.worker, task)

    def reviewed(self, task: str, faulty: bool) -> dict[str, Any]:
        self.scene.ok(self.reviewer, c.Claim(task=task))
        if faulty:
            rejected = self.scene.ok(self.reviewer, c.Reject(task=task, reason="no test"))
            self.scene.ok(self.scene.human, c.Cancel(task=task, reason="enough"))
            return rejected.to_json()
        return self.scene.ok(self.reviewer, c.Advance(task=task)).to_json()

    def move(self, agent: Session, task: str) -> None:
        self.scene.ok(agent, c.Claim(task=task))
        self.scene.ok(agent, c.Advance(task=task))


def test_the_fourth_fault_in_a_row_suspends_with_its_causes(scene: Scene) -> None:
    adopt(scene)
    mill = Mill(scene)
    mill.grind("xxx")
    assert events(scene.human.connection, "CapabilitySuspended") == []
    reply = mill.grind("x")[0]
    assert (reply["ok"], reply["event"]["type"]) == (True, "TaskRejected")
    (suspended,) = events(scene.human.connection, "CapabilitySuspended")
    rejected = [one.position for one in events(scene.human.connection, "TaskRejected")]
    body = suspended.body
    assert (body["feature"], body["n"], body["policy"], body["cause"]) == (ROLE, 1, "sequential", rejected)
    assert (suspended.stream, suspended.subject_family, suspended.causation) == (f"family-{CHEAP}", CHEAP, rejected[-1])
    assert reply["event"]["position"] == rejected[-1]
    task = scene.implementable()
    assert mill.worker.execute(c.Claim(task=task)).code == "not_eligible"
    assert scene.ok(scene.agent(FRONTIER), c.Claim(task=task)).task is not None


def test_good_work_between_counts(scene: Scene) -> None:
    """Lifetime strikes would have banned it at the third."""
    adopt(scene)
    Mill(scene).grind("x........x........x........x")
    assert events(scene.human.connection, "CapabilitySuspended") == []


def test_a_suspension_heals_by_itself_and_somebody_says_so(scene: Scene, clock: Clock) -> None:
    adopt(scene)
    mill = Mill(scene)
    mill.grind("xxxx")
    task = scene.implementable()
    clock.advance(3601)
    worker = scene.agent(CHEAP)
    scene.ok(worker, c.Claim(task=task))
    assert len(events(scene.human.connection, "CapabilityRestored")) == 1
    assert scene.human.connection.execute("SELECT count(*) FROM projection.denial").fetchone() == (0,)
    scene.ok(worker, c.Advance(task=task))
    assert len(events(scene.human.connection, "CapabilityRestored")) == 1


def test_each_suspension_lasts_twice_as_long_and_a_lift_takes_one_back(scene: Scene, clock: Clock) -> None:
    adopt(scene)
    lasted, ordinals = [], []
    for number in range(4):
        Mill(scene).grind("xxxx")
        told = events(scene.human.connection, "CapabilitySuspended")[-1]
        lasted.append((told.body["until"], told.recorded_at))
        ordinals.append(told.body["n"])
        if number == 1:
            scene.ok(scene.human, c.LiftDenial(family=CHEAP, feature=ROLE, reason="the reviewer erred"))
        else:
            clock.advance(24 * 3600)
    assert ordinals == [1, 2, 2, 3]


def test_submissions_made_before_a_suspension_are_not_charged_twice(scene: Scene, clock: Clock) -> None:
    adopt(scene)
    mill = Mill(scene)
    waiting = [scene.task() for _ in range(5)]
    for task in waiting:
        mill.submitted(task)
    mill.grind("xxxx")
    for task in waiting:
        mill.reviewed(task, faulty=True)
    clock.advance(3601)
    scene.ok(scene.human, c.RunGovernance())
    assert len(events(scene.human.connection, "CapabilitySuspended")) == 1


@pytest.mark.parametrize("holds", ["finish", "release"])
def test_a_hold_in_progress_finishes_or_is_recalled(scene: Scene, holds: Literal["finish", "release"]) -> None:
    task, worker = scene.implementable(), scene.agent(CHEAP)
    scene.ok(worker, c.Claim(task=task))
    scene.ok(scene.human, c.Suspend(family=CHEAP, feature=ROLE, reason="look first", holds=holds))
    moved = worker.execute(c.Progress(task=task, note="half way"))
    if holds == "finish":
        assert moved.ok
        assert worker.execute(c.Advance(task=task)).ok
        return
    assert moved.code == "not_eligible"
    assert worker.execute(c.Advance(task=task)).code == "not_eligible"
    released = scene.ok(worker, c.Release(task=task, reason="suspended")).task
    assert released is not None
    assert released["attempts"] == 0


def test_a_merge_conflict_is_nobodys_fault(scene: Scene) -> None:
    """A reject whose fault is none gives no evidence: reviewers are not struck for it."""
    adopt(scene)
    mill = Mill(scene)
    for _ in range(6):
        mill.submitted(task := scene.task())
        scene.ok(mill.reviewer, c.Claim(task=task))
        scene.ok(mill.reviewer, c.Reject(task=task, reason="conflict", fault="none"))
        scene.ok(scene.human, c.Cancel(task=task, reason="enough"))
    assert events(scene.human.connection, "CapabilitySuspended") == []
    assert scene.human.connection.execute("SELECT count(*) FROM projection.evidence WHERE fault").fetchone() == (0,)


def test_what_a_person_denied_for_good_stands(scene: Scene) -> None:
    adopt(scene)
    mill = Mill(scene)
    waiting = [scene.task() for _ in range(5)]
    for task in waiting:
        mill.submitted(task)
    scene.ok(scene.human, c.RevokeCapability(family=CHEAP, feature=ROLE, reason="never again"))
    for task in waiting:
        mill.reviewed(task, faulty=True)
    assert events(scene.human.connection, "CapabilitySuspended") == []
    row = scene.human.connection.execute("SELECT reason, until FROM projection.denial").fetchone()
    assert row == ("never again", None)


def test_a_policy_that_cannot_be_evaluated_never_fails_a_rejection(scene: Scene) -> None:
    adopt(scene)
    adopt_unknown(scene)
    replies = Mill(scene).grind("xxxxx")
    assert all(reply["ok"] for reply in replies)
    (broken,) = events(scene.human.connection, "PolicyBroken")
    assert broken.body["key"] == "odd"
    assert "oracle" in broken.body["reason"]
    adopt(scene)  # the cure: adopting a sound one for the same slot
    Mill(scene).grind("xxxx")
    assert len(events(scene.human.connection, "CapabilitySuspended")) == 1


def test_a_dry_run_does_nothing_and_a_second_run_does_nothing_more(scene: Scene, clock: Clock) -> None:
    adopt(scene)
    Mill(scene).grind("xxxx")
    clock.advance(3601)
    dry = scene.ok(scene.human, c.RunGovernance(dry_run=True))
    assert dry.extra["restored"] == [{"family": CHEAP, "feature": ROLE}]
    assert events(scene.human.connection, "CapabilityRestored") == []
    scene.ok(scene.human, c.RunGovernance())
    again = scene.ok(scene.human, c.RunGovernance())
    assert again.extra["restored"] == []
    assert len(events(scene.human.connection, "CapabilityRestored")) == 1


def test_lasts_is_capped() -> None:
    assert [Suspend().lasts(n) for n in (1, 2, 5, 6, 99)] == [timedelta(hours=h) for h in (1, 2, 16, 24, 24)]


def test_two_runs_at_once_do_nothing_twice(scene: Scene, clock: Clock) -> None:
    adopt(scene)
    Mill(scene).grind("xxxx")
    clock.advance(3601)
    runs = at_once([scene.session(), scene.session()], c.RunGovernance())
    assert sorted(len(run.extra["restored"]) for run in runs) == [0, 1]
    assert len(events(scene.human.connection, "CapabilityRestored")) == 1
