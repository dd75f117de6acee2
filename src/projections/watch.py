"""The watch: what goes wrong without anybody saying so. Holds without a sign of life, spend without delivery, work
that nobody asks for.

``judge`` is pure: what it is told and the time decide. Thresholds are policy; these are the stock ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.domain.duration import show
from ainarres.domain.eligibility import opening
from ainarres.projections.catchup import Projection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from ainarres.domain.context import Caller
    from ainarres.domain.task import Task
    from ainarres.domain.workflow import Workflow
    from ainarres.projections.demand import Demand
    from ainarres.projections.track_record import TrackRecord

SQL = load("ainarres.projections", "watch.sql")
PROJECTION = Projection(
    name="watch",
    version=1,
    tables=("contact", "standing"),
    statements=SQL,
    reads={
        "TaskClaimed": 1,
        "ClaimEmpty": 1,
        "FeatureGranted": 1,
        "FeatureWithdrawn": 1,
        "CapabilityRevoked": 1,
        "DenialLifted": 1,
    },
)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a watcher speaks up."""

    silence: float = 0.5
    """Share of the stage's lease without progress after which a hold is silent."""
    overspending: float = 5.0
    """Tokens per delivery against the median of the peers."""
    peers: int = 2
    """Peers it takes for a comparison."""


STOCK = Thresholds()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a person should look at."""

    kind: str
    """``stalled``, ``silent``, ``treadmill``, ``overspending``, ``no_delivery_spend``, ``starving``, ``wiped``,
    ``halted``."""
    subject: str
    """A task's id, a family or a capability."""
    text: str
    task: UUID | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON values."""
        return {"kind": self.kind, "subject": self.subject, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the watch is told."""

    now: datetime
    held: Sequence[Task]
    """Tasks with a holder."""
    progressed: Mapping[UUID, datetime]
    """Newest progress since the claim."""
    workflows: Mapping[tuple[str, int], Workflow]
    demands: Sequence[Demand]
    families: Sequence[Caller]
    """One of each family, with its effective features."""
    granted: Mapping[str, frozenset[str]]
    """Capability to the families it was granted to, denied or not."""
    contacts: Mapping[str, datetime]
    """When each family last asked for work."""
    record: TrackRecord
    wiped: bool = False


def judge(world: World, thresholds: Thresholds = STOCK) -> tuple[Finding, ...]:
    """Return what is wrong, the most urgent kinds first."""
    if world.wiped:
        return (Finding("wiped", "board", "the board is empty and the ledger is not; run `ainarres rebuild`"),)
    return (
        *_halted(world),
        *_holds(world, thresholds),
        *_starving(world),
        *_overspending(world.record, thresholds),
        *_no_delivery(world.record),
    )


def _halted(world: World) -> Iterator[Finding]:
    effective = {feature for family in world.families for feature in family.features}
    for capability, holders in sorted(world.granted.items()):
        if holders and capability not in effective:
            text = f"every holder is denied it: {', '.join(sorted(holders))}"
            yield Finding("halted", capability, text)


def _holds(world: World, thresholds: Thresholds) -> Iterator[Finding]:
    for task in world.held:
        hold = task.hold
        assert hold is not None
        lease = world.workflows[task.workflow, task.workflow_version].lease_of(task.stage)
        who = hold.family or hold.agent
        if not hold.live(world.now):
            text = f"{who} let its lease on {task.stage} run out {show(world.now - hold.expires_at)} ago"
            yield Finding("stalled", str(task.id), text, task.id)
            continue
        progressed = world.progressed.get(task.id)
        quiet = world.now - (progressed or hold.claimed_at)
        if hold.renewals and progressed is None and world.now - hold.claimed_at > lease:
            text = f"{who} renews {task.stage} since {show(world.now - hold.claimed_at)} without progress"
            yield Finding("treadmill", str(task.id), text, task.id)
        elif quiet > lease * thresholds.silence:
            text = f"{who} has said nothing on {task.stage} for {show(quiet)} of a {show(lease)} lease"
            yield Finding("silent", str(task.id), text, task.id)


def _starving(world: World) -> Iterator[Finding]:
    for demand in world.demands:
        workflow = world.workflows[demand.route.workflow, demand.route.workflow_version]
        lease = workflow.lease_of(demand.route.stage)
        waited = world.now - demand.oldest_at
        if waited <= lease:
            continue
        able = [one for one in world.families if opening(demand.route, one, workflow) is not None]
        asked = [at for family, at in world.contacts.items() if family in {one.family for one in able}]
        if asked and world.now - max(asked) <= lease:
            continue
        names = ", ".join(sorted(one.family or "" for one in able)) or "nobody"
        text = f"{demand.pending} waiting for up to {show(waited)}; eligible: {names}, none asked within {show(lease)}"
        yield Finding("starving", f"{demand.route.lane}/{demand.route.stage}", text)


def _overspending(record: TrackRecord, thresholds: Thresholds) -> Iterator[Finding]:
    by_work: dict[tuple[str | None, str, str], dict[str, float]] = {}
    for one in record.records:
        if one.tokens_per_delivery is not None:
            by_work.setdefault((one.capability, one.workflow, one.stage), {})[one.family] = one.tokens_per_delivery
    for (capability, _, stage), costs in by_work.items():
        for family, cost in costs.items():
            peers = [other for name, other in costs.items() if name != family]
            if len(peers) < thresholds.peers or cost <= thresholds.overspending * median(peers):
                continue
            text = (
                f"{cost:.0f} tokens a delivery as {capability} at {stage}, {cost / median(peers):.1f} times its peers"
            )
            yield Finding("overspending", family, text)


def _no_delivery(record: TrackRecord) -> Iterator[Finding]:
    # whoever rejects has moved something: a reviewer's no is not spend for nothing
    movers = {one.family for one in record.records if one.moves}
    for idle in record.idle:
        if idle.reports and idle.family not in movers:
            spent = "unknown" if idle.tokens_moved_nothing is None else idle.tokens_moved_nothing
            yield Finding("no_delivery_spend", idle.family, f"{spent} tokens and nothing moved")
