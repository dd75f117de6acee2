"""The workflow model: what it answers, and that its JSON is the whole of it."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ainarres.domain.digest import canonical, digest
from ainarres.domain.duration import text
from ainarres.domain.workflow import Transition, Workflow

LOOP: dict[str, Any] = {
    "key": "loop",
    "title": "Write, review",
    "stage": [
        {"key": "todo", "initial": True, "lease": "2h", "max_attempts": 5, "escalate_after": 2},
        {"key": "in-review"},
        {"key": "done", "terminal": True},
    ],
    "transition": [
        {"from": "todo", "to": "in-review", "requires": ["role:worker"]},
        {"from": "in-review", "to": "done", "requires": ["role:reviewer", "tier:2"], "reviews": "todo"},
        {"from": "in-review", "to": "todo", "kind": "reject", "requires": ["role:reviewer"]},
    ],
}

DURATIONS = st.integers(1, 10**9).map(lambda ms: text(timedelta(milliseconds=ms)))
COUNTS = st.none() | st.integers(1, 1000)
STAGES = st.fixed_dictionaries(
    {"title": st.text(min_size=1), "initial": st.booleans(), "lease": st.none() | DURATIONS, "wip": COUNTS},
    optional={"max_attempts": COUNTS, "escalate_after": COUNTS, "wip_scope": st.sampled_from(["lane", "project"])},
)


def workflow() -> Workflow:
    return Workflow.from_json(LOOP)


def test_what_a_stage_leaves_out_comes_from_the_workflow_then_from_the_house() -> None:
    loop = workflow()
    assert (loop.lease_of("todo"), loop.lease_of("in-review")) == (timedelta(hours=2), timedelta(minutes=30))
    assert (loop.max_attempts_of("todo"), loop.max_attempts_of("in-review"), loop.max_rework) == (5, 3, 3)
    assert (loop.escalate_after_of("todo"), loop.escalate_after_of("in-review")) == (2, None)
    assert Workflow.from_json({**LOOP, "lease": "5m"}).lease_of("in-review") == timedelta(minutes=5)


def test_stages_and_moves_are_found() -> None:
    loop = workflow()
    assert loop.initial.key == "todo"
    assert loop.stage("nowhere") is None
    assert [stage.title for stage in loop.stages] == ["todo", "in review", "done"]
    assert [move.to_stage for move in loop.exits("in-review")] == ["done", "todo"]
    assert [move.to_stage for move in loop.exits("in-review", "reject")] == ["todo"]
    assert loop.find("in-review", "done", "advance") == (loop.transitions[1],)
    assert loop.find("in-review", "done", "reject") == ()
    assert loop.features == {"role:worker", "role:reviewer", "tier:2"}


def test_a_move_is_booked_under_its_role() -> None:
    assert workflow().capability(workflow().transitions[1]) == "role:reviewer"


def test_only_advances_make_a_stage_earlier() -> None:
    loop = workflow()
    assert [stage.key for stage in loop.stages_before("done")] == ["todo", "in-review"]
    assert loop.stages_before("todo") == ()


def test_a_review_prefers_another_maker_for_ten_minutes_unless_it_says_otherwise() -> None:
    plain, review, reject = workflow().transitions
    assert (review.distinct, review.rule, review.prefer_for) == ("maker", "prefer", timedelta(minutes=10))
    assert (plain.rule, plain.prefer_for, reject.rule) == ("off", None, "off")


def test_a_reject_finds_the_stage_it_returns_to_at_fault_unless_it_says_otherwise() -> None:
    plain, _, reject = workflow().transitions
    assert (plain.fault, reject.fault) == (None, "todo")


def test_json_has_the_shape_of_the_file_with_durations_as_text() -> None:
    document = workflow().to_json()
    assert document["lease"] == "30m"
    assert document["stage"][0]["lease"] == "2h"
    assert "lease" not in document["stage"][1]
    assert document["transition"][0]["from"] == "todo"


@given(st.lists(STAGES, min_size=2, max_size=6), DURATIONS)
def test_json_is_read_back_and_keeps_its_digest(stages: list[dict[str, Any]], lease: str) -> None:
    keyed = [{"key": f"s{place}", **stage} for place, stage in enumerate(stages)]
    moves = [{"from": "s0", "to": "s1", "requires": ["role:worker"]}]
    made = Workflow.from_json({"key": "made", "title": "Made", "lease": lease, "stage": keyed, "transition": moves})
    again = Workflow.from_json(made.to_json())
    assert again == made
    assert again.digest() == made.digest()


def test_the_digest_is_of_canonical_json() -> None:
    assert canonical({"b": [1, True, None], "a": "é"}) == '{"a":"é","b":[1,true,null]}'.encode()
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert workflow().digest() == digest(workflow().to_json())


@pytest.mark.parametrize("document", [{"a": 1.5}, [{"b": [0.0]}], {1: "a"}, {"é": "a"}])
def test_what_canonical_json_would_need_more_rules_for_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="a definition"):
        canonical(document)


def test_a_workflow_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        workflow().lease = timedelta(hours=1)


def test_a_transition_can_be_made_by_its_names() -> None:
    made = Transition(from_stage="a", to_stage="b", kind="reject", requires=("role:x",))
    assert (made.role, made.fault) == ("x", "b")
