"""A workflow drawn as a Mermaid flowchart: advances solid, rejects dashed, each labelled with the role that moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ainarres.domain.workflow import Stage, Transition, Workflow


def workflow_graph(workflow: Workflow) -> str:
    """Return Mermaid text. Stages are numbered in it, because some words (``end``) mean something to Mermaid."""
    ids = {stage.key: f"s{place}" for place, stage in enumerate(workflow.stages)}
    lines = ["flowchart LR"]
    lines += [f"    {ids[stage.key]}{_shape(stage)}" for stage in workflow.stages]
    lines += [f"    {ids[move.from_stage]} {_arrow(move)} {ids[move.to_stage]}" for move in workflow.transitions]
    lines += ["    classDef initial stroke-width:3px", "    classDef terminal stroke-width:3px,stroke-dasharray:2"]
    lines += [f"    class {ids[stage.key]} initial" for stage in workflow.stages if stage.initial]
    lines += [f"    class {ids[stage.key]} terminal" for stage in workflow.stages if stage.terminal]
    return "\n".join(lines) + "\n"


def _shape(stage: Stage) -> str:
    if stage.initial:
        return f'(["{stage.key}"])'
    return f'((("{stage.key}")))' if stage.terminal else f'["{stage.key}"]'


def _arrow(move: Transition) -> str:
    return f'-->|"{move.role}"|' if move.kind == "advance" else f'-.->|"{move.role}"|'
