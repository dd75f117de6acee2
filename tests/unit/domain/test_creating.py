"""Create, amend, note, waive: the starter gate, and what may change about a task besides its stage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.spec import (
    ANN,
    DESIGNER,
    LANE,
    MONITOR,
    OPERATOR,
    START,
    STRANGER,
    TASK,
    advanced,
    agent,
    by,
    claimed,
    created,
    given,
    implementing,
    workflow,
)

from ainarres.domain import events as e
from ainarres.domain.commands import Amend, Create, Note, Waive
from ainarres.domain.context import Caller, Context
from ainarres.domain.creating import Birth, amend, create, note, waive
from ainarres.domain.refusal import Refusal
from ainarres.domain.story import Decision

if TYPE_CHECKING:
    from tests.spec import Given, Then

ID, OTHER, BRIEF = str(TASK), UUID(int=9), UUID(int=5)
BIRTH = Birth(id=TASK, project="web", lane=LANE, workflow_version=1)
CANCELLED = by(OPERATOR, e.TaskCancelled(reason="no more"))
FINISHED = advanced(ANN, "integrating", "done")
HUMAN = Caller(actor="hana", scope="human")


def creating(caller: Caller, birth: Birth = BIRTH, *, paused: bool = False, **said: Any) -> Decision | Refusal:
    command = Create.model_validate({"lane": LANE, "title": "a task", **said})
    return create(command, birth, Context(now=START, caller=caller, workflow=workflow(), lane_paused=paused))


def refusal(found: Decision | Refusal) -> tuple[str, object]:
    assert isinstance(found, Refusal)
    return found.code, found.details.get("missing")


# -- create -----------------------------------------------------------------------------------------------------------


def test_a_created_task_is_told_whole() -> None:
    birth = replace(BIRTH, depends_on=(OTHER,), epic="e1", causation=7, correlation=BRIEF)
    said: dict[str, Any] = {
        "payload": {"goal": "x"},
        "priority": 5,
        "requires": ("skill:rust",),
        "skills": ("sql",),
        "template": "feature",
    }
    found = creating(DESIGNER, birth, **said)
    assert isinstance(found, Decision)
    (fact,) = found.facts
    assert fact.event == e.TaskCreated(
        id=TASK,
        project="web",
        lane=LANE,
        workflow="dev",
        workflow_version=1,
        stage="proposed",
        title="a task",
        depends_on=(OTHER,),
        epic="e1",
        **said,
    )
    assert (fact.stream, fact.version, fact.task, fact.project) == (f"task-{TASK}", 1, TASK, "web")
    assert (fact.actor, fact.family, fact.credential) == ("dora", "claude-code+opus", "k")
    assert (fact.causation, fact.correlation) == (7, BRIEF)
    assert (found.task.created_by, found.task.stage, found.task.version) == ("dora", "proposed", 1)


def test_the_preconditions_of_a_create_are_told_in_their_order() -> None:
    assert refusal(creating(STRANGER, paused=True)) == ("conflict", None)
    assert refusal(creating(OPERATOR, paused=True)) == ("conflict", None)
    assert refusal(creating(STRANGER)) == ("not_eligible", ["lane:web/dev"])
    assert refusal(creating(ANN)) == ("not_eligible", ["role:designer"])


def test_the_starter_gate_opens_with_any_first_step() -> None:
    for role in ("role:designer", "role:scout"):
        assert isinstance(creating(agent("sam", "f+s", "m", role)), Decision)


def test_operators_and_people_need_no_feature_and_others_no_scope() -> None:
    assert isinstance(creating(OPERATOR), Decision)
    assert isinstance(creating(HUMAN), Decision)
    assert refusal(creating(MONITOR)) == ("not_eligible", ["lane:web/dev"])


# -- amend ------------------------------------------------------------------------------------------------------------


def amending(state: Given, caller: Caller, depends_on: tuple[UUID, ...] | None = None, **said: Any) -> Then:
    return state.when(amend, Amend(task=ID, **said), by=caller, depends_on=depends_on)


def test_an_amendment_tells_only_what_changed() -> None:
    state = given(created())
    then = amending(state, OPERATOR, (OTHER,), title="a task", priority=5, payload={"goal": "y"})
    then.then(e.TaskAmended(priority=5, payload={"goal": "y"}, depends_on=(OTHER,)))
    task = then.later().expect()
    assert (task.title, task.priority, task.payload, task.depends_on) == ("a task", 5, {"goal": "y"}, (OTHER,))
    amending(then.later(), OPERATOR, (OTHER,), priority=5, payload={"goal": "y"}).nothing()
    amending(then.later(), OPERATOR, ()).then(e.TaskAmended(depends_on=()))


def test_the_creator_amends_its_own_task() -> None:
    mine = given(created(creator=DESIGNER))
    amending(mine, DESIGNER, title="better").then(e.TaskAmended(title="better"))


def test_the_preconditions_of_an_amendment_are_told_in_their_order() -> None:
    gone = implementing(claimed(ANN), CANCELLED)
    amending(gone, ANN, title="x", expect_version=1).refused("conflict", "at version")
    amending(gone, ANN, title="x").refused("not_eligible", missing=["operator"])
    amending(gone, OPERATOR, title="x").refused("cancelled")
    amending(implementing(FINISHED), OPERATOR, title="x").refused("conflict", "finished: done")
    amending(implementing(claimed(ANN)), OPERATOR, title="x").refused("conflict", "ann holds the task")
    amending(implementing(claimed(ANN)).at(60), OPERATOR, title="x").then(e.TaskAmended)


# -- note and waive ---------------------------------------------------------------------------------------------------


def test_a_note_takes_the_lane_and_changes_nothing_but_the_version() -> None:
    state = implementing(claimed(ANN))
    then = state.when(note, Note(task=ID, text="mind the gap"), by=DESIGNER)
    then.then(e.NoteAdded(text="mind the gap"))
    before, after = state.expect(), then.later().expect()
    assert replace(after, version=before.version, updated_at=before.updated_at) == before
    state.when(note, Note(task=ID, text="x"), by=STRANGER).refused("not_eligible", missing=["lane:web/dev"])
    state.when(note, Note(task=ID, text="x"), by=MONITOR).refused("not_eligible")
    state.when(note, Note(task=ID, text="x"), by=OPERATOR).then(e.NoteAdded)


def test_a_waiver_takes_an_operator_and_is_given_once() -> None:
    state = implementing()
    state.when(waive, Waive(task=ID, reason="few"), by=ANN).refused("not_eligible", missing=["operator"])
    then = state.when(waive, Waive(task=ID, reason="few"), by=OPERATOR)
    then.then(e.ReviewRuleWaived(reason="few"))
    then.later().when(waive, Waive(task=ID, reason="few"), by=OPERATOR).nothing()


# -- folding ----------------------------------------------------------------------------------------------------------


def test_a_migration_keeps_the_age_of_a_stage_that_stays() -> None:
    def migrated(stage: str, attempts: int) -> e.TaskMigrated:
        return e.TaskMigrated(workflow="dev", workflow_version=2, stage=stage, attempts=attempts)

    state = implementing().at(9)
    same = state.fold(by(OPERATOR, migrated("implementing", 1))).expect()
    assert (same.workflow_version, same.entered_stage_at, same.attempts) == (2, START, 1)
    moved = state.fold(by(OPERATOR, migrated("proposed", 0))).expect()
    assert (moved.stage, moved.entered_stage_at, moved.attempts) == ("proposed", START + timedelta(seconds=9), 0)


def test_usage_and_notes_leave_the_state_but_count_as_versions() -> None:
    usage = e.UsageReported(
        transition=None,
        input_tokens=1,
        output_tokens=None,
        cache_read_tokens=None,
        cache_creation_tokens=None,
        model=None,
        raw={},
    )
    before, after = implementing().expect(), implementing(by(OPERATOR, usage)).expect()
    assert after == replace(before, version=before.version + 1)
