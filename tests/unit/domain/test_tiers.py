"""What a claimer needs at a stage that escalated."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from ainarres.domain import events as e
from ainarres.domain.fact import Fact
from ainarres.domain.task import Task, evolve

ID, NOW = UUID(int=1), datetime(2026, 11, 21, tzinfo=UTC)


def task(*requires: str) -> Task:
    """Return a task that has just been posted."""
    born = e.TaskCreated(
        id=ID,
        project="web",
        lane="web/dev",
        workflow="dev",
        workflow_version=1,
        stage="implementing",
        title="a task",
        payload={},
        priority=3,
        requires=requires,
        skills=(),
        depends_on=(),
        epic=None,
        template=None,
    )
    made = evolve(None, Fact(event=born, stream=f"task-{ID}", version=1, recorded_at=NOW))
    assert made is not None
    return made


def test_an_escalated_tier_takes_the_place_of_the_tasks_own() -> None:
    posted = task("tier:1", "skill:python")
    assert posted.needs() == {"lane:web/dev", "tier:1", "skill:python"}
    escalated = replace(posted, tiers={"implementing": 2})
    assert escalated.needs() == {"lane:web/dev", "tier:2", "skill:python"}
    assert replace(escalated, stage="reviewing").needs() == posted.needs(), "at that stage only"
