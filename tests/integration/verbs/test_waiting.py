"""A claim that waits: the bell wakes it, a lost bell costs a poll, and the time it may wait ends it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.integration.verbs.crowd import together, until
from tests.scene import CHEAP, DESIGNER, WORKFLOW

from ainarres.domain import commands as c
from ainarres.verbs import session as sessions
from ainarres.verbs.unit import SQL as UNIT

if TYPE_CHECKING:
    import pytest
    from tests.database import Clock
    from tests.scene import Scene

LISTENING = "SELECT count(*) > 0 FROM projection.agent WHERE last_empty_at IS NOT NULL"
"""Whether somebody has looked and found nothing."""


def test_the_bell_wakes_who_waits(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "POLL", 60)
    agent = scene.agent(DESIGNER)

    def post() -> str:
        until(scene.human.connection, LISTENING)
        return scene.task()

    begun = time.monotonic()
    claimed, task = together(lambda: scene.id(agent.execute(c.Claim(wait="50s"))), post)
    assert claimed == task
    assert time.monotonic() - begun < 40


def test_what_no_bell_announces_is_found_by_the_next_poll(scene: Scene, clock: Clock) -> None:
    """Time opens a preference without a word from anybody."""
    text = WORKFLOW.replace('rule = "require"', 'rule = "prefer"\nprefer_for = "1h"')
    scene.ok(scene.human, c.AdoptWorkflow(text=text, source="w"))
    reviewers = '[[family]]\nkey = "one+all"\nmaker = "alibaba"\ncost_class = 1\n'
    reviewers += 'grants = ["lane:web/dev", "role:reviewer"]\n'
    scene.ok(scene.human, c.AdoptFamilies(text=reviewers, source="f"))
    task, author = scene.implementable(), scene.agent(CHEAP)
    scene.ok(author, c.Claim(task=task))
    scene.ok(author, c.Done())
    agent = scene.agent("one+all")

    def pass_time() -> str:
        until(scene.human.connection, LISTENING)
        clock.advance(3601)
        return task

    claimed, expected = together(lambda: scene.id(agent.execute(c.Claim(wait="50s"))), pass_time)
    assert claimed == expected


def test_a_wait_ends_with_its_time(scene: Scene) -> None:
    answer = scene.agent(DESIGNER).execute(c.Claim(wait="10ms"))
    assert (answer.code, answer.ok) == ("empty", True)
    assert answer.extra["retry_after"]


def test_a_bell_that_nobody_hears_is_not_rung(scene: Scene) -> None:
    """A notification makes transactions commit one after the other, so only who waits is a reason for one."""
    ear = scene.session().connection
    ear.execute("LISTEN ainarres")
    scene.task()
    assert list(ear.notifies(timeout=0)) == []
    ear.execute(UNIT["listen"])
    scene.task()
    assert [bell.payload for bell in ear.notifies(timeout=30, stop_after=1)] == ["web/dev"]
    ear.execute(UNIT["unlisten"])
    ear.execute("LISTEN ainarres")
    scene.task()
    assert list(ear.notifies(timeout=0)) == []
