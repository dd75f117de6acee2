"""A verdict on an epic: when it may be given, that it is given once, and what it asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from tests.spec import created
from tests.spec import given as given_facts

from ainarres.domain.epic import Epic, judge, opened, status
from ainarres.domain.events import EpicJudged
from ainarres.domain.governing import Verdict
from ainarres.domain.refusal import Refusal

BRIEF, REWORK = UUID(int=1), UUID(int=2)
REJECT: dict[str, Any] = {"verdict": "reject", "code": "below_bar", "reason": "no error is handled"}


def given(tasks: int, done: int, cancelled: int = 0, judged: EpicJudged | None = None, **said: Any) -> Any:
    command = Verdict(epic=str(BRIEF), **said)
    return judge(Epic(BRIEF, tasks, done, cancelled, judged), command, REWORK)


@pytest.mark.parametrize(
    ("tasks", "done", "cancelled", "verdict", "called"),
    [
        (0, 0, 0, None, "open"),
        (2, 0, 0, None, "open"),
        (2, 1, 0, None, "open"),
        (2, 1, 1, None, "delivered"),
        (2, 0, 2, None, "cancelled"),
        (2, 2, 0, "accept", "accepted"),
        (2, 0, 2, "reject", "rejected"),
    ],
)
def test_the_status_is_derived(tasks: int, done: int, cancelled: int, verdict: str | None, called: str) -> None:
    assert status(tasks, done, cancelled, verdict) == called


def test_what_is_delivered_is_accepted_without_rework() -> None:
    said = given(2, 1, 1, verdict="accept")
    assert said == EpicJudged(epic=BRIEF, verdict="accept", code=None, reason=None, rework=None)


@pytest.mark.parametrize(("done", "rework"), [(0, None), (1, REWORK)])
def test_a_rejection_asks_for_rework_only_where_something_shipped(done: int, rework: UUID | None) -> None:
    assert given(2, done, **REJECT).rework == rework


@pytest.mark.parametrize(("done", "cancelled", "words"), [(1, 0, "1 of 2 tasks"), (0, 2, "nothing of it was done")])
def test_what_is_not_delivered_is_not_accepted(done: int, cancelled: int, words: str) -> None:
    said = given(2, done, cancelled, verdict="accept")
    assert isinstance(said, Refusal)
    assert (said.code, words in said.reason) == ("conflict", True)


def test_the_same_verdict_again_is_no_news_and_another_a_conflict() -> None:
    first = given(2, 1, **REJECT)
    assert given(2, 1, 1, first, **{**REJECT, "reason": "in other words"}) is None
    for other in ({"verdict": "accept"}, {**REJECT, "code": "other"}):
        said = given(2, 1, 1, first, **other)
        assert isinstance(said, Refusal)
        assert said.code == "conflict"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"verdict": "reject", "reason": "n"}, "code"),
        ({"verdict": "reject", "code": "other"}, "reason"),
        ({"verdict": "accept", "code": "other"}, "code"),
    ],
)
def test_a_rejection_says_why_and_an_acceptance_has_no_code(said: dict[str, Any], field: str) -> None:
    refused = given(1, 1, **said)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.details["field"]) == ("invalid", field)


def test_an_epic_without_tasks_is_rejected_but_not_accepted() -> None:
    assert given(0, 0, **REJECT).rework is None
    refused = given(0, 0, verdict="accept")
    assert isinstance(refused, Refusal)
    assert (refused.code, "no task was created in it" in refused.reason) == ("conflict", True)


def test_only_an_accepted_brief_is_an_epic() -> None:
    task = given_facts(created(stage="reviewing")).expect()
    for brief, code, words in (
        (task, "invalid", "no brief but a task of the workflow dev"),
        (replace(task, workflow="intake"), "conflict", "is at reviewing; it is an epic once it is accepted"),
        (replace(task, workflow="intake", cancelled=True), "conflict", "is cancelled"),
    ):
        refused = opened(brief)
        assert refused is not None
        assert (refused.code, refused.details["field"]) == (code, "epic")
        assert words in refused.reason
    assert opened(replace(task, workflow="intake", terminal=True)) is None
