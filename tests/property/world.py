"""A small random world: a generated workflow on two lanes, three families, six callers, and actions as plain data.

Actions name callers and tasks by number, so that any list of them can be tried on any world, sensible or not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from hypothesis import strategies as st

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.domain.events import Artifact
from ainarres.domain.structure import examine
from ainarres.domain.workflow import Workflow
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    import psycopg
    from tests.database import Clock, Database

    from ainarres.verbs.envelope import Envelope

START = datetime(2026, 1, 1, tzinfo=UTC)
LANES = ("web/a", "web/b")
MAKERS = {"h+one": "m1", "h+two": "m1", "h+three": "m2"}
ROLES = ("role:a", "role:b", "role:c")
EXTRAS = ("tier:2", "tier:3", "role:triage", "skill:rust")
WIPED = """
ALTER TABLE ledger.event DISABLE TRIGGER append_only;
TRUNCATE ledger.event;
ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER append_only;
ALTER SEQUENCE ledger.position RESTART;
"""
NAMES = UUID(int=1)


# -- what is generated ------------------------------------------------------------------------------------------------


def _workflow(random: Random) -> dict[str, Any]:
    count, attempts = random.choice([1, 2, 2, 3, 3, 3]), random.randint(1, 3)
    keys = [f"s{place}" for place in range(count)]
    stages: list[dict[str, Any]] = []
    moves: list[dict[str, Any]] = []
    for place, key in enumerate(keys):
        stage: dict[str, Any] = {"key": key, "initial": place == 0, "lease": random.choice(["10s", "20s"])}
        if attempts > 1 and random.random() < 0.6:
            stage["escalate_after"] = random.randint(1, attempts - 1)
        if random.random() < 0.2:
            stage |= {"wip": 1, "wip_scope": random.choice(["lane", "project"])}
        stages.append(stage)
        role = random.choice(ROLES)
        move: dict[str, Any] = {"from": key, "to": [*keys, "done"][place + 1], "requires": [role]}
        if place and random.random() < 0.8:
            rule = random.choice(["off", "prefer", "require"])
            move |= {"reviews": random.choice(keys[:place]), "rule": rule, "approves": random.random() < 0.5}
            move |= {"distinct": random.choice(["agent", "family", "maker"])}
            move |= {"prefer_for": "15s"} if rule == "prefer" else {}
        if random.random() < 0.5:
            move |= {"artifacts": ["commit"], "differs": random.random() < 0.5}
            move["requires_approval"] = any(other.get("approves") for other in moves)
        moves.append(move)
        if random.random() < 0.2:
            moves.append({"from": key, "to": "done", "requires": [random.choice([r for r in ROLES if r != role])]})
        if place:
            back = {"from": key, "to": random.choice(keys[:place]), "kind": "reject"}
            moves.append(back | {"requires": [role], "fault": random.choice([*keys[:place], "none"])})
    document = {"key": "w", "title": "w", "max_attempts": attempts, "max_rework": random.randint(1, 2)}
    return document | {"stage": [*stages, {"key": "done", "terminal": True}], "transition": moves}


def _sound(document: dict[str, Any]) -> bool:
    return examine(Workflow.from_json(document)) == ()


@dataclass(frozen=True)
class Plan:
    """What a world is made of."""

    workflow: dict[str, Any]
    lacking: tuple[frozenset[str], ...]
    """For each family, what it is not granted of all there is."""
    wip: bool
    """Lane b sets a limit of its own on the first stage."""
    scored: bool
    """Lane b offers its tasks by score."""


_EVERYTHING = (*ROLES, *EXTRAS, *(f"lane:{lane}" for lane in LANES))


def _plan(seed: int) -> Plan:
    random = Random(seed)
    workflow = _workflow(random)
    while not _sound(workflow):
        workflow = _workflow(random)
    lacking = tuple(frozenset(random.sample(_EVERYTHING, random.choice([0, 0, 1, 2, 3]))) for _ in MAKERS)
    return Plan(workflow, lacking, wip=random.random() < 0.2, scored=random.random() < 0.5)


@dataclass(frozen=True)
class Action:
    """One thing somebody tries. Numbers are taken modulo what there is."""

    verb: str
    who: int
    task: int
    other: int
    number: int


VERBS = (
    *("claim", "claim", "claim", "claim", "claim", "claim", "claim", "claim_named", "next", "create", "create"),
    *("advance", "advance", "advance", "advance", "advance", "advance", "done", "done_next", "done_next"),
    *("reject", "reject", "reject", "reject", "release", "release", "release", "progress", "heartbeat", "heartbeat"),
    *("block", "unblock", "unblock", "cancel", "amend", "note", "waive", "wait", "wait", "sweep", "repeat", "reuse"),
    *("grant", "revoke", "lift", "narrow", "pause", "resume"),
)
"""What is tried, the more often the oftener named; work first, or most would be refused."""


def action_of(seed: int) -> Action:
    """Return what is tried at a step."""
    random = Random(seed)
    who, task, other, number = (random.randrange(n) for n in (8, 6, 6, 12))
    return Action(random.choice(VERBS), who, task, other, number)


# Drawn by a seed each: left to itself the library draws the same few values again and again, and nothing ever moves.
SEEDS = st.integers(0, 2**32 - 1)
PLANS = SEEDS.map(_plan)


# -- the world --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """A command that appended something, to be tried again."""

    who: int
    command: c.Command
    key: UUID
    envelope: Envelope


@dataclass
class World:
    """An opened ledger of its own and everybody's sessions, on one connection."""

    connection: psycopg.Connection[Any]
    clock: Clock
    plan: Plan
    callers: list[Session] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    steps: int = 0

    def __post_init__(self) -> None:
        self.clock.set(START)
        self.human = Session(self.connection)
        self.workflow = Workflow.from_json(self.plan.workflow)
        self.features = sorted(
            f for f in _EVERYTHING if f in self.workflow.features or not f.startswith("role:") or f == "role:triage"
        )
        self._ok(c.OpenLedger())
        self._ok(c.AdoptWorkflow(text=_workflow_toml(self.plan.workflow), source="w.toml"))
        limit = f"wip = {{ {self.workflow.initial.key} = 1 }}\n" if self.plan.wip else ""
        limit += 'routing = "scored"' if self.plan.scored else ""
        lanes = f'[[lane]]\nkey = "a"\nworkflow = "w"\n[[lane]]\nkey = "b"\nworkflow = "w"\n{limit}\n'
        self._ok(c.AdoptProject(text=f'key = "web"\n{lanes}', source="p.toml"))
        self._ok(self._families(dict(enumerate(self.plan.lacking))))
        families = list(MAKERS)
        for name, family in (*((f"{f}{n}", f) for f in families for n in "12"), ("h+one1", "h+one")):
            self._caller(c.IssueToken(family=family, agent=name, life="24h"))
        self._caller(c.IssueToken(scope="operator", agent="op", life="24h"))
        for lane in (*LANES, LANES[0]):
            envelope = self._ok(c.Create(lane=lane, title="t"))
            assert envelope.task is not None
            self.tasks.append(envelope.task["id"])

    def act(self, action: Action) -> Envelope | None:
        """Try ``action``; null where there is nothing to try it on."""
        self.steps += 1
        if action.verb == "wait":
            self.clock.advance(action.number * 2)
            return None
        if action.verb in ("repeat", "reuse"):
            return self._again(action)
        if action.verb == "sweep":
            return self.human.execute(c.Sweep())
        action = self._aimed(action)
        command = self._command(action)
        who = -1 if isinstance(command, _PEOPLES) else action.who % len(self.callers)
        key = uuid5(NAMES, str(self.steps))
        envelope = self.execute(who, command, key)
        if isinstance(command, c.Create) and envelope.task is not None:
            self.tasks.append(envelope.task["id"])
        if envelope.ok and envelope.position is not None:
            self.done.append(Done(who, command, key, envelope))
        return envelope

    def execute(self, who: int, command: c.Command, key: UUID | None = None) -> Envelope:
        """Execute as one of the callers, -1 being a person."""
        return (self.human if who < 0 else self.callers[who]).execute(command, key)

    def _again(self, action: Action) -> Envelope | None:
        if not self.done:
            return None
        old = self.done[action.task % len(self.done)] if action.number % 2 else self.done[-1]
        before = self._last()
        if action.verb == "reuse":
            reused = self.execute(old.who, c.Note(task="0" * 32, text="something else"), old.key)
            assert reused.code == "key_reused", reused
            assert self._last() == before
            return reused
        again = self.execute(old.who, old.command, old.key)
        assert self._last() == before, "a repeat appended something"
        assert again.extra.get("replayed"), again
        first, now = old.envelope.to_json(), again.to_json()
        if now["event"] is None:  # the lane was taken away since
            told = self.execute(old.who, c.Why()).extra["features"]
            assert not any(f"lane:{lane}" in told for lane in LANES if lane in json.dumps(first)), now
            first |= {"task": None, "event": None}
        for name in ("code", "task", "event", "position"):
            assert now[name] == first[name], name
        return again

    def _last(self) -> int:
        row = self.connection.execute("SELECT coalesce(max(position), 0) FROM ledger.event").fetchone()
        assert row is not None
        return int(row[0])

    def _command(self, action: Action) -> c.Command:
        lane = LANES[action.number % 2]
        if action.verb == "create":
            waits = (self.tasks[action.other % len(self.tasks)],) if self.tasks and action.number % 3 == 0 else ()
            needs = ("skill:rust",) if action.number % 4 == 3 else ()
            return c.Create(lane=lane, title="t", priority=action.task % 3 + 1, depends_on=waits, requires=needs)
        if action.verb in ("claim", "next"):
            within = lane if action.other == 0 else None
            return c.Claim(lane=within) if action.verb == "claim" else c.Next(lane=within)
        if action.verb in ("grant", "revoke", "lift", "narrow", "pause", "resume"):
            return self._governing(action)
        if action.verb in ("done", "done_next"):
            return c.Done(artifacts=_evidence(action.number), claim_next=action.verb == "done_next")
        return self._on_task(action, self.tasks[action.task % len(self.tasks)])

    def _aimed(self, action: Action) -> Action:
        """Give three of four verbs to somebody who can use them: holders' to a holder, claims to who has no task."""
        if action.number >= 9:
            return action
        if action.verb in _OPERATORS:
            return replace(action, who=len(self.callers) - 1)
        if action.verb not in _HOLDER | _CLAIMS:
            return action
        backwards = {move.from_stage for move in self.workflow.transitions if move.kind == "reject"}
        holders = {
            self.credentials.index(credential): self.tasks.index(task)
            for task, credential, stage in self.connection.execute(
                "SELECT b.task::text, c.id, b.stage FROM projection.board b JOIN projection.credential c"
                " ON c.agent = b.holder AND c.family = b.holder_family ORDER BY b.created_position"
            )
            if action.verb != "reject" or stage in backwards
        }
        if action.verb in _HOLDER and not holders:
            action = replace(action, verb="claim")
        who = sorted(holders if action.verb in _HOLDER else set(range(len(self.callers) - 1)) - holders.keys())
        if not who:
            return action
        chosen = who[action.who % len(who)]
        return replace(action, who=chosen, task=holders.get(chosen, action.task))

    def _fence(self, action: Action, task: str) -> int | None:
        if action.other < 2:
            return None
        if action.other == 5 and action.number % 2:
            return 1
        row = self.connection.execute("SELECT fence FROM projection.board WHERE task = %s", [task]).fetchone()
        return row[0] if row else None

    def _on_task(self, action: Action, task: str) -> c.Command:
        fence, number = self._fence(action, task), action.number
        stages = [stage.key for stage in self.workflow.stages]
        to = stages[action.other % len(stages)] if number % 3 == 0 else None
        evidence = _evidence(number)
        cause = ("task", "task", "infra", "card")[number % 4]
        waits = (self.tasks[action.other % len(self.tasks)],) if number % 2 else None
        made: dict[str, c.Command] = {
            "claim_named": c.Claim(task=task),
            "advance": c.Advance(task=task, fence=fence, to=to, artifacts=evidence),
            "reject": c.Reject(task=task, fence=fence, to=to, reason="no", artifacts=evidence),
            "release": c.Release.model_validate({"task": task, "fence": fence, "reason": "no", "cause": cause}),
            "progress": c.Progress(task=task, fence=fence, note="n", artifacts=evidence),
            "heartbeat": c.Heartbeat(task=task, fence=fence),
            "block": c.Block(task=task, fence=fence, reason="r"),
            "unblock": c.Unblock(task=task, reason="r"),
            "cancel": c.Cancel(task=task, reason="r"),
            "amend": c.Amend(task=task, priority=number % 5 + 1, depends_on=waits),
            "note": c.Note(task=task, text="n"),
            "waive": c.Waive(task=task, reason="r"),
        }
        return made[action.verb]

    def _governing(self, action: Action) -> c.Command:
        family = list(MAKERS)[action.task % len(MAKERS)]
        feature = self.features[action.number % len(self.features)]
        match action.verb:
            case "grant":
                changed = self.plan.lacking[action.task % len(MAKERS)] ^ {feature}
                return self._families({action.task % len(MAKERS): changed})
            case "revoke":
                return c.RevokeCapability(family=family, feature=feature, reason="r")
            case "lift":
                return c.LiftDenial(family=family, feature=feature, reason="r")
            case "narrow":
                kept = tuple(f for f in self.features if f != feature)
                credential = self.credentials[action.task % (len(self.callers) - 1)]
                return c.NarrowToken(credential=credential, narrowing=kept)
            case "pause":
                return c.PauseLane(lane=LANES[action.number % 2], reason="r")
        return c.ResumeLane(lane=LANES[action.number % 2], reason="r")

    def _families(self, lacking: dict[int, frozenset[str]]) -> c.AdoptFamilies:
        tables = []
        for place, missing in lacking.items():
            key = list(MAKERS)[place]
            grants = json.dumps([f for f in self.features if f not in missing])
            tables.append(f'[[family]]\nkey = "{key}"\nmaker = "{MAKERS[key]}"\ncost_class = 1\ngrants = {grants}\n')
        return c.AdoptFamilies(text="".join(tables), source="f.toml")

    def _caller(self, command: c.IssueToken) -> None:
        issued = self._ok(command)
        self.callers.append(Session(self.connection, issued.extra["token"]))
        self.credentials.append(issued.extra["credential"])

    def _ok(self, command: c.Command) -> Envelope:
        envelope = self.human.execute(command)
        assert envelope.ok, envelope
        return envelope


_PEOPLES = (c.AdoptFamilies, c.RevokeCapability, c.LiftDenial, c.NarrowToken, c.PauseLane, c.ResumeLane)
_HOLDER = frozenset({"advance", "done", "done_next", "reject", "release", "progress", "heartbeat", "block"})

_OPERATORS = frozenset({"unblock", "cancel", "amend", "waive"})
_CLAIMS = frozenset({"claim", "claim_named", "next"})


def _evidence(number: int) -> tuple[Artifact, ...]:
    """Return mostly the one good commit, at times a stale or an empty one, at times none."""
    if number == 1:
        return ()
    if number == 2:
        return (Artifact(type="commit", ref="ba5eba5", digest="ba5eba5", base="ba5eba5"),)
    if number == 3:
        return (Artifact(type="commit", ref="57a1e57"),)
    return (Artifact(type="commit", ref="600d600", digest="600d600", base="ba5eba5"),)


def _workflow_toml(document: dict[str, Any]) -> str:
    lines = [f"{name} = {json.dumps(value)}" for name, value in document.items() if name not in ("stage", "transition")]
    for kind in ("stage", "transition"):
        for table in document[kind]:
            lines += [f"[[{kind}]]", *(f"{name} = {json.dumps(value)}" for name, value in table.items())]
    return "\n".join(lines) + "\n"


def wipe(database: Database) -> None:
    """Make a ledger as good as new, which is ten times quicker than another clone."""
    with connect(database.owner_url) as owner:
        tables = owner.execute(
            "SELECT string_agg(format('projection.%I', tablename), ', ') FROM pg_tables WHERE schemaname = 'projection'"
        ).fetchone()
        assert tables is not None
        owner.execute(f"{WIPED} TRUNCATE {tables[0]}")
