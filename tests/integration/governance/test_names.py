"""A name that stands for nothing is refused with the nearest that do: nothing may look denied, or well, by a slip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.governance.test_showing import AUDITORS, ROLE, Terminal, say
from tests.integration.verbs.crowd import events
from tests.scene import CHEAP

from ainarres.domain import commands as c

if TYPE_CHECKING:
    from tests.scene import Scene

__all__ = ("say",)

SLIPS: list[tuple[c.Command, str, str]] = [
    (c.RevokeCapability(family=CHEAP, feature="role:implementor", reason="n"), "feature", ROLE),
    (c.RevokeCapability(family=CHEAP, feature="lane:web/dve", reason="n"), "feature", "lane:web/dev"),
    (c.RevokeCapability(family=CHEAP, feature="skill:rust", reason="n"), "feature", "`ainarres families`"),
    (c.RevokeCapability(family="opencode+qven", feature=ROLE, reason="n"), "family", CHEAP),
    (c.Suspend(family=CHEAP, feature="role:implementor", reason="n"), "feature", ROLE),
    (c.Suspend(family="opencode+qven", feature=ROLE, reason="n"), "family", CHEAP),
    (c.IssueToken(family=CHEAP, narrowing=("role:implementor",)), "narrowing", ROLE),
]


@pytest.mark.parametrize(("command", "field", "cure"), SLIPS)
def test_a_misspelt_name_is_refused_with_the_nearest(scene: Scene, command: c.Command, field: str, cure: str) -> None:
    before = len(events(scene.human.connection))
    answer = scene.human.execute(command)
    assert (answer.code, answer.extra.get("field")) == ("not_found", field)
    assert answer.reason is not None
    assert cure in answer.reason
    assert len(events(scene.human.connection)) == before


def test_a_flag_names_a_capability_that_there_is(scene: Scene) -> None:
    scene.ok(scene.human, c.AdoptFamilies(text=AUDITORS, source="f"))
    flag = c.RaiseFlag(family=CHEAP, gap="slow", capability="role:implementor")
    answer = scene.agent("script+auditor").execute(flag)
    assert (answer.code, answer.extra["field"]) == ("not_found", "capability")


def test_what_only_a_denial_names_can_be_revoked_again(scene: Scene) -> None:
    scene.ok(scene.human, c.RevokeCapability(family=CHEAP, feature="tier:9", reason="any tier is a number"))
    scene.ok(scene.human, c.LiftDenial(family=CHEAP, feature="tier:9", reason="enough"))


def test_explain_of_a_name_that_stands_for_nothing_is_refused(say: Terminal) -> None:
    for family, capability, field, cure in (
        ("opencode+qven", ROLE, "family", CHEAP),
        ("nonsense", ROLE, "family", "`ainarres families`"),
        (CHEAP, "role:implementor", "capability", ROLE),
        (CHEAP, "nonsense", "capability", "`ainarres families`"),
    ):
        told = say.read("governance", "explain", family, capability, status=7)
        assert (told["code"], told["field"]) == ("not_found", field)
        assert cure in told["reason"]


def test_an_id_is_read_alike_by_verbs_and_reads(scene: Scene, say: Terminal) -> None:
    first, second = scene.task(), scene.task()
    for typed, code, status in (
        (first[-3:], "not_found", 7),
        ("zzzz", "not_found", 7),
        ("f" * 32, "not_found", 7),
        (first[:4], "invalid", 2),
        (second[-8:], "ok", 0),
    ):
        answer = scene.human.execute(c.Note(task=typed, text="seen"))
        assert answer.code == code
        found = say.read("task", "show", typed, status=status)
        assert code == "ok" or (found["code"], found["field"]) == (code, "task")
