"""What changed between two definitions, one line a change: ``+`` came, ``-`` went, ``~`` differs."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class FamilyChange:
    """What makes one declaration of a family another."""

    declared: bool
    """The declaration itself differs."""
    granted: tuple[str, ...]
    """Features that come, skills among them."""
    withdrawn: tuple[str, ...]
    """Features that go."""


def change_family(old: Family | None, new: Family) -> FamilyChange:
    """Return what changes when a family, known or not, is declared as ``new``."""
    held = frozenset[str]() if old is None else old.features
    declared = old is None or _declared(old) != _declared(new)
    return FamilyChange(declared, tuple(sorted(new.features - held)), tuple(sorted(held - new.features)))


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
