"""Advance and reject: preconditions in their order, what a move records, evidence, and features kept by a hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.spec import (
    ANN,
    COMMIT,
    DESIGNER,
    FENCE,
    MERGER,
    OPERATOR,
    REVIEWER,
    START,
    TASK,
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
from ainarres.domain.commands import Advance, Reject
from ainarres.domain.moving import advance, reject

if TYPE_CHECKING:
    from tests.spec import Given, Then

    from ainarres.domain.context import Caller

ID = str(TASK)


def advancing(state: Given, caller: Caller, **said: Any) -> Then:
    return state.when(advance, Advance(task=ID, **said), by=caller)


def rejecting(state: Given, caller: Caller, **said: Any) -> Then:
    return state.when(reject, Reject(task=ID, **{"reason": "red", **said}), by=caller)


def without(caller: Caller, feature: str, **more: Any) -> Caller:
    return replace(caller, features=caller.features - {feature}, **more)


# -- advance ----------------------------------------------------------------------------------------------------------


def test_an_advance_ends_the_hold_credits_the_mover_and_binds_the_digest() -> None:
    then = advancing(implementing(claimed(ANN)).at(9), ANN, note="done", artifacts=(COMMIT,))
    fact = then.one(
        e.TaskAdvanced(
            from_stage="implementing",
            to_stage="reviewing",
            terminal=False,
            note="done",
            artifacts=(COMMIT,),
            maker="alibaba",
            digest="c1c1c1c",
            approved=False,
        )
    )
    assert (fact.actor, fact.capability, fact.subject_agent) == ("ann", "role:implementer", None)
    task = then.later().expect()
    assert (task.stage, task.hold, task.delivered, task.approved) == ("reviewing", None, "c1c1c1c", None)
    assert task.entered_stage_at == START + timedelta(seconds=9)
    assert (task.authors["implementing"].agent, task.authors["implementing"].maker) == ("ann", "alibaba")


def test_an_advance_into_a_terminal_stage_finishes_the_task() -> None:
    task = advancing(integrating(claimed(MERGER, "integrating")), MERGER, artifacts=(COMMIT,)).later().expect()
    assert (task.stage, task.terminal) == ("done", True)


def test_the_preconditions_of_an_advance_are_told_in_their_order() -> None:
    """Everything is wrong at first; each repair brings out the next refusal."""
    state = integrating(claimed(TWIN, "integrating"))
    bare, version = without(without(MERGER, "role:integrator"), "lane:web/dev"), state.expect().version
    wrong: dict[str, Any] = {"expect_version": version + 1, "fence": FENCE + 1, "to": "nowhere"}
    advancing(state, bare, **wrong).refused("conflict", f"at version {version}, not {version + 1}")
    wrong |= {"expect_version": version}
    advancing(state, bare, **wrong).refused("lease_lost", "tom holds")
    state = integrating(claimed(MERGER, "integrating"))
    advancing(state, bare, **wrong).refused("lease_lost", "fence")
    wrong |= {"fence": FENCE}
    advancing(state, bare, **wrong).refused("illegal_transition", "no advance to 'nowhere'", legal=["done"])
    wrong |= {"to": "done"}
    advancing(state, bare, **wrong).refused("not_eligible", missing=["lane:web/dev"])
    advancing(state, without(MERGER, "role:integrator"), **wrong).refused("not_eligible", missing=["role:integrator"])
    advancing(state, MERGER, **wrong).refused("guard_unmet", "this move needs commit", missing=["commit"])
    stale = e.Artifact(type="commit", ref="c9c9c9c", digest="c9c9c9c")
    advancing(state, MERGER, **wrong, artifacts=(stale,)).refused("guard_unmet", "approval is stale")
    advancing(state, MERGER, **wrong, artifacts=(COMMIT,)).then(e.TaskAdvanced)


def test_a_review_of_ones_own_work_is_refused_before_its_evidence_is_looked_at() -> None:
    mine = reviewing(claimed(ANN, "reviewing"))
    needy = mine.under(workflow(reviewing__integrating={"artifacts": ["file"]}))
    advancing(needy, ANN).refused("needs_other_family", "never reviews its own work")
    rejecting(mine, ANN, to="implementing").refused("needs_other_family")
    advancing(needy, without(ANN, "role:reviewer")).refused("not_eligible")


def test_the_family_rule_holds_at_the_move_too() -> None:
    """One agent, two credentials: what it claimed as one family it may not judge as the author's."""
    state = reviewing(claimed(REVIEWER, "reviewing"))
    turned = replace(REVIEWER, family="opencode+qwen", maker="alibaba")
    advancing(state, turned).refused("needs_other_family", "reviewing wants another maker")
    rejecting(state, turned, to="implementing").refused("needs_other_family", "reviewing wants another maker")
    advancing(state.fold(by(OPERATOR, e.ReviewRuleWaived(reason="few"))), turned).then(e.TaskAdvanced)


def test_a_preference_once_worn_off_binds_the_move_no_more() -> None:
    prefer = workflow(reviewing__integrating={"rule": "prefer", "prefer_for": "10s"})
    late = reviewing().under(prefer).at(10).fold(claimed(TWIN, "reviewing"))
    advancing(late, TWIN).then(e.TaskAdvanced)


def test_features_are_the_lanes_the_tasks_the_tiers_then_the_moves() -> None:
    climbed = by(
        OPERATOR, e.TaskEscalated(stage="implementing", from_tier=1, to_tier=2, because="attempts", attempts=2)
    )
    state = implementing(climbed, claimed(ANN))
    state = replace(state, task=replace(state.expect(), requires=("skill:rust",)))
    advancing(state, ANN, artifacts=(COMMIT,)).refused("not_eligible", missing=["skill:rust", "tier:2"])
    full = replace(ANN, features=ANN.features | {"skill:rust", "tier:2"})
    advancing(state, full, artifacts=(COMMIT,)).then(e.TaskAdvanced)


def test_a_target_may_be_left_out_where_one_covered_move_leads_on() -> None:
    held = given(created(), claimed(DESIGNER, "proposed"))
    both = replace(DESIGNER, features=DESIGNER.features | {"role:scout"})
    advancing(held, both).refused("illegal_transition", "say --to: implementing, reviewing")
    assert advancing(held, both, to="reviewing").one(e.TaskAdvanced).capability == "role:scout"
    assert advancing(held, DESIGNER).later().expect().stage == "implementing"
    advancing(held, DESIGNER, to="reviewing").refused("not_eligible", missing=["role:scout"])
    advancing(held, DESIGNER, to="done").refused("illegal_transition", "legal: implementing, reviewing")


# -- features a hold keeps --------------------------------------------------------------------------------------------


def test_a_suspension_younger_than_the_hold_does_not_bite_it() -> None:
    state = implementing().at(10).fold(claimed(ANN, until=70)).at(30)
    for began, kept in ((11, True), (10, False), (9, False)):
        since = START + timedelta(seconds=began)
        suspended = without(ANN, "role:implementer", kept={"role:implementer": since})
        found = advancing(state, suspended, artifacts=(COMMIT,))
        if kept:
            found.then(e.TaskAdvanced)
        else:
            found.refused("not_eligible", missing=["role:implementer"])


def test_a_withdrawn_grant_bites_at_the_move() -> None:
    state = implementing(claimed(ANN))
    advancing(state, without(ANN, "role:implementer"), artifacts=(COMMIT,)).refused("not_eligible")
    advancing(state, without(ANN, "lane:web/dev"), artifacts=(COMMIT,)).refused("not_eligible")


# -- evidence ---------------------------------------------------------------------------------------------------------


def test_a_commit_that_is_its_own_base_is_an_empty_diff() -> None:
    state = implementing(claimed(ANN))
    for empty in (
        e.Artifact(type="commit", ref="c1c1c1c", digest="c1c1c1c", base="c1c1c1c"),
        e.Artifact(type="commit", ref="c1c1c1c", base="c1c1c1c"),
    ):
        advancing(state, ANN, artifacts=(empty,)).refused("guard_unmet", "empty diff")
        lax = state.under(workflow(implementing__reviewing={"differs": False}))
        advancing(lax, ANN, artifacts=(empty,)).then(e.TaskAdvanced)
    other = e.Artifact(type="file", ref="x", digest="d", base="d")
    advancing(state, ANN, artifacts=(other, COMMIT)).then(e.TaskAdvanced)


def test_an_approval_names_what_was_delivered_or_what_it_presents() -> None:
    state = reviewing(claimed(REVIEWER, "reviewing"))
    task = advancing(state, REVIEWER).later().expect()
    assert (task.approved, task.delivered) == ("c1c1c1c", "c1c1c1c")
    other = e.Artifact(type="commit", ref="c2c2c2c", digest="c2c2c2c")
    task = advancing(state, REVIEWER, artifacts=(other,)).later().expect()
    assert (task.approved, task.delivered) == ("c2c2c2c", "c1c1c1c")


@pytest.mark.parametrize(
    "brought",
    [e.Artifact(type="commit", ref="c2c2c2c", digest="c2c2c2c"), e.Artifact(type="commit", ref="c2c2c2c")],
    ids=str,
)
def test_a_digest_that_was_not_approved_is_stale_whether_digest_or_ref_says_it(brought: e.Artifact) -> None:
    state = integrating(claimed(MERGER, "integrating"))
    advancing(state, MERGER, artifacts=(brought,)).refused("guard_unmet", "it names c1c1c1c, you bring c2c2c2c")


def test_a_reject_voids_the_approval() -> None:
    back = rejecting(integrating(claimed(MERGER, "integrating")), MERGER).later().expect()
    assert (back.approved, back.delivered) == (None, "c1c1c1c")
    unapproved = integrating(claimed(MERGER, "integrating"))
    unapproved = replace(unapproved, task=replace(unapproved.expect(), approved=None))
    advancing(unapproved, MERGER, artifacts=(COMMIT,)).refused("guard_unmet", "it names nothing")


def test_the_newest_digest_counts_and_a_commit_before_all_else() -> None:
    artifacts = (
        e.Artifact(type="commit", ref="c1c1c1c", digest="c1c1c1c", base="c0c0c0c"),
        e.Artifact(type="commit", ref="c2c2c2c", digest="c2c2c2c", base="c0c0c0c"),
        e.Artifact(type="file", ref="x", digest="f"),
    )
    assert advancing(implementing(claimed(ANN)), ANN, artifacts=artifacts).later().expect().delivered == "c2c2c2c"
    free = implementing(claimed(ANN)).under(workflow(implementing__reviewing={"differs": False, "artifacts": []}))
    assert advancing(free, ANN, artifacts=artifacts[2:]).later().expect().delivered == "f"
    assert advancing(free, ANN).later().expect().delivered is None


def test_a_commit_without_its_base_does_not_show_that_it_changes_something() -> None:
    bare = (e.Artifact(type="commit", ref="c1c1c1c", digest="c1c1c1c"),)
    advancing(implementing(claimed(ANN)), ANN, artifacts=bare).refused("guard_unmet", "base=SHA", missing=["base"])


@pytest.mark.parametrize("name", ["done", "HEAD", "c1c1c1", "c0c0c0c..c1c1c1c", "g" * 40, "a" * 65, "c1c1c1c\n", ""])
def test_a_commit_that_no_repository_could_hold_passes_no_guard(name: str) -> None:
    state = implementing(claimed(ANN))
    for wrong in (
        e.Artifact(type="commit", ref=name, base="c0c0c0c"),
        e.Artifact(type="commit", ref="c1c1c1c", digest=name, base="c0c0c0c"),
        e.Artifact(type="commit", ref="c1c1c1c", digest="c1c1c1c", base=name),
    ):
        for artifacts in ((wrong,), (wrong, COMMIT)):
            advancing(state, ANN, artifacts=artifacts).refused(
                "guard_unmet", "--commit SHA,base=SHA", field="artifacts"
            )
    whole = e.Artifact(type="commit", ref="topic", digest="AB" * 20, base="0" * 64)
    advancing(state, ANN, artifacts=(whole,)).then(e.TaskAdvanced)


def test_what_is_missing_is_asked_for_as_it_is_typed() -> None:
    needy = implementing(claimed(ANN)).under(
        workflow(implementing__reviewing={"artifacts": ["commit", "branch", "trace"]})
    )
    typed = "add --commit SHA,base=SHA --branch NAME --artifact trace=REF"
    advancing(needy, ANN).refused("guard_unmet", typed, missing=["commit", "branch", "trace"])


# -- reject -----------------------------------------------------------------------------------------------------------


def test_a_reject_charges_who_did_the_work_at_fault() -> None:
    then = rejecting(reviewing(claimed(REVIEWER, "reviewing")), REVIEWER, to="implementing", reason="tests fail")
    fact = then.one(
        e.TaskRejected(
            from_stage="reviewing",
            to_stage="implementing",
            reason="tests fail",
            artifacts=(),
            digest="c1c1c1c",
            fault_stage="implementing",
            producer_agent="ann",
            producer_family="opencode+qwen",
            producer_maker="alibaba",
            producer_capability="role:implementer",
            rework=1,
        )
    )
    assert (fact.actor, fact.subject_agent, fact.subject_family) == ("rex", "ann", "opencode+qwen")
    assert fact.capability == "role:reviewer"
    task = then.later().expect()
    assert (task.stage, task.hold, task.rework, task.attempts) == ("implementing", None, 1, 0)


@pytest.mark.parametrize(
    ("said", "stage", "producer"),
    [
        (None, None, None),
        ("none", None, None),
        ("implementing", "implementing", "ann"),
        ("proposed", "proposed", "dora"),
    ],
)
def test_the_fault_is_the_workflows_unless_the_rejecter_names_another(
    said: str | None, stage: str | None, producer: str | None
) -> None:
    fact = rejecting(integrating(claimed(MERGER, "integrating")), MERGER, fault=said).one(e.TaskRejected)
    assert isinstance(fact.event, e.TaskRejected)
    assert (fact.event.fault_stage, fact.event.producer_agent, fact.subject_agent) == (stage, producer, producer)


def test_a_fault_that_nobody_worked_on_charges_nobody() -> None:
    fact = rejecting(integrating(claimed(MERGER, "integrating")), MERGER, fault="done").one(e.TaskRejected)
    assert fact.subject_agent is None


def test_the_preconditions_of_a_reject_are_told_in_their_order() -> None:
    definition = workflow(reviewing__implementing={"artifacts": ["file"]})
    state = reviewing(claimed(REVIEWER, "reviewing")).under(definition)
    version = state.expect().version
    said: dict[str, Any] = {"expect_version": 1, "fence": 1, "to": "done", "fault": "nowhere"}
    bare = without(REVIEWER, "role:reviewer")
    rejecting(state, bare, **said).refused("conflict")
    said |= {"expect_version": version}
    rejecting(state, bare, **said).refused("lease_lost")
    said |= {"fence": FENCE}
    rejecting(state, bare, **said).refused("illegal_transition", legal=["implementing", "proposed"])
    said |= {"to": "implementing"}
    rejecting(state, bare, **said).refused("not_eligible", missing=["role:reviewer"])
    rejecting(state, REVIEWER, **said).refused("invalid", "fault: no stage 'nowhere'", field="fault")
    said |= {"fault": "proposed"}
    rejecting(state, REVIEWER, **said).refused("guard_unmet", missing=["file"])
    rejecting(state, REVIEWER, **said, artifacts=(e.Artifact(type="file", ref="log"),)).then(e.TaskRejected)


def test_a_reject_without_a_target_needs_one_legal_way_back() -> None:
    rejecting(reviewing(claimed(REVIEWER, "reviewing")), REVIEWER).refused(
        "illegal_transition", "say --to: implementing, proposed"
    )
    rejecting(implementing(claimed(ANN)), ANN).refused("illegal_transition", "implementing has no reject", legal=[])


def test_two_roles_may_make_one_move_and_the_more_demanding_is_exercised() -> None:
    both = agent("bea", "f+b", "other", "role:integrator", "capability:integrate", "role:triage")
    definition = workflow()
    easier = definition.transitions[-1].model_copy(update={"requires": ("role:triage",)})
    wide = definition.model_copy(update={"transitions": (*definition.transitions, easier)})
    state = integrating(claimed(both, "integrating")).under(wide)
    assert rejecting(state, both).one(e.TaskRejected).capability == "role:integrator"
    assert rejecting(state, without(both, "role:integrator")).one(e.TaskRejected).capability == "role:triage"
