"""Projects and their lanes."""

from pathlib import Path

import pytest

from ainarres.domain.definition import read_workflow
from ainarres.domain.project import Project, read_project
from ainarres.domain.workflow import Workflow

FILE = """\
key = "web"
repository = "."

[[lane]]
key = "dev"
workflow = "dev"
routing = "fifo"
review_floor = "90s"

[lane.wip]
implementing = 4

[[lane]]
key = "intake"
workflow = "dev"
routing = "scored"
"""


@pytest.fixture
def workflows() -> dict[str, Workflow]:
    text = (Path(__file__).parents[3] / "workflows" / "dev.toml").read_text(encoding="utf-8")
    workflow = read_workflow(text, "dev.toml")
    assert isinstance(workflow, Workflow)
    return {"dev": workflow}


def test_a_project_is_read_with_its_lanes(workflows: dict[str, Workflow]) -> None:
    project = read_project(FILE, "project.toml", workflows)
    assert isinstance(project, Project)
    assert project.features == {"lane:web/dev", "lane:web/intake"}
    assert project.lanes[0].settings() == {
        "routing": "fifo",
        "review_floor": "1m30s",
        "wip": {"implementing": 4},
    }
    assert project.lanes[1].settings() == {"routing": "scored", "wip": {}}
    assert Project.model_validate(project.to_json()) == project
    assert Project.model_validate(project.to_json()).digest() == project.digest()


@pytest.mark.parametrize(
    ("edit", "line", "field", "cure"),
    [
        (('"fifo"', '"random"'), 7, "lane dev: routing", "'fifo' or 'scored'"),
        (("implementing = 4", "implementng = 4"), 11, "lane dev: wip.implementng", "stages are proposed"),
        (("implementing = 4", "implementing = 0"), 11, "lane dev: wip.implementing", "greater"),
        (('workflow = "dev"', 'workflow = "dve"'), 6, "lane dev: workflow", "adopted are dev"),
        (('key = "intake"', 'key = "dev"'), 14, "lane dev: key", "remove one"),
        (('key = "web"', 'key = "web/x"'), 1, "key", "lower-case"),
        (("repository", "repositry"), 2, "repositry", "did you mean repository?"),
    ],
)
def test_a_flaw_is_named(
    workflows: dict[str, Workflow], edit: tuple[str, str], line: int, field: str, cure: str
) -> None:
    found = read_project(FILE.replace(*edit, 1), "project.toml", workflows)
    assert isinstance(found, tuple)
    assert (found[0].line, found[0].field) == (line, field)
    assert cure in found[0].cure
