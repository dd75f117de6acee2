"""What changed between two definitions, one line a change: ``+`` came, ``-`` went, ``~`` differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ainarres.domain.family import Family
    from ainarres.domain.workflow import Transition, Workflow


def diff(old: Workflow, new: Workflow) -> list[str]:
    """Return the lines from one workflow to another: its own settings, then stages, then transitions."""
    before, after = old.to_json(), new.to_json()
    lines = [f"~ {change}" for change in _changes(_own(before), _own(after))]
    lines += _compare(
        {f"stage {stage['key']}": stage for stage in before["stage"]},
        {f"stage {stage['key']}": stage for stage in after["stage"]},
    )
    kept = [stage.key for stage in old.stages if new.stage(stage.key)]
    order = [stage.key for stage in new.stages if old.stage(stage.key)]
    if kept != order:
        lines.append(f"~ stages are in another order: {', '.join(order)}")
    return lines + _compare(_moves(old), _moves(new))


def diff_families(old: Iterable[Family], new: Iterable[Family]) -> list[str]:
    """Return the lines from one set of families to another; grants that came and went one by one."""
    before, after = {family.key: family for family in old}, {family.key: family for family in new}
    lines = [f"- family {key}" for key in before if key not in after]
    for key, family in after.items():
        known = before.get(key)
        if known is None:
            lines.append(f"+ family {key} (label {family.label}, maker {family.maker}, cost class {family.cost_class})")
        elif changes := list(_changes(_declared(known), _declared(family))):
            lines += [f"~ family {key}: {change}" for change in changes]
        held = known.grants if known else ()
        lines += [f"+ family {key}: granted {grant}" for grant in family.grants if grant not in held]
        lines += [f"- family {key}: withdrawn {grant}" for grant in held if grant not in family.grants]
    return lines


def _compare(before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]]) -> list[str]:
    lines = [f"- {name}" for name in before if name not in after]
    for name, item in after.items():
        if name not in before:
            lines.append(f"+ {name}")
        else:
            lines += [f"~ {name}: {change}" for change in _changes(before[name], item)]
    return lines


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[str]:
    for key in (*after, *(key for key in before if key not in after)):
        if before.get(key) != after.get(key):
            yield f"{key} {_said(before.get(key))} → {_said(after.get(key))}"


def _moves(workflow: Workflow) -> dict[str, dict[str, Any]]:
    """Name each move by its ends, and by its features too where several join the same ends."""
    named = {}
    for move, document in zip(workflow.transitions, workflow.to_json()["transition"], strict=True):
        twins = workflow.find(move.from_stage, move.to_stage, move.kind)
        named[_title(move) if len(twins) == 1 else f"{_title(move)} with {' '.join(move.requires)}"] = document
    return named


def _title(move: Transition) -> str:
    return f"{move.kind} {move.from_stage} → {move.to_stage}"


def _own(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in ("stage", "transition")}


def _declared(family: Family) -> dict[str, Any]:
    return family.model_dump(mode="json", exclude={"key", "grants"})


def _said(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
