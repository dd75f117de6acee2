"""The definitions that ship: sound, consistent with each other, and described to editors."""

import json
import re
from pathlib import Path

import pytest

from ainarres import stock
from ainarres.domain import schema
from ainarres.domain.card import Card, read_card
from ainarres.domain.definition import read_workflow
from ainarres.domain.duration import text
from ainarres.domain.template import Template, expand, read_template
from ainarres.domain.workflow import Workflow

STOCK = Path(__file__).parents[3] / "workflows"
WORKFLOWS = sorted(STOCK.glob("*.toml"))
TEMPLATES = sorted((STOCK / "templates").glob("*.toml"))
CARDS = sorted((STOCK / "roles").glob("*.md"))
VERBS = {
    "next",
    "claim",
    "progress",
    "advance",
    "reject",
    "release",
    "block",
    "unblock",
    "heartbeat",
    "done",
    "create",
    "note",
    "report",
    "families",
    "status",
    "why",
    "history",
    "board",
    "inbox",
    "flag",
    "governance",
}


def workflow(name: str) -> Workflow:
    read = read_workflow((STOCK / f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")
    assert isinstance(read, Workflow), [str(problem) for problem in read]
    return read


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_sound_and_named_like_its_file(path: Path) -> None:
    read = workflow(path.stem)
    assert read.key == path.stem
    assert {stage.role_card for stage in read.stages} - {None} <= {card.stem for card in CARDS}
    assert all(stage.terminal or stage.role_card for stage in read.stages)


def test_dev_is_what_the_reference_says() -> None:
    dev = workflow("dev")
    leases = {stage.key: text(dev.lease_of(stage.key)) for stage in dev.stages}
    assert leases == {
        "proposed": "30m",
        "designing": "1h",
        "implementing": "2h",
        "reviewing": "1h",
        "integrating": "30m",
        "validating": "30m",
        "done": "30m",
    }
    assert [(m.from_stage, m.to_stage, m.kind, m.requires, m.fault) for m in dev.transitions] == [
        ("proposed", "designing", "advance", ("role:designer",), None),
        ("designing", "implementing", "advance", ("role:designer",), None),
        ("implementing", "reviewing", "advance", ("role:implementer",), None),
        ("reviewing", "integrating", "advance", ("role:reviewer",), None),
        ("reviewing", "implementing", "reject", ("role:reviewer",), "implementing"),
        ("integrating", "validating", "advance", ("role:integrator", "capability:integrate"), None),
        ("integrating", "implementing", "reject", ("role:integrator", "capability:integrate"), "none"),
        ("validating", "done", "advance", ("role:reviewer",), None),
        ("validating", "implementing", "reject", ("role:reviewer",), "implementing"),
    ]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_expands(path: Path) -> None:
    template = read_template(path.read_text(encoding="utf-8"), path.name)
    assert isinstance(template, Template), template
    assert template.key == path.stem
    tasks = expand(template, {"title": "Folds", "details": "All of them"})
    assert all("Folds" in task.title and "{" not in json.dumps(task.payload)[1:-1] for task in tasks)


def test_the_feature_template_is_the_whole_road() -> None:
    template = read_template((STOCK / "templates" / "feature.toml").read_text(encoding="utf-8"), "feature.toml")
    assert isinstance(template, Template)
    assert [task.key for task in template.tasks] == ["research", "plan", "implement", "test", "review", "document"]
    assert [task.after for task in template.tasks[1:]] == [(task.key,) for task in template.tasks[:-1]]


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_card_is_whole_and_names_only_commands_that_exist(path: Path) -> None:
    card = read_card(path.read_text(encoding="utf-8"), path.name)
    assert isinstance(card, Card), card
    assert card.role == path.stem
    assert len(card.digest) == 64
    for part in ("## The loop\n\n1. ", "## What each code means for you", "## Rules"):
        assert part in card.text
    used = set(re.findall(r"`ainarres ([a-z-]+)", card.text))
    assert used
    assert used <= VERBS


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("Bad Name.md", "# X", "file name"),
        ("x.md", "text", "heading"),
        ("x.md", "", "heading"),
        ("x.md", "# X" * 20_000, "text"),
    ],
)
def test_a_malformed_card_is_refused(name: str, body: str, field: str) -> None:
    read = read_card(body, name)
    assert isinstance(read, tuple)
    assert read[0].field == field


@pytest.mark.parametrize("kind", schema.KINDS)
def test_the_committed_schema_is_the_generated_one(kind: str) -> None:
    path = STOCK / "schemas" / f"{kind}.json"
    assert path.read_text(encoding="utf-8") == schema.written(kind), f"python -m ainarres.domain.schema {kind} > {path}"


@pytest.mark.parametrize("path", [*WORKFLOWS, *TEMPLATES], ids=lambda path: path.stem)
def test_an_editor_finds_the_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("#:schema ")
    assert (path.parent / first.removeprefix("#:schema ")).is_file()


def test_stock_is_found_by_name() -> None:
    assert stock.read("workflow", "dev") == (STOCK / "dev.toml").read_text(encoding="utf-8")
    assert stock.names("workflow") == [path.stem for path in WORKFLOWS]
    assert stock.names("template") == [path.stem for path in TEMPLATES]
    assert stock.names("role") == [path.stem for path in CARDS]


def test_the_implementers_card_brings_what_its_move_asks_for() -> None:
    (move,) = (t for t in workflow("dev").transitions if t.role == "implementer" and t.kind == "advance")
    card = stock.read("role", "implementer")
    (line,) = (line for line in card.splitlines() if "ainarres advance" in line)
    for kind in move.artifacts:
        assert f"--{kind} " in line
    assert not move.differs or ",base=" in line
