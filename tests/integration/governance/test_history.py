"""A back-test of the policy in force tells the suspensions that are in the ledger, exactly and soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import log
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.integration.governance.test_suspending import Mill, adopt
from tests.scene import CHEAP, FRONTIER, REVIEWER

from ainarres import stock
from ainarres.domain import commands as c
from ainarres.domain.policy import Policy, read_policy
from ainarres.ledger import store
from ainarres.ledger.event import NewEvent
from ainarres.policy.backtest import Backtest, backtest
from ainarres.projections import governed, rebuild
from ainarres.verbs import past

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from tests.database import Clock
    from tests.scene import Scene

ROLE = "role:implementer"


def stocked(name: str) -> Policy:
    policy = read_policy(stock.read("policy", name), name)
    assert isinstance(policy, Policy)
    return policy


def tried(connection: psycopg.Connection[Any], policy: Policy) -> Backtest:
    after = past.start(connection, policy, None)
    return backtest(policy, past.evidence(connection, after), past.acts(connection), after=after)


def same(connection: psycopg.Connection[Any], found: Backtest) -> int:
    stood = governed.rows(connection, "suspensions", after=0)
    told = [(one.family, one.capability, one.since, one.until, one.n, list(one.cause)) for one in found.suspensions]
    assert told == [(s["family"], s["capability"], s["since"], s["until"], s["n"], s["cause"]) for s in stood]
    return len(stood)


def test_what_verbs_did_is_what_the_back_test_says(scene: Scene, clock: Clock) -> None:
    clock.set(datetime(2026, 1, 1, tzinfo=UTC))
    adopt(scene)
    random = Random(5)
    for number in range(5):
        mill = Mill(scene)
        while len(governed.rows(scene.human.connection, "suspensions", after=0)) == number:
            mill.grind(random.choice("xx."))
        clock.advance(1800)
        if number % 2:
            scene.ok(scene.human, c.LiftDenial(family=CHEAP, feature=ROLE, reason="a second chance"))
        clock.advance(24 * 3600)
    assert same(scene.human.connection, tried(scene.human.connection, stocked("sequential"))) == 5
    strict = tried(scene.human.connection, stocked("strikes"))
    assert len(strict.suspensions) >= 2


class Writer:
    """A history written by hand: tasks go round, faults fall as a die says, and Wald's test is kept on paper."""

    def __init__(self, first: int) -> None:
        self.position, self.random = first, Random(11)
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.versions: dict[str, int] = {}
        self.ratio = {CHEAP: 0.0, FRONTIER: 0.0}
        self.causes: dict[str, list[int]] = {CHEAP: [], FRONTIER: []}
        self.until: dict[str, datetime] = {}
        self.times = {CHEAP: 0, FRONTIER: 0}

    def event(self, kind: str, stream: str, body: dict[str, Any], **stamps: Any) -> NewEvent:
        self.position += 1
        self.now += timedelta(seconds=30)
        version = self.versions[stream] = self.versions.get(stream, stamps.pop("base", 0)) + 1
        return NewEvent(stream=stream, version=version, type=kind, body=body, recorded_at=self.now, **stamps)

    def task(self, number: int, bases: dict[str, int]) -> Iterator[NewEvent]:
        task = UUID(int=number + 1)
        stamps: dict[str, Any] = {"task": task, "project": "web"}
        while not (free := [f for f in (CHEAP, FRONTIER) if self.until.get(f, self.now) <= self.now]):
            self.now = min(self.until.values())
        family = self.random.choice(free)
        rate = 0.3 if family == CHEAP and number % 2000 < 300 else 0.05
        worker = {**stamps, "actor": f"{family}-1", "family": family, "capability": ROLE}
        reviewer = {**stamps, "actor": "reviewer", "family": REVIEWER, "capability": "role:reviewer"}
        yield self.event("TaskCreated", f"task-{task}", _created(task), **stamps)
        yield self.event("TaskClaimed", f"task-{task}", _claimed("implementing", self.now), **worker)
        yield self.event("TaskAdvanced", f"task-{task}", _advanced("implementing", "reviewing"), **worker)
        yield self.event("TaskClaimed", f"task-{task}", _claimed("reviewing", self.now), **reviewer)
        if self.random.random() >= rate:
            yield self.event("TaskAdvanced", f"task-{task}", _advanced("reviewing", "done"), **reviewer)
            self.weigh(family, log(0.6 / 0.9))
            return
        charged = {"subject_agent": f"{family}-1", "subject_family": family}
        yield self.event("TaskRejected", f"task-{task}", _rejected(family), **reviewer, **charged)
        self.causes[family].append(self.position)
        self.weigh(family, log(0.4 / 0.1))
        if self.ratio[family] >= log(0.95 / 0.005) and self.until.get(family, self.now) <= self.now:
            yield self.suspended(family, bases[family])
        yield self.event("TaskCancelled", f"task-{task}", {"reason": "enough"}, **stamps)

    def weigh(self, family: str, step: float) -> None:
        self.ratio[family] += step
        if self.ratio[family] <= log(0.05 / 0.995):
            self.ratio[family], self.causes[family] = 0.0, []

    def suspended(self, family: str, base: int) -> NewEvent:
        self.times[family] += 1
        until = self.until[family] = self.now + timedelta(hours=min(24, 2 ** (self.times[family] - 1)))
        body = {"feature": ROLE, "until": until.isoformat(), "n": self.times[family], "policy": "sequential"}
        body |= {"policy_version": 1, "cause": self.causes[family], "after": self.position, "holds": "finish"}
        self.ratio[family], self.causes[family] = 0.0, []
        self.now -= timedelta(seconds=30)  # a suspension is of the same moment as its rejection
        return self.event("CapabilitySuspended", f"family-{family}", body | {"reason": "faults"}, base=base)


def _created(task: UUID) -> dict[str, Any]:
    plain = {"id": str(task), "project": "web", "lane": "web/dev", "workflow": "dev", "workflow_version": 1}
    more = {"stage": "implementing", "title": "t", "payload": {}, "priority": 3, "requires": [], "skills": []}
    return plain | more | {"depends_on": [], "epic": None, "template": None}


def _claimed(stage: str, now: datetime) -> dict[str, Any]:
    until = (now + timedelta(hours=1)).isoformat()
    return {"stage": stage, "attempt": 1, "fence": 1, "lease_expires_at": until, "maker": "m", "card": None}


def _advanced(old: str, new: str) -> dict[str, Any]:
    moved: dict[str, Any] = {
        "from_stage": old,
        "to_stage": new,
        "terminal": new == "done",
        "note": None,
        "artifacts": [],
    }
    return moved | {"maker": "m", "digest": None, "approved": False}


def _rejected(family: str) -> dict[str, Any]:
    moved: dict[str, Any] = {
        "from_stage": "reviewing",
        "to_stage": "implementing",
        "reason": "no",
        "artifacts": [],
        "digest": None,
    }
    fault = {"fault_stage": "implementing", "producer_agent": f"{family}-1", "producer_family": family}
    return moved | fault | {"producer_maker": "m", "producer_capability": ROLE, "rework": 1}


def test_a_hundred_thousand_events_are_replayed_exactly_and_soon(scene: Scene) -> None:
    adopt(scene)
    connection = scene.human.connection
    row = connection.execute("SELECT max(position) FROM ledger.event").fetchone()
    assert row is not None
    bases = {family: store.stream_version(connection, f"family-{family}") for family in (CHEAP, FRONTIER)}
    writer, block = Writer(row[0]), list[NewEvent]()
    for number in range(20_000):
        block += writer.task(number, bases)
        if len(block) >= 5000:
            store.append(connection, block)
            block = []
    store.append(connection, block)
    with scene.owner() as owner:
        rebuild.rebuild(owner)
    begun = monotonic()
    found = tried(connection, stocked("sequential"))
    assert monotonic() - begun < 10
    assert writer.position - row[0] >= 100_000
    assert same(connection, found) >= 3
    assert len(tried(connection, stocked("strikes")).suspensions) > 4 * len(found.suspensions)
