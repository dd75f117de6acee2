"""What must be true of a ledger whatever was tried, told from its rows alone and in other words than the code's.

The audit follows the log event by event, keeps its own small model (who holds what, who was granted what) and never
asks the deciders. Beside it runs the project's own fold, which must give the board's tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from tests.property.fold import BoardFold

from ainarres.ledger import store
from ainarres.projections.board import from_row
from ainarres.projections.facts import fact_of

if TYPE_CHECKING:
    from datetime import datetime

    import psycopg

    from ainarres.ledger.event import StoredEvent

_JUDGED = ("TaskClaimed", "TaskAdvanced", "TaskRejected")
_ENDS_HOLD = ("TaskAdvanced", "TaskRejected", "TaskReleased", "LeaseExpired", "TaskBlocked", "TaskCancelled")
_BY_HOLDER = ("TaskAdvanced", "TaskRejected", "ProgressReported", "LeaseRenewed")


@dataclass
class Lease:
    """A hold as the audit understands it."""

    agent: str
    fence: int
    until: datetime


@dataclass
class Ticket:
    """A task as the audit understands it."""

    lane: str
    stage: str
    own: frozenset[str]
    tier: dict[str, int] = field(default_factory=dict)
    authors: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Stage to agent, family and maker of who last advanced out of it."""
    entered: datetime | None = None
    waived: bool = False
    creator: str | None = None
    attempts: int = 0
    rework: int = 0
    infra: int = 0
    parked: bool = False
    over: bool = False


class Audit:
    """Follows one ledger; ``look`` after every step."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._position = 0
        self._fold = BoardFold()
        self._versions: dict[str, int] = {}
        self._leases: dict[Any, Lease] = {}
        self._tickets: dict[Any, Ticket] = {}
        self._grants: dict[str, set[str]] = {}
        self._revoked: dict[str, set[str]] = {}
        self._makers: dict[str, str] = {}
        self._credentials: dict[str, dict[str, Any]] = {}
        self._workflow: dict[str, Any] = {}
        self._paused: set[str] = set()
        self._time: datetime | None = None
        self.events = 0

    def look(self) -> None:
        """Read what is new, check it, then compare the fold with the tables."""
        for stored in store.read(self._connection, self._position, limit=100_000):
            self._position = stored.position
            self.events += 1
            self._check(stored)
            self._fold.apply(stored.position, fact_of(stored))
        self._compare()

    # -- the log ------------------------------------------------------------------------------------------------------

    def _check(self, stored: StoredEvent) -> None:
        assert stored.version == self._versions.get(stored.stream, 0) + 1, f"a hole in {stored.stream}"
        self._versions[stored.stream] = stored.version
        assert stored.recorded_at is not None
        assert self._time is None or stored.recorded_at >= self._time
        self._time = stored.recorded_at
        if stored.task is not None and stored.type != "TaskCreated":
            self._check_holds(stored, self._tickets[stored.task])
            self._check_author(stored, self._tickets[stored.task])
            self._check_counts(stored, self._tickets[stored.task])
            self._check_review(stored, self._tickets[stored.task])
        self._learn(stored)

    def _check_holds(self, stored: StoredEvent, ticket: Ticket) -> None:
        lease, at, body = self._leases.get(stored.task), stored.recorded_at, stored.body or {}
        assert at is not None
        if stored.type == "TaskClaimed":
            assert lease is None, "a second hold on a task"
            assert all(other.agent != stored.actor for other in self._leases.values()), "a second hold of an agent"
            assert not ticket.parked, "a claim of what is parked"
            assert not ticket.over, "a claim of what is over"
            assert ticket.lane not in self._paused, "a claim on a paused lane"
        if stored.type in _BY_HOLDER:
            assert lease is not None
            assert (lease.agent, lease.until > at) == (stored.actor, True), "not the holder, or too late"
        if stored.type == "LeaseRenewed":
            assert lease is not None
            assert body["fence"] == lease.fence
        if stored.type == "LeaseExpired":
            assert lease is not None
            assert lease.until <= at
            assert (stored.subject_agent, body["fence"]) == (lease.agent, lease.fence)
        if stored.type == "TaskReleased":
            assert lease is not None
            assert stored.subject_agent == lease.agent
            mine = lease.agent == stored.actor and lease.until > at
            assert mine != (body["cause"] == "operator")
            assert mine or self._scope(stored) == "operator"

    def _check_author(self, stored: StoredEvent, ticket: Ticket) -> None:
        """No event outside its author's effective features, scope or part in the task."""
        held, scope, body = self._effective(stored), self._scope(stored), stored.body or {}
        exits = [m for m in self._workflow["transition"] if m["from"] == ticket.stage]
        if stored.type in _JUDGED:
            assert scope == "agent"
            tier = ticket.tier.get(ticket.stage)
            needs = {f"lane:{ticket.lane}", *ticket.own, *({f"tier:{tier}"} if tier else ())}
            assert needs <= held, f"{stored.type} without {needs - held}"
            if stored.type != "TaskClaimed":
                kind = "advance" if stored.type == "TaskAdvanced" else "reject"
                exits = [m for m in exits if m["to"] == body["to_stage"] and m["kind"] == kind]
            assert any(set(m["requires"]) <= held and stored.capability in m["requires"] for m in exits)
        elif stored.type == "TaskUnblocked":
            assert scope == "operator" or {"role:triage", f"lane:{ticket.lane}"} <= held
        elif stored.type == "NoteAdded":
            assert scope == "operator" or f"lane:{ticket.lane}" in held
        elif stored.type == "ReviewRuleWaived":
            assert scope == "operator"
        elif stored.type in ("TaskCancelled", "TaskAmended"):
            assert scope == "operator" or stored.actor == ticket.creator

    def _check_counts(self, stored: StoredEvent, ticket: Ticket) -> None:
        body = stored.body or {}
        most, reworked, stage = self._workflow["max_attempts"], self._workflow["max_rework"], self._stage(ticket.stage)
        if stored.type == "TaskClaimed":
            assert body["attempt"] == ticket.attempts + 1 <= most
        if stored.type == "LeaseExpired":
            assert body["attempts"] == ticket.attempts + 1 <= most
        if stored.type == "TaskReleased":
            free = body["cause"] == "operator" or (body["cause"] == "infra" and ticket.infra < 5)
            assert body["attempts"] == ticket.attempts + (not free) <= most
        if stored.type == "TaskRejected":
            assert body["rework"] == ticket.rework + 1 <= reworked + 1
        if stored.type == "TaskEscalated":
            assert body["to_tier"] == body["from_tier"] + 1
            due = stage.get("escalate_after")
            assert due is not None
            worn = (
                ticket.attempts >= due
                if body["because"] == "attempts"
                else ticket.rework > self._workflow["max_rework"]
            )
            assert worn
            assert any(f"tier:{body['to_tier']}" in grants for grants in self._grants.values())
        if stored.type == "TaskBlocked" and body["cause"] == "max_attempts":
            assert ticket.attempts == most
        if stored.type == "TaskBlocked" and body["cause"] == "max_rework":
            assert ticket.rework == reworked + 1

    def _check_review(self, stored: StoredEvent, ticket: Ticket) -> None:
        review = next((m for m in self._workflow["transition"] if m["from"] == ticket.stage and m.get("reviews")), None)
        author = ticket.authors.get(review["reviews"]) if review else None
        if stored.type not in _JUDGED or author is None or review is None:
            return
        assert stored.actor != author[0], "an agent reviews its own work"
        mine = (stored.actor, stored.family, self._makers[stored.family or ""])
        place = ("agent", "family", "maker").index(review["distinct"])
        if mine[place] != author[place] or review["rule"] == "off" or ticket.waived:
            return
        assert review["rule"] == "prefer", "the required other eye is missing"
        assert stored.recorded_at is not None
        assert ticket.entered is not None
        assert (stored.recorded_at - ticket.entered).total_seconds() >= 15
        if stored.type == "TaskClaimed":
            assert (stored.body or {})["preference_unmet"]

    # -- the model ----------------------------------------------------------------------------------------------------

    def _learn(self, stored: StoredEvent) -> None:
        body, (category, _, of) = stored.body or {}, stored.stream.partition("-")
        if stored.type == "WorkflowAdopted":
            self._workflow = body["definition"]
        elif category == "lane":
            (self._paused.add if stored.type == "LanePaused" else self._paused.discard)(of)
        elif category == "family":
            self._granted(stored.type, of, body)
        elif stored.type == "CredentialIssued":
            self._credentials[of] = dict(body)
        elif stored.type == "CredentialNarrowed":
            self._credentials[of]["narrowing"] = body["narrowing"]
        elif stored.type == "TaskCreated":
            self._created(stored, body)
        elif stored.task is not None:
            self._moved(stored, self._tickets[stored.task], body)

    def _granted(self, kind: str, family: str, body: dict[str, Any]) -> None:
        if kind == "FamilyRegistered":
            self._makers[family] = body["maker"]
            return
        ledger = self._revoked if kind in ("CapabilityRevoked", "DenialLifted") else self._grants
        features = ledger.setdefault(family, set())
        (features.add if kind in ("FeatureGranted", "CapabilityRevoked") else features.discard)(body["feature"])

    def _created(self, stored: StoredEvent, body: dict[str, Any]) -> None:
        held, stage = self._effective(stored), body["stage"]
        starts = [m for m in self._workflow["transition"] if m["from"] == stage and m["kind"] == "advance"]
        assert body["lane"] not in self._paused
        if self._scope(stored) != "operator":
            assert f"lane:{body['lane']}" in held
            assert any(set(m["requires"]) <= held for m in starts), "past the starter gate"
        ticket = Ticket(body["lane"], stage, frozenset(body["requires"]), creator=stored.actor)
        ticket.entered = stored.recorded_at
        self._tickets[stored.task] = ticket

    def _moved(self, stored: StoredEvent, ticket: Ticket, body: dict[str, Any]) -> None:
        until = fact_of(stored).event
        if stored.type == "TaskClaimed":
            assert stored.actor is not None
            self._leases[stored.task] = Lease(stored.actor, body["fence"], until.lease_expires_at)  # type: ignore[attr-defined]
        if stored.type in ("ProgressReported", "LeaseRenewed"):
            self._leases[stored.task].until = until.lease_expires_at  # type: ignore[attr-defined]
        if stored.type in _ENDS_HOLD:
            self._leases.pop(stored.task, None)
        if stored.type in ("TaskReleased", "LeaseExpired"):
            ticket.attempts, ticket.infra = body["attempts"], body.get("infra_releases", ticket.infra)
        if stored.type in ("TaskAdvanced", "TaskRejected"):
            if stored.type == "TaskAdvanced":
                assert stored.actor is not None
                assert stored.family is not None
                ticket.authors[ticket.stage] = (stored.actor, stored.family, self._makers[stored.family])
            ticket.stage, ticket.entered = body["to_stage"], stored.recorded_at
            ticket.attempts = ticket.infra = 0
            ticket.rework = body.get("rework", ticket.rework)
            ticket.over = body.get("terminal", False)
        if stored.type == "TaskEscalated":
            ticket.tier[body["stage"]] = body["to_tier"]
            ticket.attempts = ticket.infra = 0
            ticket.rework = 0 if body["because"] == "rework" else ticket.rework
        if stored.type == "TaskUnblocked":
            ticket.attempts = ticket.infra = ticket.rework = 0
        ticket.parked = {"TaskBlocked": True, "TaskUnblocked": False}.get(stored.type, ticket.parked)
        ticket.over |= stored.type == "TaskCancelled"
        ticket.waived |= stored.type == "ReviewRuleWaived"
        if not ticket.parked:
            assert ticket.rework <= self._workflow["max_rework"] + 1
            assert ticket.attempts <= self._workflow["max_attempts"]

    def _effective(self, stored: StoredEvent) -> set[str]:
        if stored.credential is None or stored.family is None:
            return set()
        narrowing = self._credentials[stored.credential]["narrowing"]
        held = self._grants.get(stored.family, set()) - self._revoked.get(stored.family, set())
        return held if narrowing is None else held & set(narrowing)

    def _scope(self, stored: StoredEvent) -> str:
        scope = "human" if stored.credential is None else str(self._credentials[stored.credential]["scope"])
        return "operator" if scope == "human" else scope

    def _stage(self, key: str) -> dict[str, Any]:
        return next(stage for stage in self._workflow["stage"] if stage["key"] == key)

    # -- the tables ---------------------------------------------------------------------------------------------------

    def _compare(self) -> None:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            live = {row["task"]: row for row in cursor.execute("SELECT * FROM projection.board").fetchall()}
            edges = cursor.execute("SELECT task, prerequisite, met FROM projection.dependency").fetchall()
            routes = {row["id"] for row in cursor.execute("SELECT id FROM projection.route").fetchall()}
        folded = {row["task"]: row for row in self._fold.rows()}
        assert live.keys() == folded.keys()
        for key, row in folded.items():
            ready = live[key].pop("ready")
            assert live[key] == row
            assert from_row(live[key]) == self._fold.tasks[key]
            waiting = row["blocked"] or row["cancelled"] or row["terminal"] or row["waits"] or row["holder"]
            assert ready == (not waiting)
        assert {(e["task"], e["prerequisite"]): e["met"] for e in edges} == {
            (task, one): met for task, wanted in self._fold.edges.items() for one, met in wanted.items()
        }
        assert routes == self._fold.routes.keys()
