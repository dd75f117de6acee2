"""Projects and lanes: where work product lives, and which workflow each area of it follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ainarres.domain.digest import digest
from ainarres.domain.duration import Duration
from ainarres.domain.feature import Key, titled
from ainarres.domain.listing import listed
from ainarres.domain.source import Problem, Source, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ainarres.domain.workflow import Workflow

_MODEL = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True, defer_build=True)
Limit = Annotated[int, Field(ge=1, le=100_000)]


class Lane(BaseModel):
    """An area of a project; new tasks take the newest adopted version of its workflow."""

    model_config = _MODEL

    key: Key
    """The part after the slash in ``project/lane``."""
    title: str = ""
    """What people read; the key if left out."""
    workflow: Key
    """Key of an adopted workflow."""
    routing: Literal["fifo", "scored"] = "fifo"
    """The order among the tasks an agent may take. ``fifo``: priority, then age; ``scored``: what suits the agent best
    by skills, priority, project and record."""
    wip: dict[Key, Limit] = Field(default_factory=dict)
    """Live leases a stage admits in this lane, by stage; where it says nothing the workflow's own limit holds."""
    review_floor: Duration | None = None
    """An approval faster than this is hasty in the review figures; unmeasured if left out."""

    @model_validator(mode="before")
    @classmethod
    def _titled(cls, given: Any) -> Any:
        return titled(given)

    def settings(self) -> dict[str, Any]:
        """Return what ``LaneOpened`` carries beside key, title and workflow, as JSON."""
        return self.model_dump(mode="json", exclude={"key", "title", "workflow"}, exclude_none=True)


class Project(BaseModel):
    """A repository and its lanes."""

    model_config = _MODEL

    key: Key
    """The part before the slash in ``project/lane``."""
    title: str = ""
    """What people read; the key if left out."""
    repository: str | None = None
    """Path or address of the repository; none if the work lives elsewhere."""
    lanes: Annotated[tuple[Lane, ...], BeforeValidator(listed)] = Field(
        validation_alias="lane", serialization_alias="lane", min_length=1
    )
    """One table a lane."""

    @model_validator(mode="before")
    @classmethod
    def _titled(cls, given: Any) -> Any:
        return titled(given)

    @property
    def features(self) -> frozenset[str]:
        """One ``lane:`` feature a lane."""
        return frozenset(f"lane:{self.key}/{lane.key}" for lane in self.lanes)

    def to_json(self) -> dict[str, Any]:
        """Return the declaration as JSON in the file's shape."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON, in hexadecimal."""
        return digest(self.to_json())


def read_project(
    text: str, source: str, workflows: Mapping[str, Workflow] | None = None
) -> Project | tuple[Problem, ...]:
    """Read a project file; ``source`` is the name under which problems are reported.

    ``workflows`` are the adopted ones by key: if given, a lane that names another, or a stage its workflow does not
    have, is a problem.
    """
    loaded = load(text, source)
    if isinstance(loaded, tuple):
        return loaded
    project = loaded.read(Project)
    if isinstance(project, tuple):
        return project
    return tuple(_doubts(loaded, project, workflows)) or project


def _doubts(source: Source, project: Project, workflows: Mapping[str, Workflow] | None) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, lane in enumerate(project.lanes):
        if lane.key in seen:
            yield source.problem(("lane", place, "key"), f"lane {lane.key!r} is declared twice", "remove one")
        seen.add(lane.key)
        if workflows is None:
            continue
        workflow = workflows.get(lane.workflow)
        if workflow is None:
            cure = f"adopted are {', '.join(sorted(workflows)) or 'none'}; adopt it first"
            yield source.problem(("lane", place, "workflow"), f"no workflow {lane.workflow!r}", cure)
            continue
        stages = ", ".join(stage.key for stage in workflow.stages)
        for stage in lane.wip:
            if workflow.stage(stage) is None:
                yield source.problem(("lane", place, "wip", stage), f"no stage {stage!r}", f"stages are {stages}")
