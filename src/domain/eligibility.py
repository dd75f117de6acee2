"""Who may take which task, and what stands in the way: the one predicate file of claim, ``why`` and demand.

A **route** is what many tasks share as far as permission goes: lane, workflow version, stage, requirements and, where
the stage reviews, whose work it is. A caller's open routes are worked out once, so that a backlog outside them costs
nothing. What differs from task to task (held, blocked, waiting) is asked of the task alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Self

from ainarres.domain.duration import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from ainarres.domain.context import Caller, Context
    from ainarres.domain.task import Author, Task
    from ainarres.domain.workflow import Transition, Workflow

Cause = Literal[
    "cancelled", "terminal", "blocked", "waits", "paused", "wip", "held", "features", "same_agent", "family_rule"
]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that keeps a caller from a task, and what would remove it."""

    cause: Cause
    text: str
    missing: tuple[str, ...] = ()
    until: datetime | None = None
    """When it goes away by itself, if it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The parts of a task that decide which callers are eligible."""

    lane: str
    workflow: str
    workflow_version: int
    stage: str
    needs: tuple[str, ...]
    """Features needed whatever the transition, sorted; the lane's among them."""
    author: str | None
    """Agent, family or maker (as the stage's ``distinct`` says) whose work is reviewed here; null where any may
    review.
    """

    @classmethod
    def of(cls, task: Task, workflow: Workflow) -> Self:
        """Return the route ``task`` stands on."""
        return cls(
            lane=task.lane,
            workflow=task.workflow,
            workflow_version=task.workflow_version,
            stage=task.stage,
            needs=tuple(sorted(task.needs())),
            author=_reviewed(task, workflow),
        )

    @classmethod
    def from_json(cls, parts: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` wrote."""
        return cls(**{**parts, "needs": tuple(parts["needs"])})

    def to_json(self) -> dict[str, Any]:
        """Return the parts as JSON."""
        return {
            "lane": self.lane,
            "workflow": self.workflow,
            "workflow_version": self.workflow_version,
            "stage": self.stage,
            "needs": list(self.needs),
            "author": self.author,
        }

    @property
    def id(self) -> int:
        """A hash of the parts (signed 64 bits), so that nothing is allocated and nothing races."""
        return _hash_of(self)


@lru_cache(maxsize=8192)  # a fold asks for the same few routes at every event
def _hash_of(route: Route) -> int:
    text = json.dumps(route.to_json(), sort_keys=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


@dataclass(frozen=True, slots=True)
class Opening:
    """A route open to a caller, at once or ``after`` a task has stood in its stage for some time."""

    route: int
    after: timedelta | None = None


def author_of(task: Task, workflow: Workflow) -> Author | None:
    """Return whose work the task's stage reviews, if it reviews and somebody did it."""
    review = workflow.review(task.stage)
    return task.authors.get(review.reviews) if review is not None and review.reviews is not None else None


def covered(workflow: Workflow, stage: str, features: frozenset[str]) -> tuple[Transition, ...]:
    """Return the ways out of ``stage`` that ``features`` cover, advances first, the most demanding first among
    equals.
    """
    ways = [t for t in workflow.exits(stage) if features.issuperset(t.requires)]
    return tuple(sorted(ways, key=lambda t: (t.kind != "advance", -len(t.requires))))


def opening(route: Route, caller: Caller, workflow: Workflow) -> Opening | None:
    """Return how ``route`` is open to ``caller``; null when it is closed."""
    if _feature_obstacles(route, caller.features, workflow):
        return None
    rule, delay = _rule_for(route, caller, workflow)
    if rule == "require":
        return None
    return Opening(route.id, delay)


def closed_because(route: Route, caller: Caller, workflow: Workflow) -> str | None:
    """Say in a few words why ``route`` is closed to ``caller`` for good; null when it is or will be open."""
    if found := _feature_obstacles(route, caller.features, workflow):
        return found[0].text
    if _rule_for(route, caller, workflow)[0] == "require":
        return "need another family's eye"
    return None


def obstacles(task: Task, context: Context) -> tuple[Obstacle, ...]:
    """Return everything that keeps the caller from claiming ``task`` now; empty when it is claimable."""
    return (*standing(task, context), *eligible(task, context))


def eligible(task: Task, context: Context) -> tuple[Obstacle, ...]:
    """Return what keeps the caller in particular from the task, leaving aside what keeps everybody from it."""
    route = Route.of(task, context.workflow)
    return (*_feature_obstacles(route, context.caller.features, context.workflow), *family_obstacles(task, context))


def standing(task: Task, context: Context) -> tuple[Obstacle, ...]:
    """Return what keeps everybody from the task."""
    found: list[Obstacle] = []
    if task.cancelled:
        found.append(Obstacle("cancelled", "the task was cancelled"))
    if task.terminal:
        found.append(Obstacle("terminal", f"the task is finished: {task.stage}"))
    if task.blocked:
        found.append(Obstacle("blocked", f"blocked: {task.blocked_reason}; an operator may unblock it"))
    if context.unmet:
        found.append(
            Obstacle("waits", f"waits on {len(context.unmet)} unfinished prerequisite{'s' * (len(context.unmet) > 1)}")
        )
    if context.lane_paused:
        found.append(Obstacle("paused", f"lane {task.lane} is paused; an operator may resume it"))
    if context.wip_full:
        found.append(Obstacle("wip", f"stage {task.stage} is at its work-in-progress limit"))
    if task.hold is not None and task.hold.live(context.now):
        text = f"held by {task.hold.agent} until {task.hold.expires_at.isoformat()}"
        found.append(Obstacle("held", text, until=task.hold.expires_at))
    return tuple(found)


def same_agent(task: Task, workflow: Workflow, agent: str) -> bool:
    """Tell whether ``agent`` would review its own work."""
    author = author_of(task, workflow)
    return author is not None and author.agent == agent


def preference_unmet(task: Task, context: Context) -> bool:
    """Tell whether a claim now would go against the stage's preference, its waiting time being over."""
    rule, _ = _rule_for(Route.of(task, context.workflow), context.caller, context.workflow)
    return rule == "prefer"


def family_obstacles(task: Task, context: Context) -> tuple[Obstacle, ...]:
    """Return what the reviewing rules say against the caller."""
    route = Route.of(task, context.workflow)
    if same_agent(task, context.workflow, context.caller.actor):
        return (Obstacle("same_agent", "an agent never reviews its own work"),)
    rule, delay = _rule_for(route, context.caller, context.workflow)
    if rule is None:
        return ()
    review = context.workflow.review(task.stage)
    assert review is not None
    text = f"{task.stage} wants another {review.distinct} than {route.author}, whose work it is"
    if rule == "require":
        return (Obstacle("family_rule", f"{text}; an operator may waive it for this task"),)
    opens = task.entered_stage_at + (delay or timedelta(0))
    if context.now >= opens:
        return ()
    return (Obstacle("family_rule", f"{text}; open to all in {show(opens - context.now)}", until=opens),)


def missing_text(missing: Iterable[str]) -> str:
    """Say what is missing."""
    return "need " + ", ".join(sorted(missing))


def _reviewed(task: Task, workflow: Workflow) -> str | None:
    review, author = workflow.review(task.stage), author_of(task, workflow)
    if review is None or author is None or task.review_waived or review.rule == "off" or review.distinct == "agent":
        return None  # the author itself is kept away task by task: a route an agent would be a route a task
    return author.maker if review.distinct == "maker" else author.family


def _feature_obstacles(route: Route, features: frozenset[str], workflow: Workflow) -> tuple[Obstacle, ...]:
    missing = tuple(f for f in route.needs if f not in features)
    if missing:
        return (Obstacle("features", missing_text(missing), missing),)
    exits = workflow.exits(route.stage)
    if exits and not covered(workflow, route.stage, features):
        nearest = min(({*t.requires} - features for t in exits), key=len)
        return (Obstacle("features", missing_text(nearest), tuple(sorted(nearest))),)
    return ()


def _rule_for(
    route: Route, caller: Caller, workflow: Workflow
) -> tuple[Literal["require", "prefer"] | None, timedelta | None]:
    """Return the rule that speaks against ``caller`` on ``route``, with the time after which it falls silent."""
    review = workflow.review(route.stage)
    if review is None or route.author is None:
        return None, None
    mine = caller.maker if review.distinct == "maker" else caller.family
    if mine != route.author:
        return None, None
    if review.rule == "require":
        return "require", None
    return "prefer", review.prefer_for or timedelta(0)
