"""Who may claim what: obstacles in their order, what a claim records, and the reviewing rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from tests.spec import (
    ANN,
    DESIGNER,
    FENCE,
    MERGER,
    OPERATOR,
    REVIEWER,
    SISTER,
    START,
    STRANGER,
    TWIN,
    agent,
    by,
    claimed,
    created,
    given,
    implementing,
    integrating,
    reviewing,
    workflow,
)

from ainarres.domain import events as e
from ainarres.domain.eligibility import Route, closed_because, obstacles, opening
from ainarres.domain.holding import claim

if TYPE_CHECKING:
    from tests.spec import Given, Then

    from ainarres.domain.context import Caller

ESCALATED = by(OPERATOR, e.TaskEscalated(stage="implementing", from_tier=1, to_tier=2, because="attempts", attempts=2))
WAIVED = by(OPERATOR, e.ReviewRuleWaived(reason="we are few"))


def taking(state: Given, caller: Caller, **world: object) -> Then:
    return state.when(claim, by=caller, fence=FENCE, **world)


def test_a_claim_records_hold_lease_role_maker_and_attempt() -> None:
    fact = taking(implementing().at(5), ANN, cards={"implementer": 7}).one(
        e.TaskClaimed(
            stage="implementing",
            attempt=1,
            fence=FENCE,
            lease_expires_at=START + timedelta(seconds=65),
            maker="alibaba",
            card=e.CardVersion(role="implementer", version=7),
        )
    )
    assert (fact.actor, fact.family, fact.capability) == ("ann", "opencode+qwen", "role:implementer")
    assert (fact.credential, fact.stream, fact.version) == ("k", implementing().expect().stream, 3)


def test_the_lease_is_the_workflows_where_the_stage_has_none_and_a_missing_card_is_null() -> None:
    event = taking(given(created()), DESIGNER).one(e.TaskClaimed).event
    assert isinstance(event, e.TaskClaimed)
    assert (event.lease_expires_at, event.card) == (START + timedelta(seconds=30), None)


def test_a_claim_states_the_score_it_was_chosen_by() -> None:
    score = e.Score(skills=3, priority=3, project=0, reputation=0.5, total=6.5)
    event = taking(implementing(), ANN, score=score).one(e.TaskClaimed).event
    assert isinstance(event, e.TaskClaimed)
    assert event.score == score


def test_an_advance_is_exercised_before_a_reject_and_the_most_demanding_first() -> None:
    both = agent("bo", "f+a", "other", "role:reviewer", "role:designer", "role:scout")
    assert taking(reviewing(), both).one(e.TaskClaimed).capability == "role:reviewer"
    assert taking(given(created()), both).one(e.TaskClaimed).capability == "role:designer"
    rejector = agent("ron", "f+b", "other", "role:triage")
    only_reject = workflow(reviewing__proposed={"requires": ["role:triage"]})
    assert taking(reviewing().under(only_reject), rejector).one(e.TaskClaimed).capability == "role:triage"


# Each state has the obstacles of all rows below it: the first row's is the one that is told.
OBSTACLES = [
    ("cancelled", "the task was cancelled"),
    ("conflict", "the task is finished: done"),
    ("conflict", "blocked: look at it"),
    ("conflict", "waits on 1 unfinished prerequisite"),
    ("conflict", "lane web/dev is paused"),
    ("conflict", "work-in-progress limit"),
    ("conflict", "held by tom"),
    ("not_eligible", "need lane:web/dev"),
]


@pytest.mark.parametrize("place", range(len(OBSTACLES)))
def test_obstacles_are_told_in_their_order(place: int) -> None:
    held = implementing(claimed(TWIN)).expect()
    task = replace(
        held,
        hold=held.hold if place < 7 else None,
        blocked=place < 3,
        blocked_reason="look at it",
        stage="done" if place < 2 else "implementing",
        terminal=place < 2,
        cancelled=place < 1,
    )
    state = replace(implementing(), task=task)
    world: dict[str, object] = {
        "unmet": (uuid4(),) if place < 4 else (),
        "lane_paused": place < 5,
        "wip_full": place < 6,
    }
    code, words = OBSTACLES[place]
    taking(state, STRANGER, **world).refused(code, words)
    found = obstacles(state.expect(), state.context(STRANGER, **world))
    assert len(found) == len(OBSTACLES) - place


def test_a_refusal_names_the_holder_and_until_when() -> None:
    details = {"holder": "tom", "expires_at": START + timedelta(seconds=60)}
    taking(implementing(claimed(TWIN)), ANN).refused("conflict", **details)


def test_a_lease_that_ends_this_moment_is_over() -> None:
    held = implementing(claimed(TWIN, until=60))
    taking(held.at(59.999999), ANN).refused("conflict")
    taking(held.at(60), ANN).then(e.TaskClaimed)


def test_features_are_named_lane_first_then_the_tasks_own_then_the_nearest_way_out() -> None:
    task = implementing().expect()
    state = replace(implementing(), task=replace(task, requires=("skill:rust",)))
    taking(state, ANN).refused("not_eligible", "need skill:rust", missing=["skill:rust"])
    rusty = replace(ANN, features=ANN.features | {"skill:rust"})
    taking(state, rusty).then(e.TaskClaimed)
    no_role = replace(rusty, features=rusty.features - {"role:implementer"})
    taking(state, no_role).refused("not_eligible", "role:implementer", missing=["role:implementer"])
    half = agent("hal", "f+c", "other", "role:integrator")
    taking(integrating(), half).refused("not_eligible", missing=["capability:integrate"])
    taking(integrating(), MERGER).then(e.TaskClaimed)


def test_a_tier_is_asked_for_at_the_escalated_stage_only() -> None:
    climbed = implementing(ESCALATED)
    taking(climbed, ANN).refused("not_eligible", missing=["tier:2"])
    strong = replace(ANN, features=ANN.features | {"tier:2"})
    taking(climbed, strong).then(e.TaskClaimed)
    later = climbed.fold(
        by(
            strong,
            e.TaskAdvanced(
                from_stage="implementing",
                to_stage="reviewing",
                terminal=False,
                note=None,
                artifacts=(),
                maker="alibaba",
                digest=None,
                approved=False,
            ),
        )
    )
    assert "tier:2" not in REVIEWER.features
    taking(later, REVIEWER).then(e.TaskClaimed)


def test_suspended_features_open_nothing_new() -> None:
    kept = replace(ANN, features=ANN.features - {"role:implementer"}, kept={"role:implementer": START})
    taking(implementing(), kept).refused("not_eligible", missing=["role:implementer"])


# -- the reviewing rules ----------------------------------------------------------------------------------------------


def ruled(rule: str, distinct: str = "maker", prefer_for: str | None = None) -> Given:
    changes: dict[str, object] = {"rule": rule, "distinct": distinct}
    if prefer_for:
        changes["prefer_for"] = prefer_for
    return reviewing().under(workflow(reviewing__integrating=changes))


@pytest.mark.parametrize("rule", ["off", "prefer", "require"])
@pytest.mark.parametrize("distinct", ["agent", "family", "maker"])
@pytest.mark.parametrize("waived", [False, True])
def test_the_same_agent_never_reviews_its_own_work(rule: str, distinct: str, waived: bool) -> None:
    state = ruled(rule, distinct, "1s" if rule == "prefer" else None).fold(*([WAIVED] if waived else [])).at(3600)
    taking(state, ANN).refused("needs_other_family", "an agent never reviews its own work")


@pytest.mark.parametrize(
    ("distinct", "closed"), [("agent", []), ("family", [TWIN]), ("maker", [TWIN, SISTER])], ids=lambda x: str(x)[:9]
)
@pytest.mark.parametrize("rule", ["require", "prefer", "off"])
def test_the_reviewer_differs_in_agent_family_or_maker(rule: str, distinct: str, closed: list[Caller]) -> None:
    state = ruled(rule, distinct, "10s" if rule == "prefer" else None)
    for caller in (TWIN, SISTER, REVIEWER):
        found = taking(state, caller)
        if caller in closed and rule != "off":
            found.refused("needs_other_family", f"reviewing wants another {distinct}")
        else:
            event = found.one(e.TaskClaimed).event
            assert isinstance(event, e.TaskClaimed)
            assert not event.preference_unmet


def test_a_requirement_does_not_wear_off_and_a_waiver_lifts_it_for_this_task() -> None:
    state = ruled("require")
    taking(state.at(10**6), TWIN).refused("needs_other_family", "an operator may waive it")
    event = taking(state.fold(WAIVED), TWIN).one(e.TaskClaimed).event
    assert isinstance(event, e.TaskClaimed)
    assert not event.preference_unmet


def test_a_preference_wears_off_and_the_claim_says_that_it_was_not_met() -> None:
    state = ruled("prefer", prefer_for="10s")
    taking(state.at(9.999), TWIN).refused("needs_other_family", "open to all in")
    event = taking(state.at(10), TWIN).one(e.TaskClaimed).event
    assert isinstance(event, e.TaskClaimed)
    assert event.preference_unmet
    other = taking(state.at(10), REVIEWER).one(e.TaskClaimed).event
    assert isinstance(other, e.TaskClaimed)
    assert not other.preference_unmet


def test_the_waiting_time_runs_from_entering_the_stage_not_from_the_last_event() -> None:
    noted = ruled("prefer", prefer_for="10s").at(8).fold(by(OPERATOR, e.TaskAmended(priority=5)))
    taking(noted.at(10), TWIN).then(e.TaskClaimed)


def test_the_rule_binds_the_stage_a_reject_too() -> None:
    rejects_alone = agent("tia", "opencode+qwen", "alibaba", "role:triage")
    definition = workflow(reviewing__proposed={"requires": ["role:triage"]})
    taking(reviewing().under(definition), rejects_alone).refused("needs_other_family")


def test_only_who_last_advanced_out_of_the_stage_is_the_author() -> None:
    back = by(
        REVIEWER,
        e.TaskRejected(
            from_stage="reviewing",
            to_stage="implementing",
            reason="red",
            artifacts=(),
            digest=None,
            fault_stage="implementing",
            producer_agent="ann",
            producer_family="opencode+qwen",
            producer_maker="alibaba",
            producer_capability="role:implementer",
            rework=1,
        ),
    )
    other = agent("gus", "grok+build", "xai", "role:implementer", "role:reviewer")
    again = reviewing(back).fold(
        by(
            other,
            e.TaskAdvanced(
                from_stage="implementing",
                to_stage="reviewing",
                terminal=False,
                note=None,
                artifacts=(),
                maker="xai",
                digest="c2c2c2c",
                approved=False,
            ),
        )
    )
    taking(again, ANN).then(e.TaskClaimed)
    taking(again, other).refused("needs_other_family")


# -- routes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["require", "prefer", "off"])
def test_a_route_is_open_exactly_to_those_whom_the_obstacles_let_through(rule: str) -> None:
    state = ruled(rule, prefer_for="10s" if rule == "prefer" else None)
    route = Route.of(state.expect(), state.workflow)
    for caller in (TWIN, SISTER, REVIEWER, DESIGNER, STRANGER):
        found = opening(route, caller, state.workflow)
        free = not obstacles(state.expect(), state.at(9).context(caller))
        after = timedelta(0) if found is None or found.after is None else found.after
        assert (found is not None and after <= timedelta(seconds=9)) == free
        assert (closed_because(route, caller, state.workflow) is None) == (found is not None)
    closed = closed_because(route, STRANGER, state.workflow)
    assert closed is not None
    assert "lane:web/dev" in closed


def test_a_route_survives_json_and_its_id_follows_its_parts() -> None:
    state = reviewing()
    route = Route.of(state.expect(), state.workflow)
    assert Route.from_json(route.to_json()) == route
    assert Route.of(reviewing().expect(), workflow()).id == route.id
    assert Route.of(reviewing(author=SISTER).expect(), workflow()).id == route.id, "the maker alone matters here"
    assert Route.of(reviewing(author=DESIGNER).expect(), workflow()).id != route.id
    assert Route.of(reviewing(WAIVED).expect(), workflow()).id != route.id
    assert Route.of(implementing(ESCALATED).expect(), workflow()).id != Route.of(implementing().expect(), workflow()).id
