"""Attempts, escalation and rework: what a failed hold counts, what resets the count, what comes of too many."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.spec import (
    ANN,
    COMMIT,
    DESIGNER,
    FENCE,
    MERGER,
    MONITOR,
    OPERATOR,
    REVIEWER,
    START,
    STRANGER,
    TASK,
    TWIN,
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
from ainarres.domain.commands import Advance, Reject, Release, Unblock
from ainarres.domain.holding import claim
from ainarres.domain.moving import advance, reject
from ainarres.domain.parking import INFRA_RELEASES, expire, release, unblock

if TYPE_CHECKING:
    from tests.spec import Given, Then

    from ainarres.domain.context import Caller
    from ainarres.domain.task import Task

ID = str(TASK)
TIERS = frozenset({2, 3})
STRONG = replace(ANN, features=ANN.features | {"tier:2", "tier:3"})


def releasing(state: Given, caller: Caller, cause: str = "task", **world: Any) -> Then:
    return state.when(
        release, Release.model_validate({"task": ID, "reason": "too hard", "cause": cause}), by=caller, **world
    )


def fails(state: Given, times: int = 1, **world: Any) -> Given:
    """Let an agent with every tier claim and give up."""
    for _ in range(times):
        held = state.when(claim, by=STRONG, fence=FENCE).later()
        state = releasing(held, STRONG, **world).later()
    return state


def counts(task: Task) -> tuple[int, int, int, int | None]:
    return task.attempts, task.infra_releases, task.rework, task.tier


# -- release ----------------------------------------------------------------------------------------------------------


def test_a_release_burns_an_attempt_and_the_holder_is_the_subject() -> None:
    fact = releasing(implementing(claimed(ANN)), ANN).one(
        e.TaskReleased(stage="implementing", reason="too hard", cause="task", attempts=1, infra_releases=0)
    )
    assert (fact.actor, fact.subject_agent, fact.subject_family) == ("ann", "ann", "opencode+qwen")
    assert fact.capability == "role:implementer"


def test_a_misleading_card_burns_an_attempt_too() -> None:
    event = releasing(implementing(claimed(ANN)), ANN, "card").one(e.TaskReleased).event
    assert isinstance(event, e.TaskReleased)
    assert (event.cause, event.attempts) == ("card", 1)


def test_five_provider_failures_are_free_and_the_sixth_counts() -> None:
    state = implementing()
    for count in range(1, INFRA_RELEASES + 2):
        held = state.when(claim, by=ANN, fence=FENCE).later()
        state = releasing(held, ANN, "infra").later()
        assert counts(state.expect())[:2] == (int(count > 5), count)
    assert INFRA_RELEASES == 5


def test_an_operators_release_burns_nothing_whatever_cause_is_said() -> None:
    for cause in ("task", "infra", "card"):
        fact = releasing(implementing(claimed(ANN)), OPERATOR, cause).one(
            e.TaskReleased(stage="implementing", reason="too hard", cause="operator", attempts=0, infra_releases=0)
        )
        assert (fact.actor, fact.subject_agent, fact.subject_family) == ("olga", "ann", "opencode+qwen")


def test_an_operator_releases_a_dead_hold_too_but_not_none() -> None:
    releasing(implementing(claimed(ANN)).at(99), OPERATOR).then(e.TaskReleased)
    releasing(implementing(), OPERATOR).refused("conflict", "nobody holds this task")


@pytest.mark.parametrize("caller", [STRANGER, TWIN, MONITOR], ids=lambda c: str(c.actor))
def test_nobody_else_releases(caller: Caller) -> None:
    releasing(implementing(claimed(ANN)), caller).refused("lease_lost", "ann holds")


def test_the_version_is_asked_before_the_hold() -> None:
    state = implementing(claimed(ANN))
    command = Release(task=ID, reason="r", expect_version=1)
    state.when(release, command, by=TWIN).refused("conflict", "at version 3, not 1")


# -- expiry -----------------------------------------------------------------------------------------------------------


def test_an_expired_holder_is_the_subject_whoever_finds_it() -> None:
    then = implementing(claimed(ANN)).at(61).when(expire, by=REVIEWER)
    fact = then.one(
        e.LeaseExpired(
            stage="implementing",
            fence=FENCE,
            expired_at=START.replace(minute=1),
            attempts=1,
        )
    )
    assert (fact.actor, fact.family) == ("rex", "claude-code+sonnet")
    assert (fact.subject_agent, fact.subject_family, fact.capability) == ("ann", "opencode+qwen", "role:implementer")
    assert then.later().expect().hold is None


def test_a_live_lease_does_not_expire_and_neither_does_none() -> None:
    implementing(claimed(ANN)).at(59.9).when(expire, by=REVIEWER).nothing()
    implementing().when(expire, by=REVIEWER).nothing()


def test_an_expiry_leads_on_like_a_release() -> None:
    last = fails(given(created()), 0)
    task = replace(last.expect(), attempts=2)
    held = replace(last, task=task).fold(claimed(DESIGNER, "proposed", until=30)).at(30)
    held.when(expire, by=OPERATOR).then(
        e.LeaseExpired(stage="proposed", fence=FENCE, expired_at=START.replace(second=30), attempts=3),
        e.TaskBlocked(stage="proposed", reason="max attempts", cause="max_attempts", attempts=3),
    )
    climbs = replace(implementing(), task=replace(implementing().expect(), attempts=1)).fold(claimed(ANN)).at(60)
    climbs.when(expire, by=OPERATOR, tiers=TIERS).then(
        e.LeaseExpired,
        e.TaskEscalated(stage="implementing", from_tier=1, to_tier=2, because="attempts", attempts=2),
    )


# -- escalation before block ------------------------------------------------------------------------------------------


def test_the_second_failure_climbs_a_tier_and_starts_the_count_anew() -> None:
    once = fails(implementing(), tiers=TIERS)
    assert counts(once.expect()) == (1, 0, 0, None)
    held = once.when(claim, by=ANN, fence=FENCE).later()
    then = releasing(held, ANN, tiers=TIERS)
    then.then(
        e.TaskReleased(stage="implementing", reason="too hard", cause="task", attempts=2, infra_releases=0),
        e.TaskEscalated(stage="implementing", from_tier=1, to_tier=2, because="attempts", attempts=2),
    )
    assert not then.decided().parked
    assert counts(then.later().expect()) == (0, 0, 0, 2)


def test_each_rung_is_climbed_and_after_the_last_the_attempts_are_used_up() -> None:
    state = fails(implementing(), 4, tiers=TIERS)
    assert counts(state.expect()) == (0, 0, 0, 3)
    state = fails(state, 2, tiers=TIERS)
    assert counts(state.expect()) == (2, 0, 0, 3)
    assert not state.expect().blocked
    state = fails(state, 1, tiers=TIERS)
    task = state.expect()
    assert (task.blocked, task.blocked_reason, task.attempts) == (True, "max attempts", 3)


def test_without_a_next_tier_the_attempts_run_to_their_end_and_the_task_is_parked() -> None:
    state = fails(implementing(), 2)
    held = state.when(claim, by=ANN, fence=FENCE).later()
    then = releasing(held, ANN)
    then.then(
        e.TaskReleased,
        e.TaskBlocked(stage="implementing", reason="max attempts", cause="max_attempts", attempts=3),
    )
    assert then.decided().parked
    assert then.later().expect().hold is None


def test_escalation_is_opt_in_by_stage() -> None:
    state = given(created())
    for _ in range(3):
        held = state.when(claim, by=DESIGNER, fence=FENCE).later()
        state = releasing(held, DESIGNER, tiers=TIERS).later()
    assert (state.expect().blocked, state.expect().tiers) == (True, {})


def test_a_stage_may_have_a_cap_of_its_own() -> None:
    state = reviewing(author=TWIN)
    for blocked in (False, True):
        held = state.when(claim, by=REVIEWER, fence=FENCE).later()
        state = releasing(held, REVIEWER).later()
        assert state.expect().blocked == blocked


def test_the_ladder_starts_at_what_the_task_asks_for_itself() -> None:
    needy = replace(implementing(), task=replace(implementing().expect(), requires=("tier:2",), attempts=1))
    held = needy.fold(claimed(STRONG))
    releasing(held, STRONG, tiers=TIERS).then(
        e.TaskReleased,
        e.TaskEscalated(stage="implementing", from_tier=2, to_tier=3, because="attempts", attempts=2),
    )


def test_free_releases_neither_climb_nor_park() -> None:
    worn = replace(implementing(), task=replace(implementing().expect(), attempts=2))
    held = worn.fold(claimed(ANN))
    releasing(held, ANN, "infra", tiers=TIERS).then(e.TaskReleased)
    releasing(held, OPERATOR, tiers=TIERS).then(e.TaskReleased)


# -- what resets ------------------------------------------------------------------------------------------------------


def worn(state: Given) -> Given:
    return replace(state, task=replace(state.expect(), attempts=1, infra_releases=4))


def test_a_move_forward_resets_attempts_and_free_releases() -> None:
    held = worn(implementing()).fold(claimed(ANN, attempt=2))
    task = held.when(advance, Advance(task=ID, artifacts=(COMMIT,)), by=ANN).later().expect()
    assert counts(task) == (0, 0, 0, None)


def test_a_move_back_resets_them_too_and_counts_as_rework() -> None:
    held = worn(reviewing()).fold(claimed(REVIEWER, "reviewing"))
    task = held.when(reject, Reject(task=ID, to="implementing", reason="red"), by=REVIEWER).later().expect()
    assert counts(task) == (0, 0, 1, None)


def test_an_unblock_resets_all_counts_and_keeps_the_tier() -> None:
    state = worn(implementing())
    task = replace(state.expect(), blocked=True, rework=2, tiers={"implementing": 2})
    opened = replace(state, task=task).when(unblock, Unblock(task=ID, reason="go"), by=OPERATOR).later().expect()
    assert counts(opened) == (0, 0, 0, 2)


def test_the_attempt_a_claim_records_is_counted_from_the_last_reset() -> None:
    for failures, attempt in ((0, 1), (1, 2), (2, 3)):
        event = fails(implementing(), failures).when(claim, by=ANN, fence=FENCE).one(e.TaskClaimed).event
        assert isinstance(event, e.TaskClaimed)
        assert event.attempt == attempt


# -- rework -----------------------------------------------------------------------------------------------------------


def rejected(state: Given, rework: int, **world: Any) -> Then:
    held = replace(state, task=replace(state.expect(), rework=rework)).fold(claimed(REVIEWER, "reviewing"))
    return held.when(reject, Reject(task=ID, to="implementing", reason="red"), by=REVIEWER, **world)


def test_rejections_up_to_the_cap_only_count() -> None:
    for rework in (0, 1):
        then = rejected(reviewing(), rework, tiers=TIERS)
        then.then(e.TaskRejected)
        assert then.later().expect().rework == rework + 1


def test_past_the_cap_the_stage_it_returns_to_climbs_and_rework_starts_anew() -> None:
    then = rejected(reviewing(), 2, tiers=TIERS)
    then.then(
        e.TaskRejected,
        e.TaskEscalated(stage="implementing", from_tier=1, to_tier=2, because="rework", attempts=0),
    )
    assert not then.decided().parked
    assert counts(then.later().expect()) == (0, 0, 0, 2)


def test_past_the_cap_without_a_rung_the_task_is_parked() -> None:
    parked = e.TaskBlocked(stage="implementing", reason="max rework", cause="max_rework", attempts=0)
    then = rejected(reviewing(), 2)
    then.then(e.TaskRejected, parked)
    assert then.decided().parked
    assert then.later().expect().rework == 3
    climbed = reviewing()
    climbed = replace(climbed, task=replace(climbed.expect(), tiers={"implementing": 3}))
    rejected(climbed, 2, tiers=TIERS).then(e.TaskRejected, parked)


def test_a_stage_that_never_escalates_is_parked_past_the_cap_though_there_are_tiers() -> None:
    held = replace(reviewing(), task=replace(reviewing().expect(), rework=2)).fold(claimed(REVIEWER, "reviewing"))
    command = Reject(task=ID, to="proposed", reason="wrong idea")
    held.when(reject, command, by=REVIEWER, tiers=TIERS).then(
        e.TaskRejected,
        e.TaskBlocked(stage="proposed", reason="max rework", cause="max_rework", attempts=0),
    )


def test_a_rejection_that_is_nobodys_fault_is_rework_all_the_same() -> None:
    held = integrating(claimed(MERGER, "integrating"))
    then = held.when(reject, Reject(task=ID, reason="conflict"), by=MERGER)
    assert then.later().expect().rework == 1


def test_a_loop_of_rejections_ends() -> None:
    state, tiers, turns = reviewing(), frozenset({2}), 0
    while turns < 20:
        turns += 1
        held = state.when(claim, by=REVIEWER, fence=FENCE).later()
        command = Reject(task=ID, to="implementing", reason="red")
        state = held.when(reject, command, by=REVIEWER, tiers=tiers).later()
        if state.expect().blocked:
            break
        held = state.when(claim, by=STRONG, fence=FENCE).later()
        state = held.when(advance, Advance(task=ID, artifacts=(COMMIT,)), by=STRONG).later()
    assert turns == 6, "three rejections on each of two tiers"


def test_a_changed_definition_does_not_rewrite_what_was_counted() -> None:
    """Attempts are what the event recorded: folding recomputes no rule."""
    state = fails(implementing(), 2)
    assert fails(state.under(workflow(max_attempts=9)), 1).expect().attempts == 3
    past = by(ANN, e.TaskReleased(stage="implementing", reason="r", cause="task", attempts=7, infra_releases=3))
    assert counts(implementing(claimed(ANN), past).expect())[:2] == (7, 3)
