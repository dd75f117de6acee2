"""Block, unblock, cancel: who may, in which order that is asked, and what is no news."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.spec import (
    ANN,
    DESIGNER,
    MONITOR,
    OPERATOR,
    STRANGER,
    TASK,
    TWIN,
    advanced,
    agent,
    by,
    claimed,
    created,
    given,
    implementing,
)

from ainarres.domain import events as e
from ainarres.domain.commands import Block, Cancel, Unblock
from ainarres.domain.parking import block, cancel, prerequisite_cancelled, unblock

if TYPE_CHECKING:
    from tests.spec import Given, Then

    from ainarres.domain.context import Caller

ID = str(TASK)
OTHER = UUID(int=9)
TRIAGE = agent("tess", "f+t", "other", "role:triage")
BLOCKED = by(OPERATOR, e.TaskBlocked(stage="implementing", reason="look", cause="manual", attempts=0))
CANCELLED = by(OPERATOR, e.TaskCancelled(reason="no more"))
FINISHED = advanced(ANN, "integrating", "done")


def blocking(state: Given, caller: Caller, **said: Any) -> Then:
    return state.when(block, Block(task=ID, **{"reason": "look", **said}), by=caller)


def unblocking(state: Given, caller: Caller, *, version: int | None = None, **world: Any) -> Then:
    return state.when(unblock, Unblock(task=ID, reason="go", expect_version=version), by=caller, **world)


def cancelling(state: Given, caller: Caller, **said: Any) -> Then:
    return state.when(cancel, Cancel(task=ID, **{"reason": "no more", **said}), by=caller)


# -- block ------------------------------------------------------------------------------------------------------------


def test_a_holder_parks_its_task_and_lets_go_of_it() -> None:
    then = blocking(implementing(claimed(ANN)), ANN)
    fact = then.one(e.TaskBlocked(stage="implementing", reason="look", cause="manual", attempts=0))
    assert (fact.capability, fact.subject_agent) == ("role:implementer", "ann")
    task = then.later().expect()
    assert (task.blocked, task.blocked_reason, task.hold, task.attempts) == (True, "look", None, 0)


def test_an_operator_parks_any_task_held_or_not() -> None:
    fact = blocking(implementing(claimed(ANN)), OPERATOR).one(e.TaskBlocked)
    assert (fact.actor, fact.capability, fact.subject_agent) == ("olga", None, "ann")
    assert blocking(implementing(), OPERATOR).one(e.TaskBlocked).subject_agent is None


def test_what_an_operator_cannot_park() -> None:
    blocking(implementing(), OPERATOR, expect_version=1).refused("conflict", "at version 2, not 1")
    blocking(implementing(CANCELLED), OPERATOR).refused("cancelled")
    blocking(implementing(FINISHED), OPERATOR).refused("conflict", "the task is finished: done")
    blocking(implementing(BLOCKED), OPERATOR).nothing()


def test_nobody_else_parks_not_even_what_is_parked_already() -> None:
    for caller in (STRANGER, TWIN, MONITOR, TRIAGE):
        blocking(implementing(claimed(ANN)), caller).refused("lease_lost", "ann holds")
        blocking(implementing(BLOCKED), caller).refused("lease_lost", "you do not hold")


# -- unblock ----------------------------------------------------------------------------------------------------------


def test_an_operator_or_the_lanes_triage_opens_a_parked_task() -> None:
    for caller in (OPERATOR, TRIAGE):
        then = unblocking(implementing(BLOCKED), caller)
        then.then(e.TaskUnblocked(reason="go", waived=()))
        assert not then.later().expect().blocked
        assert then.later().expect().blocked_reason is None


def test_the_preconditions_of_an_unblock_are_told_in_their_order() -> None:
    gone = implementing(BLOCKED, CANCELLED)
    unblocking(gone, ANN, version=1).refused("conflict")
    unblocking(gone, ANN).refused("not_eligible", missing=["role:triage"])
    other_lane = replace(TRIAGE, features=frozenset({"role:triage", "lane:web/ops"}))
    unblocking(gone, other_lane).refused("not_eligible", missing=["lane:web/dev"])
    unblocking(gone, TRIAGE).refused("cancelled")
    unblocking(implementing(), TRIAGE).nothing()


def test_an_unblock_records_the_cancelled_prerequisites_it_waives_once() -> None:
    then = unblocking(implementing(BLOCKED), OPERATOR, cancelled_prerequisites=(OTHER,))
    then.then(e.TaskUnblocked(reason="go", waived=(OTHER,)))
    again = then.later().fold(BLOCKED)
    assert unblocking(again, OPERATOR, cancelled_prerequisites=(OTHER,)).later().expect().waived == (OTHER,)


# -- cancel -----------------------------------------------------------------------------------------------------------


def test_an_operator_gives_any_task_up_and_the_hold_ends() -> None:
    then = cancelling(implementing(claimed(ANN)), OPERATOR)
    fact = then.one(e.TaskCancelled(reason="no more"))
    assert (fact.subject_agent, fact.subject_family) == ("ann", "opencode+qwen")
    assert (then.later().expect().cancelled, then.later().expect().hold) == (True, None)


def test_its_creator_gives_a_task_up_while_nobody_holds_it() -> None:
    mine = given(created(creator=DESIGNER))
    cancelling(mine, DESIGNER).then(e.TaskCancelled)
    held = mine.fold(claimed(DESIGNER, "proposed", until=30))
    cancelling(held, DESIGNER).refused("conflict", "dora holds the task")
    cancelling(held.at(30), DESIGNER).then(e.TaskCancelled)


def test_the_preconditions_of_a_cancel_are_told_in_their_order() -> None:
    finished = implementing(FINISHED)
    cancelling(finished, ANN, expect_version=1).refused("conflict", "at version 3, not 1")
    cancelling(finished, ANN).refused("not_eligible", missing=["operator"])
    cancelling(finished, MONITOR).refused("not_eligible", missing=["operator"])
    cancelling(finished, OPERATOR).refused("conflict", "finished: done")
    cancelling(implementing(CANCELLED), OPERATOR).nothing()


def test_a_blocked_task_may_be_given_up() -> None:
    cancelling(implementing(BLOCKED), OPERATOR).then(e.TaskCancelled)


# -- a cancelled prerequisite -----------------------------------------------------------------------------------------


def test_what_waits_on_a_cancelled_task_is_parked() -> None:
    implementing().when(prerequisite_cancelled, by=OPERATOR).then(
        e.TaskBlocked(
            stage="implementing", reason="a prerequisite was cancelled", cause="prerequisite_cancelled", attempts=0
        )
    )


def test_what_cannot_wait_is_left_alone() -> None:
    for past in (BLOCKED, CANCELLED, FINISHED):
        implementing(past).when(prerequisite_cancelled, by=OPERATOR).nothing()
