"""Read definition files: text in, a definition or its problems out, each with file, line, field and cure."""

from __future__ import annotations

from ainarres.domain.source import Problem, load
from ainarres.domain.structure import examine
from ainarres.domain.workflow import Workflow

__all__ = ["Problem", "read_workflow"]


def read_workflow(text: str, source: str) -> Workflow | tuple[Problem, ...]:
    """Read a workflow file; ``source`` is the name under which problems are reported.

    Structure is examined once every field is in order, so a first reading may not show the last problem.
    """
    loaded = load(text, source)
    if isinstance(loaded, tuple):
        return loaded
    workflow = loaded.read(Workflow)
    if isinstance(workflow, tuple):
        return workflow
    problems = tuple(loaded.problem(*finding) for finding in examine(workflow))
    return tuple(sorted(problems, key=lambda problem: problem.line)) or workflow
