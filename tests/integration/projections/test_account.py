"""The report in all its forms, and reads as of a moment, by the CLI's own functions."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from tests.integration.projections.story import GROK, QWEN, SONNET, START

from ainarres.cli.main import main
from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.projections import account, history, report
from ainarres.projections.wording import moment

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.database import Database
    from tests.integration.projections.story import Story


def run(capsys: pytest.CaptureFixture[str], database: Database, *words: str) -> str:
    assert main([*words, "--url", database.url]) == 0, capsys.readouterr()
    return capsys.readouterr().out.rstrip("\n")


def read(capsys: pytest.CaptureFixture[str], database: Database, *words: str) -> Any:
    return json.loads(run(capsys, database, *words, "--json"))


def test_the_tables_say_what_the_fold_says(story: Story, database: Database) -> None:
    with connect(database.url) as connection:
        for lane in (None, "web/dev"):
            folded = report.fold(history.whole(connection), lane)
            asked = account.gather(connection, lane=lane).report
            assert asked.text() == folded.text()
            assert {**asked.to_json(), "totals": {}} == folded.to_json()


def test_the_lines_people_know(story: Story, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, database, "report").splitlines()
    short = {name: f"…{getattr(story, name)[-4:]}" for name in ("t1", "t2", "t3")}
    assert lines[:10] == [
        "end-of-run report — all lanes",
        "shipped (2):",
        f"- {short['t1']} by family: implemented=qwen reviewed=grok integrated=—",
        f"- {short['t2']} by family: implemented=grok reviewed=grok integrated=—",
        "cross-family review: 1/2 shipped tasks reviewed by a different family than implemented",
        "failed/blocked (1):",
        f"- {short['t3']}: wait for the release",
        "escalations (0):",
        "  (none)",
        "recovered leases (1):",
    ]
    assert "family track record:" in lines
    assert (
        "- qwen implementer [implementing]: 2 delivered, first pass 50% (9-91%, n=2), 2 rejected of 4 (50%), "
        "hold p50 1m p95 1m, cycle p50 2m, 75 tokens a delivery, 1 released, 1 expired"
    ) in lines
    assert "- sonnet: unknown tokens, 0 empty claims" in lines
    assert f"- …{story.shop[-4:]} open: 2 of 3 done, 0 cancelled" in lines


def test_the_report_of_a_moment_ignores_what_came_later(
    story: Story, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    then = read(capsys, database, "report", "--at", str(story.shipped_one))
    assert len(then["shipped"]) == 1
    assert then["as_of"]["position"] == story.shipped_one
    assert then["failed"] == []
    span = read(capsys, database, "report", "--from", str(story.shipped_one), "--at", str(story.shipped_two))
    assert [row["task"] for row in span["shipped"]] == [story.t2]
    with connect(database.url) as connection:
        folded = report.fold(each for each in history.whole(connection) if each[0] <= story.shipped_one)
    assert then["activity"] == dict(folded.activity)


class _Page(HTMLParser):
    """Collects tags and where they point."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.points: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.points += [value or "" for name, value in attrs if name in ("href", "src", "action")]


def test_the_page_is_one_file_and_agents_words_stay_words(
    story: Story, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "<script>alert(1)</script>"
    task = story.scene.task(evil)
    story.scene.ok(story.scene.human, c.Block(task=task, reason='"><img src=x onerror=alert(1)>'))
    out = tmp_path / "report.html"
    run(capsys, database, "report", "--format", "html", "--out", str(out))
    page = _Page()
    page.feed(out.read_text())
    assert page.tags.count("svg") == 5
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert page.points == []
    assert "&lt;img src=x onerror=alert(1)&gt;" in out.read_text()
    assert "prefers-color-scheme: dark" in out.read_text()
    assert "@media print" in out.read_text()
    written = run(capsys, database, "report", "--format", "md")
    assert "<img" not in written
    assert "## family track record" in written


def test_the_report_is_what_its_schema_says(
    story: Story, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = json.loads((files("ainarres.projections") / "account.json").read_text())
    document = read(capsys, database, "report")
    assert set(document) == set(schema["required"]) == set(schema["properties"])
    record = schema["$defs"]["record"]
    assert all(set(row) == set(record["required"]) for row in document["track_record"])
    figures = schema["$defs"]["figures"]
    assert set(document["reviews"]["total"]) == set(figures["required"])


def test_status_and_board_and_task_as_of(story: Story, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    first = read(capsys, database, "status", "--at", str(story.first_delivery))
    assert first["stages"] == {"accepted": 1, "reviewing": 1}
    text = run(capsys, database, "status", "--at", "2026-03-01T12:01:30Z")
    assert text.splitlines()[0].startswith(f"as of position {story.first_delivery}")
    holding = read(capsys, database, "status", "--at", "2026-03-01T12:01:45+00:00")
    assert [(row["family"], row["age_seconds"]) for row in holding["active"]] == [(SONNET, 5)]
    columns = read(capsys, database, "board", "--at", str(story.first_delivery))["lanes"][0]["columns"]
    assert {column["stage"]: column["count"] for column in columns if column["count"]} == {"reviewing": 1}
    task = read(capsys, database, "task", "show", story.t1, "--at", str(story.first_delivery))
    assert (task["stage"], task["authors"]["implementing"]["family"]) == ("reviewing", QWEN)
    events = read(capsys, database, "history", story.t1, "--at", str(story.first_delivery))["events"]
    assert events[-1]["position"] == story.first_delivery
    families = read(capsys, database, "families", "--at", "1")["families"]
    assert families == []
    now = read(capsys, database, "status")
    assert sum(now["stages"].values()) == 5


def test_moments_that_are_none(story: Story, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    for typed in ("999999", "yesterday"):
        assert main(["status", "--at", typed, "--url", database.url]) == 2
        assert "--at" in capsys.readouterr().err


def test_diff_and_replay(story: Story, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    changed = read(capsys, database, "diff", "--from", str(story.first_delivery), "--to", str(story.first_reject))[
        "changes"
    ]
    assert [(one["task"], one["new"]) for one in changed] == [(story.t1, False)]
    assert changed[0]["fields"]["stage"] == {"from": "reviewing", "to": "implementing"}
    assert changed[0]["fields"]["rework"] == {"from": 0, "to": 1}
    born = read(capsys, database, "diff", "--from", str(story.shipped_one))["changes"]
    assert {one["task"] for one in born if one["new"]} == {story.t2, story.t3, story.t4}
    steps = read(capsys, database, "replay", story.t3)["steps"]
    assert [step["after"]["stage"] for step in steps][-1] == "validating"
    assert steps[-1]["after"]["blocked_reason"] == "wait for the release"
    lost = next(step for step in steps if step["type"] == "LeaseExpired")
    assert lost["after"]["attempts"] == 1
    text = run(capsys, database, "replay", story.t3)
    assert f"held by {GROK}" in text
    assert moment(START) not in text.splitlines()[-1]


def test_reviews_and_demand(story: Story, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, database, "reviews", "--by", "maker")
    assert "difference of catch rates, cross minus same: -25 points" in text
    demanded = read(capsys, database, "demand")["demand"]
    assert {(one["stage"], one["pending"]) for one in demanded} == {("implementing", 1)}
    then = read(capsys, database, "demand", "--at", str(story.first_delivery))["demand"]
    assert {(one["stage"], one["pending"]) for one in then} == {("reviewing", 1)}


def test_rebuild_by_name_and_check(story: Story, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    read(capsys, database, "reviews")
    assert main(["rebuild", "reviews", "--url", database.owner_url]) == 0
    capsys.readouterr()
    assert read(capsys, database, "rebuild", "--check")["equal"]
    assert main(["rebuild", "reviws", "--url", database.url]) == 2
    assert "did you mean reviews" in capsys.readouterr().err
