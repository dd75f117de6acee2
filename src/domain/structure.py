"""What is wrong with a workflow whose fields are each in order: the checks that need to see the whole graph.

A finding names a place in the file's shape (``("transition", 3, "reviews")``) and the cure, so that the reader of a
file can add the line. Nothing found means that every task can be started, moved without a guess, and finished.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ainarres.domain.workflow import NONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ainarres.domain.workflow import Transition, Workflow


class Finding(NamedTuple):
    """One flaw: where, what, and what to write instead."""

    path: tuple[str | int, ...]
    message: str
    cure: str


def examine(workflow: Workflow) -> tuple[Finding, ...]:
    """Return the flaws of a workflow, none if it may be adopted.

    Flaws of spelling (unknown stages, doubles) come alone: what they break elsewhere is not worth reading yet.
    """
    spelling = (*_stages(workflow), *_ends(workflow))
    if spelling:
        return spelling
    return (*_reach(workflow), *_attempts(workflow), *_judgement(workflow), *_guards(workflow), *_choice(workflow))


def _stages(workflow: Workflow) -> Iterator[Finding]:
    """Keys are used once; one stage is initial, one at least terminal."""
    keys = [stage.key for stage in workflow.stages]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            yield Finding(("stage", place, "key"), f"stage {key!r} is declared twice", "give it a key of its own")
    initial = [place for place, stage in enumerate(workflow.stages) if stage.initial]
    if not initial:
        yield Finding(("stage", 0), "no stage is initial", "write initial = true in the stage where tasks start")
    for place in initial[1:]:
        first = keys[initial[0]]
        yield Finding(("stage", place, "initial"), f"{first!r} is initial already", "keep one initial = true")
    if not any(stage.terminal for stage in workflow.stages):
        last = len(keys) - 1
        yield Finding(("stage", last), "no stage is terminal", "write terminal = true in the stage where tasks end")


def _ends(workflow: Workflow) -> Iterator[Finding]:
    """Transitions join stages that exist, two different ones, and are declared once."""
    keys = [stage.key for stage in workflow.stages]
    seen: set[tuple[str, str, str, frozenset[str]]] = set()
    for place, move in enumerate(workflow.transitions):
        for end, key in (("from", move.from_stage), ("to", move.to_stage)):
            if key not in keys:
                yield Finding(("transition", place, end), f"no stage {key!r}", f"stages are {', '.join(keys)}")
        if move.from_stage == move.to_stage:
            yield Finding(("transition", place, "to"), "a move ends elsewhere than it starts", "name another stage")
        identity = (move.from_stage, move.to_stage, move.kind, frozenset(move.requires))
        if identity in seen:
            yield Finding(("transition", place), "this transition is declared twice", "remove one")
        seen.add(identity)


def _reach(workflow: Workflow) -> Iterator[Finding]:
    """Every stage can be entered and left for a terminal one; a terminal stage is the end."""
    entered = _closure({workflow.initial.key}, [(m.from_stage, m.to_stage) for m in workflow.transitions])
    terminal = {stage.key for stage in workflow.stages if stage.terminal}
    finishing = _closure(terminal, [(m.to_stage, m.from_stage) for m in workflow.transitions])
    for place, stage in enumerate(workflow.stages):
        if stage.key not in entered:
            cure = "add a transition into it, or remove it"
            yield Finding(("stage", place), f"no task can reach {stage.key!r} from {workflow.initial.key!r}", cure)
        if stage.key not in finishing:
            ends = " or ".join(sorted(terminal))
            yield Finding(("stage", place), f"{stage.key!r} leads to no terminal stage", f"add a way to {ends}")
    for place, move in enumerate(workflow.transitions):
        if move.from_stage in terminal:
            cure = "remove the transition, or terminal = true of its stage"
            yield Finding(("transition", place, "from"), f"{move.from_stage!r} is terminal and has no exits", cure)
    if workflow.initial.key not in terminal and not workflow.exits(workflow.initial.key, "advance"):
        where = ("stage", workflow.stages.index(workflow.initial))
        yield Finding(where, "no advance leaves the initial stage, so nobody may create", "add one")


def _attempts(workflow: Workflow) -> Iterator[Finding]:
    for place, stage in enumerate(workflow.stages):
        limit = workflow.max_attempts_of(stage.key)
        if stage.escalate_after is not None and stage.escalate_after >= limit:
            message = f"{stage.escalate_after} is not below max_attempts = {limit}, so it would block first"
            yield Finding(("stage", place, "escalate_after"), message, "lower it, or raise max_attempts of the stage")


def _judgement(workflow: Workflow) -> Iterator[Finding]:
    """Who is judged did something before; the exits of a stage say the same about its review."""
    said: dict[str, tuple[object, ...]] = {}
    for place, move in enumerate(workflow.transitions):
        before = [stage.key for stage in workflow.stages_before(move.from_stage)]
        earlier = f"before {move.from_stage!r} come {', '.join(before) or 'none'}"
        if move.reviews is not None:
            if move.reviews not in before:
                message = f"{move.reviews!r} does not precede {move.from_stage!r}"
                yield Finding(("transition", place, "reviews"), message, earlier)
            rule = (move.reviews, move.distinct, move.rule, move.prefer_for)
            if said.setdefault(move.from_stage, rule) != rule:
                message = f"another exit of {move.from_stage!r} names another review rule"
                cure = "a claim is judged once a stage: say reviews, distinct, rule, prefer_for alike, or on one exit"
                yield Finding(("transition", place, "reviews"), message, cure)
        yield from _rule(place, move)
        if move.kind == "reject" and move.fault != NONE and move.fault not in before:
            yield Finding(
                ("transition", place, "fault"),
                f"{move.fault!r} does not precede {move.from_stage!r}",
                f'{earlier}; or write fault = "none"',
            )
        if move.kind == "advance" and move.fault is not None:
            yield Finding(("transition", place, "fault"), "an advance finds nobody at fault", "remove it")


def _rule(place: int, move: Transition) -> Iterator[Finding]:
    if move.rule != "off" and move.reviews is None:
        message = f"rule = {move.rule!r} has nobody to differ from"
        yield Finding(("transition", place, "rule"), message, "name the stage it reviews, or remove the rule")
    if move.rule != "prefer" and move.prefer_for is not None:
        message = f"prefer_for means nothing under rule = {move.rule!r}"
        yield Finding(("transition", place, "prefer_for"), message, 'write rule = "prefer", or remove it')


def _guards(workflow: Workflow) -> Iterator[Finding]:
    approving = {move.from_stage for move in workflow.transitions if move.approves}
    for place, move in enumerate(workflow.transitions):
        if move.approves and (move.reviews is None or move.kind == "reject"):
            message = "only an advance that reviews an earlier stage can approve"
            yield Finding(("transition", place, "approves"), message, "name the stage in reviews, or remove it")
        before = {stage.key for stage in workflow.stages_before(move.from_stage)}
        if move.requires_approval and not approving & before:
            message = f"no transition before {move.from_stage!r} approves anything"
            yield Finding(
                ("transition", place, "requires_approval"), message, "write approves = true where it is reviewed"
            )
        if (move.differs or move.requires_approval) and "commit" not in move.artifacts:
            key = "differs" if move.differs else "requires_approval"
            message = "a commit that need not be presented cannot be checked"
            yield Finding(("transition", place, key), message, 'write artifacts = ["commit"]')


def _choice(workflow: Workflow) -> Iterator[Finding]:
    """``done`` takes the only advance its caller may make. Two advances out of one stage leave it that choice only if
    each needs a feature the other does not: otherwise whoever may make the harder one may always make both.
    """
    for place, move in enumerate(workflow.transitions):
        for other in workflow.transitions[:place]:
            if {move.kind, other.kind} != {"advance"} or move.from_stage != other.from_stage:
                continue
            mine, theirs = set(move.requires), set(other.requires)
            if mine <= theirs or theirs <= mine:
                message = f"whoever may take it may also advance to {other.to_stage!r}, so done could not choose"
                cure = "require a feature on each that the other does not, or make one of them a reject"
                yield Finding(("transition", place, "requires"), message, cure)


def _closure(start: set[str], steps: list[tuple[str, str]]) -> set[str]:
    found, grown = set(start), True
    while grown:
        further = {target for source, target in steps if source in found} - found
        found |= further
        grown = bool(further)
    return found
