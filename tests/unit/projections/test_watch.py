"""The watch, told by hand what goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ainarres.domain.context import Caller
from ainarres.domain.eligibility import Route
from ainarres.domain.task import Hold, Task
from ainarres.domain.workflow import Workflow
from ainarres.projections.demand import Demand
from ainarres.projections.spend import Idle, Tokens
from ainarres.projections.track_record import Record, TrackRecord
from ainarres.projections.watch import World, judge

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORKFLOW = Workflow.from_json(
    {
        "key": "dev",
        "title": "Implement",
        "lease": "10m",
        "stage": [{"key": "implementing", "initial": True}, {"key": "done", "terminal": True}],
        "transition": [{"from": "implementing", "to": "done", "requires": ["role:implementer"]}],
    }
)
NEEDS = frozenset({"lane:web/dev", "role:implementer"})
QWEN = Caller(actor="", scope="agent", family="opencode+qwen", maker="alibaba", features=NEEDS)
CALM = World(
    now=NOW,
    held=(),
    progressed={},
    workflows={("dev", 1): WORKFLOW},
    demands=(),
    families=(QWEN,),
    granted={"role:implementer": frozenset({"opencode+qwen"})},
    contacts={},
    record=TrackRecord((), ()),
)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def held(claimed: datetime, expires: datetime, renewals: int = 0) -> Task:
    hold = Hold("q1", "opencode+qwen", "alibaba", "role:implementer", 1, claimed, expires, 1, renewals)
    return Task(
        id=UUID(int=1),
        project="web",
        lane="web/dev",
        workflow="dev",
        workflow_version=1,
        stage="implementing",
        title="one",
        payload={},
        priority=3,
        requires=(),
        skills=(),
        depends_on=(),
        epic=None,
        template=None,
        created_by=None,
        created_by_family=None,
        created_at=claimed,
        updated_at=claimed,
        entered_stage_at=claimed,
        version=2,
        hold=hold,
    )


def kinds(world: World) -> list[str]:
    return [one.kind for one in judge(world)]


def record(family: str, **more: Any) -> Record:
    known: dict[str, Any] = {
        "capability": "role:implementer",
        "workflow": "dev",
        "stage": "implementing",
        "delivered": 1,
        "submissions": 1,
        "first_pass": 1,
        "rejected": 0,
        "released": 0,
        "expired": 0,
        "moves": 1,
        "hold_p50": None,
        "hold_p95": None,
        "cycle_p50": None,
        "tokens": None,
    }
    return Record(family=family, **{**known, **more})


def test_all_is_well() -> None:
    assert judge(CALM) == ()


def test_a_hold_that_ran_out_is_stalled() -> None:
    assert kinds(replace(CALM, held=(held(ago(minutes=20), ago(minutes=10)),))) == ["stalled"]


def test_a_live_hold_is_silent_after_half_its_lease() -> None:
    task = held(ago(minutes=6), NOW + timedelta(minutes=4))
    assert kinds(replace(CALM, held=(task,))) == ["silent"]
    assert kinds(replace(CALM, held=(task,), progressed={task.id: ago(minutes=4)})) == []


def test_renewing_past_a_lease_without_progress_is_a_treadmill() -> None:
    task = held(ago(minutes=11), NOW + timedelta(minutes=9), renewals=3)
    assert kinds(replace(CALM, held=(task,))) == ["treadmill"]


def test_work_that_nobody_able_asks_for_starves() -> None:
    route = Route(
        lane="web/dev", workflow="dev", workflow_version=1, stage="implementing", needs=("lane:web/dev",), author=None
    )
    world = replace(CALM, demands=(Demand(route, 2, ago(minutes=11), (("role:implementer",),)),))
    assert kinds(world) == ["starving"]
    assert kinds(replace(world, contacts={"opencode+qwen": ago(minutes=1)})) == []
    assert kinds(replace(world, contacts={"opencode+qwen": ago(minutes=11)})) == ["starving"]
    assert kinds(replace(world, contacts={"grok+grok": ago(minutes=1)})) == ["starving"]


def test_a_capability_without_an_undenied_holder_is_halted() -> None:
    assert kinds(replace(CALM, families=(replace(QWEN, features=frozenset()),))) == ["halted"]


def test_overspending_takes_two_peers_and_five_times_their_median() -> None:
    def spent(family: str, tokens: int) -> Record:
        return record(family, tokens=Tokens(tokens, None, None, None, 1))

    dear, cheap, other = spent("a+a", 501), spent("b+b", 100), spent("c+c", 100)
    assert kinds(replace(CALM, record=TrackRecord((dear, cheap, other), ()))) == ["overspending"]
    assert kinds(replace(CALM, record=TrackRecord((dear, cheap), ()))) == []
    assert kinds(replace(CALM, record=TrackRecord((spent("a+a", 500), cheap, other), ()))) == []


def test_spend_without_any_move_is_told_and_a_reviewer_who_rejects_is_spared() -> None:
    idle = Idle("a+a", 3, 700, 1)
    assert kinds(replace(CALM, record=TrackRecord((), (idle,)))) == ["no_delivery_spend"]
    rejecting = record("a+a", delivered=0, submissions=0)
    assert kinds(replace(CALM, record=TrackRecord((rejecting,), (idle,)))) == []


def test_a_lost_board_is_all_there_is_to_say() -> None:
    lost = replace(CALM, wiped=True, held=(held(ago(minutes=20), ago(minutes=10)),))
    assert kinds(lost) == ["wiped"]
