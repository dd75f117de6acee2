"""Every transition of every stock workflow, tried by every role: exactly those that are named may make it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.spec import FENCE, LANE, STRANGER, Given, by, created

from ainarres import stock
from ainarres.domain import events as e
from ainarres.domain.commands import Advance, Reject
from ainarres.domain.context import Caller
from ainarres.domain.definition import read_workflow
from ainarres.domain.holding import claim
from ainarres.domain.moving import advance, reject
from ainarres.domain.refusal import Refusal
from ainarres.domain.workflow import Transition, Workflow

KEYS = ("board", "dev", "intake", "snippets")


def read(key: str) -> Workflow:
    found = read_workflow(stock.read("workflow", key), f"{key}.toml")
    assert isinstance(found, Workflow)
    return found


WORKFLOWS = {key: read(key) for key in KEYS}
ROLES = sorted({f"role:{t.role}" for w in WORKFLOWS.values() for t in w.transitions} | {"role:triage", "role:auditor"})
MOVES = [(key, move) for key, workflow in WORKFLOWS.items() for move in workflow.transitions]
NAMES = [f"{key}: {move.from_stage} {move.kind} {move.to_stage}" for key, move in MOVES]


def bearer(role: str, workflow: Workflow) -> Caller:
    """Return an agent with one role and everything else that is not one."""
    extras = {feature for feature in workflow.features if not feature.startswith("role:")}
    held = frozenset({f"lane:{LANE}", role, *extras})
    return Caller(actor="ann", scope="agent", credential="k", family="f+x", maker="m", features=held)


def standing(workflow: Workflow, stage: str) -> Given:
    """Return a task at ``stage`` on which nobody has worked yet, and whose commit is approved."""
    start = Given(None, workflow).fold(created(workflow=workflow.key, stage=workflow.initial.key))
    there = workflow.stage(stage)
    assert there is not None
    task = replace(start.expect(), stage=stage, terminal=there.terminal, delivered="c1c1c1c", approved="c1c1c1c")
    return replace(start, task=task)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("key", "move"), MOVES, ids=NAMES)
def test_exactly_the_roles_that_the_definition_names_make_the_move(key: str, move: Transition, role: str) -> None:
    workflow, caller = WORKFLOWS[key], bearer(role, WORKFLOWS[key])
    named = {f"role:{t.role}" for t in workflow.find(move.from_stage, move.to_stage, move.kind)}
    free = standing(workflow, move.from_stage)
    held = free.fold(
        by(
            caller,
            e.TaskClaimed(
                stage=move.from_stage,
                attempt=1,
                fence=FENCE,
                lease_expires_at=free.now + workflow.lease_of(move.from_stage),
                maker=caller.maker,
                card=None,
            ),
        )
    )
    artifacts = tuple(
        e.Artifact(type=kind, ref="c1c1c1c", digest="c1c1c1c", base="c0c0c0c" if kind == "commit" else None)
        for kind in move.artifacts
    )
    if move.kind == "advance":
        then = held.when(advance, Advance(task="t", to=move.to_stage, artifacts=artifacts), by=caller)
    else:
        then = held.when(reject, Reject(task="t", to=move.to_stage, reason="no", artifacts=artifacts), by=caller)
    if role not in named:
        then.refused("not_eligible")
        return
    decision = then.decided()
    assert decision.facts[0].capability == role
    assert decision.task.stage == move.to_stage


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("key", KEYS)
def test_exactly_the_roles_of_its_exits_claim_at_a_stage(key: str, role: str) -> None:
    workflow = WORKFLOWS[key]
    for stage in workflow.stages:
        found = standing(workflow, stage.key).when(claim, by=bearer(role, workflow), fence=FENCE).found
        may = role in {f"role:{t.role}" for t in workflow.exits(stage.key)}
        assert isinstance(found, Refusal) != may, (stage.key, role)


def test_nobody_moves_without_a_role_and_the_file_names_are_all_there() -> None:
    for key, move in MOVES:
        free = standing(WORKFLOWS[key], move.from_stage)
        free.when(claim, by=STRANGER, fence=FENCE).refused("not_eligible")
    assert sorted(stock.names("workflow")) == sorted(KEYS)
