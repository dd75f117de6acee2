"""The lines between two definitions."""

from typing import Any

from ainarres.domain.difference import FamilyChange, change_family, diff
from ainarres.domain.family import Family
from ainarres.domain.graph import workflow_graph
from ainarres.domain.workflow import Workflow


def loop(stages: list[dict[str, Any]], moves: list[dict[str, Any]], **own: Any) -> Workflow:
    return Workflow.from_json({"key": "loop", "title": "Loop", **own, "stage": stages, "transition": moves})


TODO, REVIEW = {"key": "todo", "initial": True, "lease": "1h"}, {"key": "review"}
DONE = {"key": "done", "terminal": True}
WRITE = {"from": "todo", "to": "review", "requires": ["role:worker"]}
ACCEPT = {"from": "review", "to": "done", "requires": ["role:reviewer"]}
REJECT = {"from": "review", "to": "todo", "kind": "reject", "requires": ["role:reviewer"]}


def family(**changes: Any) -> Family:
    return Family.model_validate(
        {"key": "a+b", "maker": "m", "cost_class": 1, "grants": ["role:x", "role:y"], **changes}
    )


def test_nothing_changed_gives_no_line() -> None:
    one = loop([TODO, REVIEW, DONE], [WRITE, ACCEPT, REJECT])
    assert diff(one, one) == []


def test_workflows_differ_by_settings_stages_and_moves() -> None:
    old = loop([TODO, REVIEW, DONE], [WRITE, ACCEPT, REJECT])
    new = loop(
        [DONE, {**TODO, "lease": "2h", "wip": 1}, {"key": "test"}],
        [{**WRITE, "to": "test"}, {**ACCEPT, "from": "test"}],
        max_rework=5,
    )
    assert diff(old, new) == [
        "~ max_rework 3 → 5",
        "- stage review",
        "~ stage todo: lease 1h → 2h",
        "~ stage todo: wip unset → 1",
        "+ stage test",
        "~ stages are in another order: done, todo",
        "- advance todo → review",
        "- advance review → done",
        "- reject review → todo",
        "+ advance todo → test",
        "+ advance test → done",
    ]


def test_a_changed_move_names_what_changed() -> None:
    old = loop([TODO, REVIEW, DONE], [WRITE, ACCEPT, REJECT])
    new = loop([TODO, REVIEW, DONE], [WRITE, {**ACCEPT, "reviews": "todo", "approves": True}, REJECT])
    assert diff(old, new) == [
        "~ advance review → done: reviews unset → todo",
        "~ advance review → done: rule off → prefer",
        "~ advance review → done: prefer_for unset → 10m",
        "~ advance review → done: approves false → true",
    ]


def test_twin_moves_are_told_apart_by_their_features() -> None:
    old = loop([TODO, REVIEW, DONE], [WRITE, ACCEPT, REJECT])
    new = loop([TODO, REVIEW, DONE], [WRITE, {**WRITE, "requires": ["role:boss"]}, ACCEPT, REJECT])
    assert "+ advance todo → review with role:boss" in diff(old, new)


def test_a_family_differs_by_its_declaration_and_by_each_feature() -> None:
    new = family(grants=["role:x", "role:z"], cost_class=2, skills=["rust"])
    assert change_family(family(), new) == FamilyChange(True, ("role:z", "skill:rust"), ("role:y",))
    assert change_family(family(), family(grants=["role:x"])) == FamilyChange(False, (), ("role:y",))
    assert change_family(family(), family()) == FamilyChange(False, (), ())
    assert change_family(None, family(grants=["tier:2"])) == FamilyChange(True, ("tier:2",), ())


def test_the_graph_marks_ends_and_draws_rejects_dashed() -> None:
    drawn = workflow_graph(loop([TODO, REVIEW, DONE], [WRITE, ACCEPT, REJECT])).splitlines()
    assert drawn[0] == "flowchart LR"
    assert '    s0(["todo"])' in drawn
    assert '    s2((("done")))' in drawn
    assert '    s0 -->|"worker"| s1' in drawn
    assert '    s1 -.->|"reviewer"| s0' in drawn
    assert "    class s0 initial" in drawn
    assert "    class s2 terminal" in drawn
