"""A story: the facts a verb is about to append, each folded in at once so that the next decision sees the last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ainarres.domain.fact import Fact
from ainarres.domain.task import Task, evolve

if TYPE_CHECKING:
    from ainarres.domain.context import Context
    from ainarres.domain.events import Event


@dataclass(frozen=True, slots=True)
class Told:
    """A fact and the task right after it; ``before`` is the task before, null where the fact created it."""

    fact: Fact
    task: Task
    before: Task | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decider decided: facts to append (none for a repeat) and the task after them."""

    told: tuple[Told, ...]
    task: Task
    parked: bool = False
    """The verb left the task blocked."""

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts alone."""
        return tuple(one.fact for one in self.told)


@dataclass(slots=True)
class Story:
    """Facts in the making about one task."""

    task: Task
    context: Context
    told: list[Told] = field(default_factory=list)

    def add(
        self,
        event: Event,
        *,
        capability: str | None = None,
        subject: tuple[str | None, str | None] = (None, None),
        lease: bool = False,
    ) -> Task:
        """Append ``event`` and return the task after it.

        ``subject`` is the agent and family credited or charged. ``lease`` writes to the hold's own stream.
        """
        caller, stream, version = self.context.caller, self.task.stream, self.task.version + 1
        if lease:
            assert self.task.hold is not None
            stream, version = f"lease-{self.task.hold.fence}", self.task.hold.renewals + 1
        fact = Fact(
            event=event,
            stream=stream,
            version=version,
            recorded_at=self.context.now,
            actor=caller.actor,
            family=caller.family,
            capability=capability,
            credential=caller.credential,
            subject_agent=subject[0],
            subject_family=subject[1],
            project=self.task.project,
            task=self.task.id,
            correlation=self.task.correlation,
        )
        after = evolve(self.task, fact)
        assert after is not None
        self.told.append(Told(fact, after, self.task))
        self.task = after
        return after

    def end(self) -> Decision:
        """Close the story."""
        return Decision(tuple(self.told), self.task, parked=bool(self.told) and self.task.blocked)
