"""Read definition files: text in, a definition or its problems out, each with file, line, field and cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ainarres.domain.source import Problem, Source, load
from ainarres.domain.structure import examine
from ainarres.domain.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["Problem", "read_workflow"]


def read_workflow(text: str, source: str, cards: Collection[str] | None = None) -> Workflow | tuple[Problem, ...]:
    """Read a workflow file; ``source`` is the name under which problems are reported.

    ``cards`` are the roles whose cards are published: if given, a stage that names another is a problem. Structure is
    examined once every field is in order, so a first reading may not show the last problem.
    """
    loaded = load(text, source)
    if isinstance(loaded, tuple):
        return loaded
    workflow = loaded.read(Workflow)
    if isinstance(workflow, tuple):
        return workflow
    problems = [loaded.problem(*finding) for finding in examine(workflow)]
    problems += _cards(loaded, workflow, cards) if cards is not None else ()
    return tuple(sorted(problems, key=lambda problem: problem.line)) or workflow


def _cards(source: Source, workflow: Workflow, cards: Collection[str]) -> Iterator[Problem]:
    known = f"published are {', '.join(sorted(cards)) or 'none'}"
    for place, stage in enumerate(workflow.stages):
        if stage.role_card is not None and stage.role_card not in cards:
            cure = f"publish it first: ainarres card adopt {stage.role_card}.md; {known}"
            yield source.problem(("stage", place, "role_card"), f"no role card {stage.role_card!r}", cure)
