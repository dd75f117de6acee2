"""Whole lives of tasks under the stock workflow, appended in bulk: what a busy swarm of five families leaves behind.

Each life has claims, signs of life, moves, rejections, lost leases, tokens; 64 of them run beside each other, so that
one task's events are scattered as they are in a real ledger. The same seed gives the same ledger.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ainarres import stock
from ainarres.domain import commands as c
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

BLOCK = 2000
BESIDE = 64
LOST, GIVEN_UP, SENT_BACK, MEASURED = 0.03, 0.06, 0.2, 0.5
"""How often, as points on a line from 0 to 1."""
START = datetime(2026, 1, 1, tzinfo=UTC)
FAR = "2100-01-01T00:00:00Z"
"""When the leases of those who still hold something run out: nothing measured has to recover them."""
WORKFLOW = Path(__file__).parent.parent / "workflows" / "dev.toml"
PROJECT = 'key = "web"\n[[lane]]\nkey = "dev"\nworkflow = "dev"\nreview_floor = "2s"\n'
FAMILIES = {
    "claude-code+opus": ("opus", "anthropic"),
    "claude-code+sonnet": ("sonnet", "anthropic"),
    "opencode+qwen": ("qwen", "alibaba"),
    "codex+gpt": ("codex", "openai"),
    "grok+grok-build": ("grok", "xai"),
}
STAGES = ("proposed", "designing", "implementing", "reviewing", "integrating", "validating", "done")
ROLES = dict(zip(STAGES, ("designer", "designer", "implementer", "reviewer", "integrator", "reviewer"), strict=False))
Row = dict[str, Any]


@dataclass(slots=True)
class Clock:
    """Time passes a little with each event, so that times never go back."""

    now: datetime = START

    def tick(self, chance: random.Random) -> str:
        self.now += timedelta(milliseconds=chance.randint(1, 60))
        return self.now.isoformat()


def open_ledger(connection: psycopg.Connection[Any], families: str = "") -> Session:
    """Open a ledger for lives: the stock workflow with its role cards, one lane, the families, and more as TOML.

    Returns the person's session.
    """
    ours = "".join(
        f'[[family]]\nkey = "{key}"\nlabel = "{label}"\nmaker = "{maker}"\ncost_class = 1\n'
        'grants = ["lane:web/dev", "role:designer", "role:implementer", "role:reviewer", "role:integrator"]\n'
        for key, (label, maker) in FAMILIES.items()
    )
    human = Session(connection)
    for command in (
        c.OpenLedger(),
        *(c.AdoptCard(role=role, text=stock.read("role", role)) for role in stock.names("role")),
        c.AdoptWorkflow(text=WORKFLOW.read_text(encoding="utf-8"), source="dev.toml"),
        c.AdoptProject(text=PROJECT, source="project.toml"),
        c.AdoptFamilies(text=ours + families, source="families.toml"),
    ):
        envelope = human.execute(command)
        assert envelope.ok, envelope
    return human


def append(
    connection: psycopg.Connection[Any], events: int, seed: int = 1, lanes: tuple[str, ...] = ("web/dev",)
) -> int:
    """Append ``events`` events of lives in ``lanes``; returns the last position."""
    told = _told(random.Random(seed), lanes)  # noqa: S311 - a benchmark, not a secret
    moved: dict[str, int] = {}
    position = 0
    for start in range(0, events, BLOCK):
        block = list(islice(told, min(BLOCK, events - start)))
        row = connection.execute("SELECT last_value FROM ledger.position").fetchone()
        assert row is not None
        for position, event in enumerate(block, row[0] + 1):  # usage names the position of the move just before it
            if event["type"] in ("TaskAdvanced", "TaskRejected"):
                moved[event["task"]] = position
            elif event["type"] == "UsageReported":
                event["body"]["transition"] = moved[event["task"]]
        connection.execute("SELECT ledger.append(%s::jsonb)", (json.dumps(block),))
    return position


def _told(chance: random.Random, lanes: tuple[str, ...]) -> Iterator[Row]:
    clock = Clock()
    running = [_life(chance, chance.choice(lanes), seat) for seat in range(BESIDE)]
    for number in count():
        if number % 30 == 0:
            yield _poll(chance, clock, number)
        place = chance.randrange(BESIDE)
        event = next(running[place], None)
        if event is None:
            running[place] = _life(chance, chance.choice(lanes), place)
            continue
        event["recorded_at"] = clock.tick(chance)
        yield event


def _poll(chance: random.Random, clock: Clock, number: int) -> Row:
    family = chance.choice(list(FAMILIES))
    at = clock.tick(chance)
    body = {"lane": "web/dev", "count": chance.randint(1, 20), "since": at}
    return _row(f"agent-poll{number}", 1, "ClaimEmpty", body, actor=f"poll{number}", family=family, recorded_at=at)


def _row(stream: str, version: int, kind: str, body: Row, **stamps: Any) -> Row:
    return {"stream": stream, "version": version, "type": kind, "schema": 1, "body": body, **stamps}


def _life(chance: random.Random, lane: str, seat: int) -> Iterator[Row]:
    """Yield the events of one task, worked on by one agent of each family: nobody holds two tasks at once."""
    task = UUID(int=chance.getrandbits(128), version=4)
    stream, version, project = f"task-{task}", 0, lane.partition("/")[0]
    authors: dict[str, str] = {}

    def said(kind: str, body: Row, **stamps: Any) -> Row:
        nonlocal version
        version += 1
        return _row(stream, version, kind, body, task=str(task), project=project, **stamps)

    yield said(
        "TaskCreated",
        {
            "id": str(task), "project": project, "lane": lane, "workflow": "dev", "workflow_version": 1,
            "stage": "proposed", "title": f"change {task.hex[:6]}", "payload": {"goal": "something worth doing"},
            "priority": 3, "requires": [], "skills": [], "depends_on": [], "epic": None, "template": None,
        },
        actor="human:local",
    )  # fmt: skip
    place = 0
    while STAGES[place] != "done":
        stage = STAGES[place]
        family = chance.choice([f for f in FAMILIES if f != authors.get("implementing")])
        who = {"actor": f"{family}-{seat}", "family": family, "capability": f"role:{ROLES[stage]}"}
        holder = {"subject_agent": who["actor"], "subject_family": family}
        yield said("TaskClaimed", _claim(stage, FAMILIES[family][1]), **who)
        for _ in range(chance.randint(0, 2)):
            yield said("ProgressReported", _progress(stage), **who)
        end = chance.random()
        if end < LOST:
            yield said("LeaseExpired", _expired(stage), **who, **holder)
            continue
        if end < GIVEN_UP:
            gone = {"stage": stage, "reason": "stuck", "cause": "task", "attempts": 1, "infra_releases": 0}
            yield said("TaskReleased", gone, **who, **holder)
            continue
        if stage in ("reviewing", "validating") and end < SENT_BACK:
            at_fault = authors["implementing"]
            subject = {"subject_agent": f"{at_fault}-1", "subject_family": at_fault}
            yield said("TaskRejected", _reject(stage, at_fault), **who, **subject)
            place = STAGES.index("implementing")
        else:
            authors[stage] = family
            yield said("TaskAdvanced", _advance(place, FAMILIES[family][1], chance), **who)
            place += 1
        if chance.random() < MEASURED:
            yield said("UsageReported", _usage(chance), actor="meter", **holder)


def _claim(stage: str, maker: str) -> Row:
    return {
        "stage": stage, "attempt": 1, "fence": 1, "lease_expires_at": FAR, "maker": maker,
        "card": None, "preference_unmet": False, "score": None,
    }  # fmt: skip


def _progress(stage: str) -> Row:
    return {"stage": stage, "note": "half way", "artifacts": [], "lease_expires_at": FAR}


def _expired(stage: str) -> Row:
    return {"stage": stage, "fence": 1, "expired_at": START.isoformat(), "attempts": 1}


def _reject(stage: str, at_fault: str) -> Row:
    return {
        "from_stage": stage, "to_stage": "implementing", "reason": "fails on an empty list", "artifacts": [],
        "digest": None, "fault_stage": "implementing", "producer_agent": f"{at_fault}-1", "producer_family": at_fault,
        "producer_maker": FAMILIES[at_fault][1], "producer_capability": "role:implementer", "rework": 1,
    }  # fmt: skip


def _advance(place: int, maker: str, chance: random.Random) -> Row:
    stage, to = STAGES[place], STAGES[place + 1]
    commit = f"{chance.getrandbits(160):040x}" if stage in ("implementing", "integrating") else None
    artifacts = [{"type": "commit", "ref": commit, "digest": commit, "base": None}] if commit else []
    return {
        "from_stage": stage, "to_stage": to, "terminal": to == "done", "note": None, "artifacts": artifacts,
        "maker": maker, "digest": commit, "approved": stage == "reviewing",
    }  # fmt: skip


def _usage(chance: random.Random) -> Row:
    return {
        "transition": None, "input_tokens": chance.randint(1000, 90000), "output_tokens": chance.randint(100, 9000),
        "cache_read_tokens": chance.randint(0, 500000), "cache_creation_tokens": None, "model": None, "raw": {},
    }  # fmt: skip
