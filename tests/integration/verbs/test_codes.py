"""Every code that a verb can answer is reached, with the status that the command line and HTTP give it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from tests.scene import CHEAP, DESIGNER, FAMILIES, WORKFLOW

from ainarres.domain import commands as c
from ainarres.verbs.envelope import CODES, Envelope

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.database import Clock
    from tests.scene import Scene

ELSEWHERE = {"read_only", "rate_limited", "unavailable", "fault"}
"""Of an imported copy, and of the server: their own tests reach them."""


def empty(scene: Scene, _: Clock) -> Envelope:
    return scene.agent(CHEAP).execute(c.Claim())


def ok(scene: Scene, _: Clock) -> Envelope:
    return scene.human.execute(c.Create(lane="dev", title="t"))


def blocked(scene: Scene, _: Clock) -> Envelope:
    task, agent = scene.task(), scene.agent(DESIGNER)
    for _attempt in range(2):
        scene.ok(agent, c.Claim(task=task))
        scene.ok(agent, c.Release(task=task, reason="hard"))
    scene.ok(agent, c.Claim(task=task))
    return agent.execute(c.Release(task=task, reason="hard"))


def already_holding(scene: Scene, _: Clock) -> Envelope:
    scene.task()
    agent = scene.agent(DESIGNER)
    scene.ok(agent, c.Claim())
    return agent.execute(c.Claim())


def lease_lost(scene: Scene, clock: Clock) -> Envelope:
    task, agent = scene.task(), scene.agent(DESIGNER)
    scene.ok(agent, c.Claim(task=task))
    clock.advance(31)
    return agent.execute(c.Advance(task=task))


def conflict(scene: Scene, _: Clock) -> Envelope:
    return scene.human.execute(c.Cancel(task=scene.task(), reason="no", expect_version=7))


def illegal_transition(scene: Scene, _: Clock) -> Envelope:
    task, agent = scene.task(), scene.agent(DESIGNER)
    scene.ok(agent, c.Claim(task=task))
    return agent.execute(c.Advance(task=task, to="done"))


def guard_unmet(scene: Scene, _: Clock) -> Envelope:
    text = WORKFLOW.replace('requires = ["role:designer"]', 'requires = ["role:designer"]\nartifacts = ["file"]')
    scene.ok(scene.human, c.AdoptWorkflow(text=text, source="w"))
    task, agent = scene.task(), scene.agent(DESIGNER)
    scene.ok(agent, c.Claim(task=task))
    return agent.execute(c.Advance(task=task))


def not_eligible(scene: Scene, _: Clock) -> Envelope:
    return scene.agent(CHEAP).execute(c.Claim(task=scene.task()))


def needs_other_family(scene: Scene, _: Clock) -> Envelope:
    both = '[[family]]\nkey = "one+all"\nmaker = "one"\ncost_class = 1\ngrants = ["lane:web/dev", '
    both += '"role:implementer", "role:reviewer"]\n'
    scene.ok(scene.human, c.AdoptFamilies(text=FAMILIES + both, source="f"))
    task, author = scene.implementable(), scene.agent("one+all")
    scene.ok(author, c.Claim(task=task))
    scene.ok(author, c.Advance(task=task))
    return scene.agent("one+all").execute(c.Claim(task=task))


def cancelled(scene: Scene, _: Clock) -> Envelope:
    task = scene.task()
    scene.ok(scene.human, c.Cancel(task=task, reason="no"))
    return scene.agent(DESIGNER).execute(c.Claim(task=task))


def not_found(scene: Scene, _: Clock) -> Envelope:
    return scene.human.execute(c.Create(lane="nowhere", title="t"))


def invalid(scene: Scene, _: Clock) -> Envelope:
    return scene.human.execute(c.Create(lane="dev", title="t", depends_on=("beef",)))


def key_reused(scene: Scene, _: Clock) -> Envelope:
    key = uuid4()
    scene.ok(scene.human, c.Create(lane="dev", title="t"), key)
    return scene.human.execute(c.Create(lane="dev", title="u"), key)


def unauthenticated(scene: Scene, _: Clock) -> Envelope:
    issued = scene.ok(scene.human, c.IssueToken(family=DESIGNER))
    scene.ok(scene.human, c.RevokeToken(credential=issued.extra["credential"], reason="lost"))
    return scene.session(issued.extra["token"]).execute(c.Claim())


def expired(scene: Scene, clock: Clock) -> Envelope:
    agent = scene.session(scene.token(DESIGNER, life="1m"))
    clock.advance(61)
    return agent.execute(c.Claim())


WAYS: dict[str, Callable[[Scene, Clock], Envelope]] = {
    way.__name__: way
    for way in (
        ok,
        empty,
        blocked,
        already_holding,
        lease_lost,
        conflict,
        illegal_transition,
        guard_unmet,
        not_eligible,
        needs_other_family,
        cancelled,
        not_found,
        invalid,
        key_reused,
        unauthenticated,
        expired,
    )
}
STATUSES = {
    "ok": (0, 200),
    "empty": (0, 200),
    "blocked": (0, 200),
    "already_holding": (3, 409),
    "lease_lost": (4, 409),
    "conflict": (3, 409),
    "illegal_transition": (6, 422),
    "guard_unmet": (6, 422),
    "not_eligible": (5, 403),
    "needs_other_family": (5, 403),
    "cancelled": (6, 409),
    "not_found": (7, 404),
    "invalid": (2, 422),
    "key_reused": (2, 422),
    "unauthenticated": (5, 401),
    "expired": (5, 401),
}


@pytest.mark.parametrize("code", WAYS)
def test_a_code_is_reached_and_says_why(scene: Scene, clock: Clock, code: str) -> None:
    found = WAYS[code](scene, clock)
    assert found.code == code, found
    assert (found.exit_status, found.http_status) == STATUSES[code]
    assert found.ok == (found.exit_status == 0)
    assert found.ok or found.reason
    assert list(found.to_json())[:7] == ["ok", "code", "reason", "task", "event", "next", "position"]


def test_no_code_is_left_out() -> None:
    assert {*WAYS, *ELSEWHERE} == set(CODES)
