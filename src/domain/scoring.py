"""Scored routing: in which order a lane offers its tasks to one agent, where the lane asks for that.

A score says how well a task suits who asks, never who may take it: only tasks that the agent may take anyway are
scored. It is three for each skill in common, the priority, two where the agent's last task was in the same project, and
the lower bound of the family's first-pass yield at the capability, 0 to 1. Equal scores go by priority, then age.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ainarres.domain.events import Score
from ainarres.domain.feature import key_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

CONSIDERED = 64
"""Candidates that a claim scores: the first in claim order."""
SKILL, PROJECT = 3.0, 2.0
"""What a skill in common weighs, and work in the project of the agent's last task."""
_DIGITS = 4
"""Of a reputation: more would say more than a sample knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who is offered work, as far as suiting goes."""

    features: frozenset[str]
    """Effective ones; ``skill:`` features are its skills."""
    last_project: str | None = None
    """Of the task it claimed last; null where it claimed none of late."""
    reputation: Mapping[str, float] = field(default_factory=dict)
    """Capability to the lower 95 % bound of its family's first-pass yield, 0 to 1; nothing known is 0."""

    @property
    def skills(self) -> frozenset[str]:
        """Skills without their ``skill:``."""
        return frozenset(key_of(feature) for feature in self.features if kind_of(feature) == "skill")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A task that the asker may take, as far as suiting goes."""

    task: UUID
    position: int
    """Of its creation: the lower, the older."""
    project: str
    priority: int
    skills: tuple[str, ...]
    capability: str
    """What the asker would exercise."""


def score(candidate: Candidate, asker: Asker) -> Score:
    """Return how well a task suits an agent: the parts and their sum."""
    skills = SKILL * len(asker.skills & frozenset(candidate.skills))
    project = PROJECT if candidate.project == asker.last_project else 0.0
    reputation = round(asker.reputation.get(candidate.capability, 0.0), _DIGITS)
    return Score(
        skills=skills,
        priority=float(candidate.priority),
        project=project,
        reputation=reputation,
        total=round(skills + candidate.priority + project + reputation, _DIGITS),
    )


def ranked(candidates: Iterable[Candidate], asker: Asker) -> list[tuple[Candidate, Score]]:
    """Return candidates with their scores, what suits best first, whatever order they come in."""
    scored = [(one, score(one, asker)) for one in candidates]
    return sorted(scored, key=lambda pair: (-pair[1].total, -pair[0].priority, pair[0].position))
