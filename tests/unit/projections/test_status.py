"""Status, timeline and columns: rows in, words out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ainarres.domain import events as e
from ainarres.domain.fact import Fact
from ainarres.projections import columns, status
from ainarres.projections.timeline import Entry, gist, render, story

NOW = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)
ONE = UUID("00000000-0000-7000-8000-00000000d25d")
TWO = UUID("00000000-0000-7000-8000-00000000bc64")
THREE = UUID("00000000-0000-7000-8000-00000000e943")
FOUR = UUID("00000000-0000-7000-8000-000000000001")


def held(task: UUID, stage: str, family: str | None, age: int, left: int) -> dict[str, Any]:
    return {
        "task": task,
        "lane": "web/dev",
        "stage": stage,
        "title": "t",
        "holder": "agent-1",
        "holder_family": family,
        "claimed_at": NOW - timedelta(seconds=age),
        "lease_expires_at": NOW + timedelta(seconds=left),
    }


def entry(event: e.Event, task: UUID | None = ONE, position: int = 1, **more: Any) -> Entry:
    stamps = {"actor": "agent-1", "family": "grok+grok-build"} | more
    return Entry(position, Fact(event=event, stream="s", version=1, recorded_at=NOW, task=task, **stamps))


def build(**parts: Any) -> status.Status:
    return status.build(
        **{"lane": "web/dev", "now": NOW, "counts": {}, "notable": [], "recent": [], "limit": 10, **parts}
    )


def test_an_empty_board() -> None:
    assert build(lane=None).text() == (
        "status — all lanes (0 tasks)\n"
        "  (no tasks)\n"
        "  blocked: 0\n"
        "  claimed: 0\n"
        "abandoned (0):\n"
        "  (none)\n"
        "recent events (showing up to 10):\n"
        "  (no events)"
    )


def test_a_busy_board() -> None:
    notable = [
        held(ONE, "reviewing", "grok+grok-build", 22, 60),
        held(TWO, "reviewing", "claude-code+sonnet", 28, 60),
        held(THREE, "implementing", "opencode+qwen", 3725, -5),
        {"task": FOUR, "lane": "web/dev", "stage": "implementing", "title": "t", "tier": 2},
    ]
    recent = [entry(e.NoteAdded(text="x")), entry(e.LanePaused(reason="r"), None, family=None, actor=None)]
    counts = {"reviewing": 2, "implementing": 2}
    assert build(counts=counts, notable=notable, recent=recent).text() == (
        "status — lane web/dev (4 tasks)\n"
        "  implementing: 2\n"
        "  reviewing: 2\n"
        "  total: 4\n"
        "  blocked: 0\n"
        "  claimed: 3\n"
        "active (2):\n"
        "- …d25d [reviewing] grok+grok-build age 22s\n"
        "- …bc64 [reviewing] claude-code+sonnet age 28s\n"
        "abandoned (1):\n"
        "  - …e943 [implementing] claimed_by=agent-1 family=opencode+qwen age=01:02:05\n"
        "escalated (1):\n"
        "  - …0001 → tier:2 (waiting for a higher tier)\n"
        "recent events (showing up to 10):\n"
        "  - 2026-11-21T09:12:00Z NoteAdded …d25d by grok+grok-build\n"
        "  - 2026-11-21T09:12:00Z LanePaused — by —"
    )


def test_a_lease_ends_at_its_deadline() -> None:
    found = build(notable=[held(ONE, "reviewing", None, 10, 0)])
    assert [len(found.active), len(found.abandoned)] == [0, 1]


def test_blocked_tasks_are_listed_and_the_agent_stands_in_for_a_family() -> None:
    blocked = {"task": TWO, "lane": "l", "stage": "s", "title": "t", "blocked": True, "blocked_reason": "x", "tier": 2}
    found = build(counts={"s": 2}, notable=[blocked, held(ONE, "s", None, 61, 60)])
    assert "  blocked: 1\n  - …bc64\n" in found.text()
    assert "- …d25d [s] agent-1 age 1m" in found.text()
    assert found.escalated == ()


def test_status_as_json() -> None:
    document = json.loads(json.dumps(build(counts={"s": 1}, notable=[held(ONE, "s", "f", 22, 60)]).to_json()))
    assert document["active"][0] | {} == {
        "task": str(ONE),
        "lane": "web/dev",
        "stage": "s",
        "title": "t",
        "holder": "agent-1",
        "family": "f",
        "age_seconds": 22.0,
        "lease_expires_at": "2026-11-21T09:13:00.000000Z",
        "blocked_reason": None,
        "tier": None,
    }
    assert (document["total"], document["claimed"]) == (1, 1)


def moved(kind: type[e.TaskAdvanced | e.TaskRejected], **more: Any) -> e.Event:
    parts: dict[str, Any] = {"from_stage": "a", "to_stage": "b", "artifacts": (), "digest": None}
    return kind(**parts, **more)


GISTS = [
    (moved(e.TaskAdvanced, terminal=False, note="n", maker=None, approved=False), "  (advance a→b)"),
    (
        moved(
            e.TaskRejected,
            reason="wrong",
            fault_stage=None,
            producer_agent=None,
            producer_family=None,
            producer_maker=None,
            producer_capability=None,
            rework=1,
        ),
        "  (reject a→b: wrong)",
    ),
    (
        e.TaskEscalated(stage="s", from_tier=1, to_tier=2, because="attempts", attempts=2),
        "  (tier 1→2, attempt 2)",
    ),
    (
        e.TaskReleased(stage="s", reason="hard", cause="task", attempts=1, infra_releases=0),
        "  (released: hard, attempt 1)",
    ),
    (e.TaskBlocked(stage="s", reason="", cause="manual", attempts=0), "  (blocked: ?)"),
    (e.TaskCancelled(reason="no"), "  (no)"),
    (e.ProgressReported(stage="s", note="half\nway", artifacts=(), lease_expires_at=NOW), "  (half\\nway)"),
    (e.LeaseRenewed(stage="s", fence=1, lease_expires_at=NOW), ""),
]


@pytest.mark.parametrize(("event", "said"), GISTS, ids=lambda value: type(value).__name__)
def test_gist(event: e.Event, said: str) -> None:
    assert gist(entry(event).fact) == said


def test_timeline() -> None:
    assert render([], 5) == "timeline (showing up to 5):\n  (no events)"
    rows = [entry(e.TaskCancelled(reason="no"))]
    assert render(rows, 5) == (
        "timeline (showing up to 5):\n  2026-11-21T09:12:00Z  TaskCancelled  …d25d  grok+grok-build  (no)"
    )


def test_a_lost_lease_is_told_of_who_lost_it() -> None:
    lost = e.LeaseExpired(stage="s", fence=1, expired_at=NOW, attempts=1)
    assert "  opencode+qwen  (s, attempt 1)" in render([entry(lost, subject_family="opencode+qwen")], 5)


def test_a_story_counts_heartbeats() -> None:
    beat = entry(e.LeaseRenewed(stage="s", fence=1, lease_expires_at=NOW))
    text = story(ONE, [entry(e.TaskCancelled(reason="no"), position=7), beat, beat])
    assert text == (
        "history of …d25d (3 events):\n"
        "  7  2026-11-21T09:12:00Z  TaskCancelled  grok+grok-build  (no)\n"
        "  and 2 heartbeats"
    )


def card(**more: Any) -> dict[str, Any]:
    row: dict[str, Any] = held(ONE, "doing", "grok+grok-build", 22, 60)
    extra = {"priority": 3, "tier": None, "attempts": 0, "blocked": False, "blocked_reason": None, "terminal": False}
    return row | extra | {"waits": 0, "entered_stage_at": NOW - timedelta(minutes=5), "of": 9} | more


FREE = {"holder": None, "holder_family": None, "claimed_at": None, "lease_expires_at": None}
CARDS = [
    (card(), "grok+grok-build 22s, 1m left"),
    (card(lease_expires_at=NOW), "abandoned by grok+grok-build"),
    (card(**FREE, blocked=True, blocked_reason="max attempts"), "blocked: max attempts"),
    (card(**FREE, waits=2), "waits on prerequisites"),
    (card(**FREE), "open 5m"),
    (card(**FREE, tier=2), "open 5m, tier:2"),
]


@pytest.mark.parametrize(("row", "said"), CARDS, ids=[said for _, said in CARDS])
def test_a_card_says_who_has_it_or_what_it_waits_for(row: dict[str, Any], said: str) -> None:
    lane = columns.build([{"lane": "web/dev", "paused": False, "stages": ["todo", "doing"]}], [row], NOW)[0]
    assert [(column.stage, column.count) for column in lane.columns] == [("todo", 0), ("doing", 9)]
    assert lane.columns[1].cards[0].lines() == ["…d25d t", said]


def test_a_stage_of_an_older_version_comes_last() -> None:
    stages = [{"lane": "web/dev", "paused": True, "stages": ["todo"]}]
    lane = columns.build(stages, [card(terminal=True, **FREE)], NOW)[0]
    assert [column.stage for column in lane.columns] == ["todo", "doing"]
    assert lane.columns[1].cards[0].lines() == ["…d25d t"]
    assert json.loads(json.dumps(lane.to_json(NOW)))["columns"][1]["cards"][0]["state"] == "done"
