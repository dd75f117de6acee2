"""The watch: what goes wrong without anybody saying so. Holds without a sign of life, spend without delivery, work
that nobody asks for, reviewers who let everything pass.

``judge`` is pure: what it is told and the time decide. Thresholds are those of the policies in force, and where there
is none for a kind, ``STOCK``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from statistics import median
from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.domain.duration import show
from ainarres.domain.eligibility import opening
from ainarres.projections.catchup import Projection
from ainarres.projections.wording import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from ainarres.domain.context import Caller
    from ainarres.domain.policy import Rule
    from ainarres.domain.task import Task
    from ainarres.domain.workflow import Workflow
    from ainarres.projections.demand import Demand
    from ainarres.projections.reviews import Figures
    from ainarres.projections.track_record import TrackRecord

SQL = load("ainarres.projections", "watch.sql")
ACTS = (
    *("TaskReleased", "TaskBlocked", "TaskUnblocked", "TaskCancelled", "TaskAmended", "ReviewRuleWaived"),
    *("LanePaused", "LaneResumed", "CredentialNarrowed", "CredentialRevoked"),
)
"""What an operator does to others' work, and should be able to say on whose word."""
PROJECTION = Projection(
    name="watch",
    version=2,
    tables=("contact", "act"),
    statements=SQL,
    reads={
        "TaskClaimed": 1,
        "ClaimEmpty": 1,
        "CredentialIssued": 1,
        "InstructionGiven": 1,
        **dict.fromkeys(ACTS, 1),
    },
)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a watcher speaks up."""

    silence: float = 0.5
    """Leases of the stage without progress after which a hold is silent."""
    starving: float = 1.0
    """Leases of the stage that work may wait without anybody eligible asking."""
    overspending: float = 5.0
    """Tokens per delivery against the median of the peers."""
    peers: int = 2
    """Peers it takes for a comparison."""
    idle_tokens: int | None = None
    """Tokens that moved nothing; null: any at all, of a family that moved nothing ever."""
    floor: float | None = None
    """Share of the faults that a reviewer should catch; null: nobody is measured by it."""
    sample: int = 20
    """Faults caught and escaped that it takes to say so."""


STOCK = Thresholds()


def thresholds(rules: Iterable[Rule]) -> Thresholds:
    """Return the thresholds of policies' rules; of what none is about, the stock ones."""
    said: dict[str, Any] = {}
    for rule in rules:
        if rule.silence is not None:
            said["silence"] = rule.silence.fraction
        elif rule.starving is not None:
            said["starving"] = rule.starving.leases
        elif rule.overspending is not None:
            said |= {"overspending": rule.overspending.multiple, "peers": rule.overspending.peers}
        elif rule.spend is not None:
            said["idle_tokens"] = rule.spend.tokens
        elif rule.rubber_stamp is not None:
            said |= {"floor": rule.rubber_stamp.floor, "sample": rule.rubber_stamp.sample}
    return Thresholds(**said)


KINDS: Mapping[str, frozenset[str]] = {
    "silence": frozenset({"silent", "treadmill"}),
    "starving": frozenset({"starving"}),
    "overspending": frozenset({"overspending"}),
    "spend": frozenset({"no_delivery_spend"}),
    "rubber_stamp": frozenset({"rubber_stamp"}),
}
"""Kinds of findings that a policy of each rule raises flags for. What is stalled the next claim recovers, and what is
wiped or halted is loud by itself."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a person should look at."""

    kind: str
    """``stalled``, ``silent``, ``treadmill``, ``overspending``, ``no_delivery_spend``, ``starving``, ``rubber_stamp``,
    ``wiped``, ``halted``."""
    subject: str
    """A task's id, a family or a capability."""
    text: str
    task: UUID | None = None
    family: str | None = None
    """Whom it is about, if it is about a family."""
    capability: str | None = None
    incident: str = ""
    """What tells it from the next of its kind and subject: the same hold, the same long wait."""

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
    reviewers: Sequence[Figures] = ()
    """Each reviewing family's figures."""
    wiped: bool = False


def judge(world: World, thresholds: Thresholds = STOCK) -> tuple[Finding, ...]:
    """Return what is wrong, the most urgent kinds first."""
    if world.wiped:
        return (Finding("wiped", "board", "the board is empty and the ledger is not; run `ainarres rebuild`"),)
    return (
        *_halted(world),
        *_holds(world, thresholds),
        *_starving(world, thresholds),
        *_overspending(world.record, thresholds),
        *_no_delivery(world.record, thresholds),
        *_rubber_stamps(world.reviewers, thresholds),
    )


def _halted(world: World) -> Iterator[Finding]:
    effective = {feature for family in world.families for feature in family.features}
    for capability, holders in sorted(world.granted.items()):
        if holders and capability not in effective:
            text = f"every holder is denied it: {', '.join(sorted(holders))}"
            yield Finding("halted", capability, text, capability=capability)


def _holds(world: World, thresholds: Thresholds) -> Iterator[Finding]:
    for task in world.held:
        hold = task.hold
        assert hold is not None
        lease = world.workflows[task.workflow, task.workflow_version].lease_of(task.stage)
        who = hold.family or hold.agent
        of: dict[str, Any] = {"family": hold.family, "capability": hold.capability, "incident": f"hold {hold.fence}"}
        if not hold.live(world.now):
            text = f"{who} let its lease on {task.stage} run out {show(world.now - hold.expires_at)} ago"
            yield Finding("stalled", str(task.id), text, task.id, **of)
            continue
        progressed = world.progressed.get(task.id)
        quiet = world.now - (progressed or hold.claimed_at)
        if hold.renewals and progressed is None and quiet > lease * max(1.0, thresholds.silence):
            text = f"{who} renews {task.stage} since {show(quiet)} without progress"
            yield Finding("treadmill", str(task.id), text, task.id, **of)
        elif quiet > lease * thresholds.silence:
            text = f"{who} has said nothing on {task.stage} for {show(quiet)} of a {show(lease)} lease"
            yield Finding("silent", str(task.id), text, task.id, **of)


def _starving(world: World, thresholds: Thresholds) -> Iterator[Finding]:
    for demand in world.demands:
        workflow = world.workflows[demand.route.workflow, demand.route.workflow_version]
        patience = workflow.lease_of(demand.route.stage) * thresholds.starving
        waited = world.now - demand.oldest_at
        if waited <= patience:
            continue
        able = [one for one in world.families if opening(demand.route, one, workflow) is not None]
        asked = [at for family, at in world.contacts.items() if family in {one.family for one in able}]
        if asked and world.now - max(asked) <= patience:
            continue
        names = ", ".join(sorted(one.family or "" for one in able)) or "nobody"
        text = (
            f"{demand.pending} waiting for up to {show(waited)}; eligible: {names}, none asked within {show(patience)}"
        )
        since = f"route {demand.route.id} since {instant(demand.oldest_at)}"
        yield Finding("starving", f"{demand.route.lane}/{demand.route.stage}", text, incident=since)


def _overspending(record: TrackRecord, thresholds: Thresholds) -> Iterator[Finding]:
    by_work: dict[tuple[str | None, str, str], dict[str, float]] = {}
    for one in record.records:
        if one.tokens_per_delivery is not None:
            by_work.setdefault((one.capability, one.workflow, one.stage), {})[one.family] = one.tokens_per_delivery
    for (capability, workflow, stage), costs in by_work.items():
        for family, cost in costs.items():
            peers = [other for name, other in costs.items() if name != family]
            if len(peers) < thresholds.peers or cost <= thresholds.overspending * median(peers):
                continue
            times = cost / median(peers) if median(peers) else inf
            text = f"{cost:.0f} tokens a delivery as {capability} at {stage}, {times:.1f} times its peers"
            of: dict[str, Any] = {"capability": capability, "incident": f"{capability} at {workflow}/{stage}"}
            yield Finding("overspending", family, text, family=family, **of)


def _no_delivery(record: TrackRecord, thresholds: Thresholds) -> Iterator[Finding]:
    # whoever rejects has moved something: a reviewer's no is not spend for nothing
    movers = {one.family for one in record.records if one.moves}
    for idle in record.idle:
        spent = idle.tokens_moved_nothing
        if thresholds.idle_tokens is None:
            loud = bool(idle.reports) and idle.family not in movers
        else:
            loud = spent is not None and spent >= thresholds.idle_tokens
        if loud:
            said = f"{'unknown' if spent is None else spent} tokens and nothing moved"
            yield Finding("no_delivery_spend", idle.family, said, family=idle.family)


def _rubber_stamps(reviewers: Sequence[Figures], thresholds: Thresholds) -> Iterator[Finding]:
    for one in reviewers:
        known, interval = one.catch_rate, one.catch_rate.interval
        if thresholds.floor is None or one.reviewer is None or interval is None or known.of < thresholds.sample:
            continue
        if interval[1] < thresholds.floor:
            text = (
                f"caught {known.hits} of {known.of} faulty submissions, at most {interval[1]:.0%} in truth, where "
                f"{thresholds.floor:.0%} is the floor; {one.escaped} escaped"
            )
            yield Finding("rubber_stamp", one.reviewer, text, family=one.reviewer)
