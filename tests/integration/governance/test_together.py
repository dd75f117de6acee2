"""Governance under concurrency: a boundary is crossed once, and one family's verbs do not wait for each other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.governance.test_suspending import Mill, adopt
from tests.integration.verbs.crowd import WAITING, events, together, until
from tests.scene import CHEAP, REVIEWER

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.verbs import tasks
from ainarres.verbs.memory import Known
from ainarres.verbs.unit import Unit

if TYPE_CHECKING:
    from tests.scene import Scene

    from ainarres.verbs.envelope import Envelope
    from ainarres.verbs.session import Session

ROLE = "role:implementer"


def in_review(scene: Scene, mill: Mill) -> tuple[Session, str]:
    """Submit a task and let a reviewer of its own hold it."""
    mill.submitted(task := scene.task())
    reviewer = scene.agent(REVIEWER)
    scene.ok(reviewer, c.Claim(task=task))
    return reviewer, task


def uncommitted(session: Session, task: str) -> Unit:
    """Advance a task in a transaction that stays open."""
    sha256: Any = session._token
    unit = Unit(session.connection, Known(), token_sha256=sha256, command=None, request=None)
    tasks.run(unit, c.Advance(task=task))
    unit.flush()
    return unit


@pytest.mark.parametrize("before", ["xxx", "xx"])
def test_two_reviewers_rejecting_at_one_instant_cross_the_boundary_once(scene: Scene, before: str) -> None:
    """Both wait at the verdict's door: the fourth fault suspends, whoever's it is, and the fifth does not again."""
    adopt(scene)
    mill = Mill(scene)
    mill.grind(before)
    reviewers = [in_review(scene, mill) for _ in range(2)]
    with connect(scene.url) as door:
        door.execute("BEGIN")
        door.execute("SELECT pg_advisory_xact_lock(1634299496, hashtext(%s))", [f"{CHEAP} {ROLE}"])

        def opening() -> Envelope | None:
            until(scene.human.connection, WAITING, 2)
            door.execute("COMMIT")
            return None

        rejects = [partial(one.execute, c.Reject(task=task, reason="no test")) for one, task in reviewers]
        answers = together(*rejects, opening)
    assert [one.ok for one in answers[:2] if one] == [True, True]
    suspensions = events(scene.human.connection, "CapabilitySuspended")
    assert len(suspensions) == 1
    rejections = [one.position for one in events(scene.human.connection, "TaskRejected")]
    assert suspensions[0].body["cause"] == rejections[:4]
    assert len(events(scene.human.connection, "PolicyBroken")) == 0


def test_the_verbs_of_one_family_wait_for_no_row_of_the_family(scene: Scene) -> None:
    """While one agent's claim and advance are not committed yet, another agent of the family claims and advances."""
    adopt(scene)
    Mill(scene).grind(".")  # who comes first on a route writes it down, once
    mine, theirs = scene.implementable(), scene.implementable()
    first, second = scene.agent(CHEAP), scene.agent(CHEAP)
    scene.ok(first, c.Claim(task=mine))
    submitted = uncommitted(first, mine)
    second.connection.execute("SET lock_timeout = '10s'")  # were there a row in common, this would say so
    scene.ok(second, c.Claim(task=theirs))
    scene.ok(second, c.Advance(task=theirs))
    reviewers = [scene.agent(REVIEWER) for _ in "ab"]
    submitted.finish()
    for reviewer, task in zip(reviewers, (mine, theirs), strict=True):
        scene.ok(reviewer, c.Claim(task=task))
    judged = uncommitted(reviewers[0], mine)
    reviewers[1].connection.execute("SET lock_timeout = '10s'")
    scene.ok(reviewers[1], c.Advance(task=theirs))  # evidence on the same family and capability, beside the other's
    judged.finish()
    row = scene.human.connection.execute(
        "SELECT count(*) FROM projection.evidence WHERE family = %s AND capability = %s", [CHEAP, ROLE]
    ).fetchone()
    assert row == (3,)


def test_rejections_of_one_family_at_different_capabilities_do_not_wait(scene: Scene) -> None:
    """The verdict's door is one of a family at a capability, and no wider."""
    adopt(scene)
    mill = Mill(scene)
    reviewer, task = in_review(scene, mill)
    with connect(scene.url) as door:
        door.execute("BEGIN")
        door.execute("SELECT pg_advisory_xact_lock(1634299496, hashtext(%s))", [f"{CHEAP} role:designer"])
        reviewer.connection.execute("SET lock_timeout = '10s'")
        scene.ok(reviewer, c.Reject(task=task, reason="no test"))
        door.execute("COMMIT")
