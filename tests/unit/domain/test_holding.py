"""Keeping a task: who holds it and until when, progress and heartbeat."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.spec import (
    ANN,
    COMMIT,
    FENCE,
    OPERATOR,
    START,
    STRANGER,
    TASK,
    TWIN,
    by,
    claimed,
    implementing,
)

from ainarres.domain import events as e
from ainarres.domain.commands import Advance, Block, Progress, Reject, Release
from ainarres.domain.holding import heartbeat, progress
from ainarres.domain.moving import advance, reject
from ainarres.domain.parking import block, release

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.spec import Given, Then

    from ainarres.domain.context import Caller

ID = str(TASK)


def said_progress(state: Given, caller: Caller, fence: int | None) -> Then:
    return state.when(progress, Progress(task=ID, note="on it", fence=fence), by=caller)


def said_heartbeat(state: Given, caller: Caller, fence: int | None) -> Then:
    return state.when(heartbeat, by=caller, fence=fence)


def said_advance(state: Given, caller: Caller, fence: int | None) -> Then:
    return state.when(advance, Advance(task=ID, fence=fence, artifacts=(COMMIT,)), by=caller)


def said_reject(state: Given, caller: Caller, fence: int | None) -> Then:
    return state.when(reject, Reject(task=ID, fence=fence, reason="no"), by=caller)


def said_release(state: Given, caller: Caller, fence: int | None) -> Then:
    return state.when(release, Release(task=ID, fence=fence, reason="no"), by=caller)


def said_block(state: Given, caller: Caller, fence: int | None) -> Then:
    return state.when(block, Block(task=ID, fence=fence, reason="no"), by=caller)


HOLDER_VERBS = [said_progress, said_heartbeat, said_advance, said_reject, said_release, said_block]


@pytest.mark.parametrize("verb", HOLDER_VERBS)
class TestEveryHolderVerb:
    """What all of them ask before anything else."""

    def test_needs_a_hold(self, verb: Callable[..., Then]) -> None:
        verb(implementing(), ANN, None).refused("lease_lost", "you do not hold this task")

    def test_needs_the_callers_own_hold(self, verb: Callable[..., Then]) -> None:
        details = {"holder": "tom", "expires_at": START + timedelta(seconds=60)}
        verb(implementing(claimed(TWIN)), ANN, None).refused("lease_lost", "tom holds this task", **details)

    def test_needs_a_lease_that_still_runs(self, verb: Callable[..., Then]) -> None:
        verb(implementing(claimed(ANN)).at(60), ANN, FENCE).refused("lease_lost", "your lease ran out at")

    def test_needs_the_fence_of_the_hold_where_one_is_given(self, verb: Callable[..., Then]) -> None:
        verb(implementing(claimed(ANN)), ANN, FENCE + 1).refused("lease_lost", "the fence is of an earlier hold")

    def test_says_that_a_task_was_cancelled(self, verb: Callable[..., Then]) -> None:
        gone = implementing(claimed(ANN), by(OPERATOR, e.TaskCancelled(reason="no more")))
        verb(gone, ANN, FENCE).refused("cancelled")

    def test_may_leave_the_fence_out(self, verb: Callable[..., Then]) -> None:
        held = implementing(claimed(ANN)).at(59)
        for fence in (None, FENCE):
            found = verb(held, ANN, fence)
            if verb is said_reject:
                found.refused("illegal_transition")
            else:
                assert found.decided().facts


def test_progress_renews_the_lease_keeps_artifacts_and_needs_no_feature() -> None:
    bare = replace(STRANGER, actor="ann")
    command = Progress(task=ID, note="half", artifacts=(COMMIT,))
    then = implementing(claimed(ANN)).at(59).when(progress, command, by=bare)
    fact = then.one(
        e.ProgressReported(
            stage="implementing",
            note="half",
            artifacts=(COMMIT,),
            lease_expires_at=START + timedelta(seconds=119),
        )
    )
    assert fact.capability == "role:implementer"
    task = then.later().expect()
    assert task.artifacts == (COMMIT,)
    assert task.hold is not None
    assert task.hold.expires_at == START + timedelta(seconds=119)


def test_artifacts_are_the_newest_of_a_type_and_files_the_newest_of_a_path() -> None:
    state = implementing(claimed(ANN))
    for artifact in (
        COMMIT,
        e.Artifact(type="file", ref="a"),
        e.Artifact(type="file", ref="b"),
        e.Artifact(type="commit", ref="c2c2c2c", digest="c2c2c2c"),
        e.Artifact(type="file", ref="a", digest="new"),
    ):
        state = state.when(progress, Progress(task=ID, note="n", artifacts=(artifact,)), by=ANN).later()
    assert [(a.type, a.ref, a.digest) for a in state.expect().artifacts] == [
        ("commit", "c2c2c2c", "c2c2c2c"),
        ("file", "a", "new"),
        ("file", "b", None),
    ]


def test_a_heartbeat_with_more_than_half_the_lease_left_says_nothing() -> None:
    held = implementing(claimed(ANN, until=60))
    said_heartbeat(held.at(0), ANN, None).nothing()
    said_heartbeat(held.at(29.999999), ANN, None).nothing()


def test_a_heartbeat_at_half_the_lease_renews_in_a_stream_of_its_own() -> None:
    held = implementing(claimed(ANN, until=60)).at(30)
    then = said_heartbeat(held, ANN, FENCE)
    renewed = e.LeaseRenewed(stage="implementing", fence=FENCE, lease_expires_at=START + timedelta(seconds=90))
    fact = then.one(renewed)
    assert (fact.stream, fact.version, fact.task) == (f"lease-{FENCE}", 1, TASK)
    task = then.later().expect()
    assert (task.version, task.updated_at) == (held.expect().version, held.expect().updated_at)
    again = said_heartbeat(then.later().at(60), ANN, FENCE).one(e.LeaseRenewed)
    assert (again.stream, again.version) == (f"lease-{FENCE}", 2)


def test_a_renewal_of_an_earlier_hold_changes_nothing() -> None:
    held = implementing(claimed(ANN))
    late = e.LeaseRenewed(stage="implementing", fence=FENCE + 1, lease_expires_at=START + timedelta(days=1))
    assert held.fold(by(ANN, late, lease=True)).expect() == held.expect()
