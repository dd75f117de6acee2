"""Command ids: what a key is bound to, and what a repeat brings back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from tests.scene import DESIGNER

from ainarres.domain import commands as c

if TYPE_CHECKING:
    from tests.scene import Scene


def test_any_payload_that_the_ledger_keeps_may_come_with_a_key(scene: Scene) -> None:
    key = uuid4()
    command = c.Create(lane="dev", title="x", payload={"estimate": 1.5, "größe": [1e21, 2.0]})
    first = scene.ok(scene.human, command, key)
    again = scene.ok(scene.human, command, key)
    assert (again.extra, again.task, again.position) == ({"replayed": True}, first.task, first.position)
    other = c.Create(lane="dev", title="x", payload={"estimate": 1.75, "größe": [1e21, 2.0]})
    assert scene.human.execute(other, key).code == "key_reused"


def test_a_key_belongs_to_its_agent(scene: Scene) -> None:
    key = uuid4()
    scene.task()
    one, two = scene.agent(DESIGNER), scene.agent(DESIGNER)
    scene.ok(one, c.Create(lane="dev", title="x"), key)
    made = scene.ok(two, c.Create(lane="dev", title="x"), key)
    assert "replayed" not in made.extra


def test_refusals_and_empty_polls_are_not_remembered(scene: Scene) -> None:
    key, designer = uuid4(), scene.agent(DESIGNER)
    assert designer.execute(c.Claim(), key).code == "empty"
    task = scene.task()
    assert scene.id(scene.ok(designer, c.Claim(), key)) == task
    again = scene.ok(designer, c.Claim(), key)
    assert again.extra == {"replayed": True}


def test_a_repeated_next_brings_card_history_and_moves_again(scene: Scene) -> None:
    scene.task()
    key, designer = uuid4(), scene.agent(DESIGNER)
    first = scene.ok(designer, c.Next(), key)
    again = scene.ok(designer, c.Next(), key)
    assert first.extra.keys() >= {"card", "history", "moves"}
    assert again.extra == {**first.extra, "replayed": True}
