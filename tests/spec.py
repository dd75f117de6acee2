"""Given facts, when a decider decides, then events, a refusal or nothing: the rules, without a database.

``given(created(), claimed(ANN))`` folds facts into a task, ``.when(advance, Advance(…), by=ANN)`` asks a decider, and
``.then(…)``, ``.refused(…)`` or ``.nothing()`` says what must come of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ainarres.domain import events as e
from ainarres.domain.context import Caller, Context
from ainarres.domain.fact import Fact
from ainarres.domain.refusal import Refusal
from ainarres.domain.story import Decision
from ainarres.domain.structure import examine
from ainarres.domain.task import Task, evolve
from ainarres.domain.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 1, 1, tzinfo=UTC)
TASK = UUID("01890000-0000-7000-8000-000000000001")
LANE = "web/dev"
FENCE = 4711
COMMIT = e.Artifact(type="commit", ref="c1c1c1c", digest="c1c1c1c", base="c0c0c0c")

DEFINITION: dict[str, Any] = {
    "key": "dev",
    "title": "Design, implement, review, integrate",
    "lease": "30s",
    "max_attempts": 3,
    "max_rework": 2,
    "stage": [
        {"key": "proposed", "initial": True},
        {"key": "implementing", "lease": "60s", "escalate_after": 2, "role_card": "implementer"},
        {"key": "reviewing", "lease": "40s", "max_attempts": 2},
        {"key": "integrating"},
        {"key": "done", "terminal": True},
    ],
    "transition": [
        {"from": "proposed", "to": "implementing", "requires": ["role:designer"]},
        {"from": "proposed", "to": "reviewing", "requires": ["role:scout"]},
        {
            "from": "implementing",
            "to": "reviewing",
            "requires": ["role:implementer"],
            "artifacts": ["commit"],
            "differs": True,
        },
        {
            "from": "reviewing",
            "to": "integrating",
            "requires": ["role:reviewer"],
            "reviews": "implementing",
            "distinct": "maker",
            "rule": "require",
            "approves": True,
        },
        {"from": "reviewing", "to": "implementing", "kind": "reject", "requires": ["role:reviewer"]},
        {"from": "reviewing", "to": "proposed", "kind": "reject", "requires": ["role:reviewer"], "fault": "proposed"},
        {
            "from": "integrating",
            "to": "done",
            "requires": ["role:integrator", "capability:integrate"],
            "artifacts": ["commit"],
            "requires_approval": True,
        },
        {
            "from": "integrating",
            "to": "implementing",
            "kind": "reject",
            "requires": ["role:integrator", "capability:integrate"],
            "fault": "none",
        },
    ],
}


def workflow(**changes: Any) -> Workflow:
    """Return the workflow of these tests; ``changes`` replace what a table of it says: ``reviewing={"rule": "off"}``.

    A stage's key changes the stage; ``from__to`` changes the transitions between two stages.
    """
    document = {name: value for name, value in DEFINITION.items() if name not in ("stage", "transition")}
    keys = {stage["key"] for stage in DEFINITION["stage"]}
    document |= {name: value for name, value in changes.items() if name not in keys and "__" not in name}
    document["stage"] = [{**stage, **changes.get(stage["key"], {})} for stage in DEFINITION["stage"]]
    document["transition"] = [
        {**move, **changes.get(f"{move['from']}__{move['to']}", {})} for move in DEFINITION["transition"]
    ]
    made = Workflow.from_json(document)
    assert examine(made) == ()
    return made


def agent(name: str, family: str, maker: str, *features: str, **more: Any) -> Caller:
    """Return an agent with the lane and ``features``."""
    held = frozenset({f"lane:{LANE}", *features})
    return Caller(actor=name, scope="agent", credential="k", family=family, maker=maker, features=held, **more)


DESIGNER = agent("dora", "claude-code+opus", "anthropic", "role:designer")
ANN = agent("ann", "opencode+qwen", "alibaba", "role:implementer", "role:reviewer")
TWIN = agent("tom", "opencode+qwen", "alibaba", "role:implementer", "role:reviewer")
SISTER = agent("sue", "crush+qwen", "alibaba", "role:implementer", "role:reviewer")
REVIEWER = agent("rex", "claude-code+sonnet", "anthropic", "role:reviewer")
MERGER = agent("max", "grok+build", "xai", "role:integrator", "capability:integrate")
STRANGER = Caller(actor="zed", scope="agent", credential="k", family="gemini+flash", maker="google")
OPERATOR = Caller(actor="olga", scope="operator")
MONITOR = Caller(actor="mona", scope="monitor")

Past = tuple[e.Event, Caller, str | None, "tuple[str | None, str | None]", bool]


def by(caller: Caller, event: e.Event, capability: str | None = None, *, lease: bool = False) -> Past:
    """Return a fact to fold: ``event``, appended by ``caller``; ``lease`` for the hold's own stream."""
    return event, caller, capability, (None, None), lease


def created(**more: Any) -> Past:
    """A task was created by the operator."""
    fields: dict[str, Any] = {
        "id": TASK,
        "project": "web",
        "lane": LANE,
        "workflow": "dev",
        "workflow_version": 1,
        "stage": "proposed",
        "title": "a task",
        "payload": {},
        "priority": 3,
        "requires": (),
        "skills": (),
        "depends_on": (),
        "epic": None,
        "template": None,
    }
    return by(more.pop("creator", OPERATOR), e.TaskCreated(**{**fields, **more}))


def claimed(caller: Caller, stage: str = "implementing", *, attempt: int = 1, until: float = 60) -> Past:
    """``caller`` claimed the task; the lease ends ``until`` seconds after the start."""
    event = e.TaskClaimed(
        stage=stage,
        attempt=attempt,
        fence=FENCE,
        lease_expires_at=START + timedelta(seconds=until),
        maker=caller.maker,
        card=None,
    )
    return by(caller, event, _ROLES[stage])


def advanced(caller: Caller, source: str, target: str, digest: str | None = None, *, approved: bool = False) -> Past:
    """``caller`` advanced the task."""
    event = e.TaskAdvanced(
        from_stage=source,
        to_stage=target,
        terminal=target == "done",
        note=None,
        artifacts=(),
        maker=caller.maker,
        digest=digest,
        approved=approved,
    )
    return by(caller, event, _ROLES[source])


_ROLES = {
    "proposed": "role:designer",
    "implementing": "role:implementer",
    "reviewing": "role:reviewer",
    "integrating": "role:integrator",
}


@dataclass(frozen=True)
class Given:
    """A task as the facts made it, the moment, and the definitions in force."""

    task: Task | None
    workflow: Workflow
    now: datetime = START

    def fold(self, *past: Past) -> Given:
        """Fold more facts, all at this moment."""
        task = self.task
        for event, caller, capability, subject, lease in past:
            version = 1 if task is None else task.version + 1
            stream = f"task-{TASK}"
            if lease:
                assert task is not None
                assert task.hold is not None
                stream, version = f"lease-{task.hold.fence}", task.hold.renewals + 1
            fact = Fact(
                event=event,
                stream=stream,
                version=version,
                recorded_at=self.now,
                actor=caller.actor,
                family=caller.family,
                capability=capability,
                subject_agent=subject[0],
                subject_family=subject[1],
                task=TASK,
            )
            task = evolve(task, fact)
        return replace(self, task=task)

    def at(self, seconds: float) -> Given:
        """Look ``seconds`` after the start."""
        return replace(self, now=START + timedelta(seconds=seconds))

    def under(self, definition: Workflow) -> Given:
        """Go by another definition."""
        return replace(self, workflow=definition)

    def context(self, caller: Caller, **world: Any) -> Context:
        """Return what a decider is told."""
        return Context(now=self.now, caller=caller, workflow=self.workflow, **world)

    def when(self, decide: Callable[..., Decision | Refusal], *said: Any, by: Caller, **world: Any) -> Then:
        """Ask ``decide`` about the task; ``said`` is the command, if it takes one; ``world`` is of the context, and
        ``fence``, ``score`` and ``depends_on`` are the decider's own.
        """
        own = {name: world.pop(name) for name in ("fence", "score", "depends_on") if name in world}
        found = decide(self.task, *said, self.context(by, **world), **own)
        return Then(found, self)

    def expect(self) -> Task:
        """Return the task."""
        assert self.task is not None
        return self.task


@dataclass(frozen=True)
class Then:
    """What a decider decided."""

    found: Decision | Refusal
    given: Given

    def refused(self, code: str, *words: str, **details: Any) -> Refusal:
        """Insist on a refusal of this code whose reason has these words."""
        assert isinstance(self.found, Refusal), self.found
        assert self.found.code == code, self.found
        for word in words:
            assert word in self.found.reason
        for name, value in details.items():
            assert self.found.details[name] == value, self.found
        return self.found

    def decided(self) -> Decision:
        """Insist on a decision."""
        assert isinstance(self.found, Decision), self.found
        return self.found

    def nothing(self) -> None:
        """Insist on a decision without a fact: the world is already as asked."""
        decision = self.decided()
        assert decision.facts == ()
        assert decision.task == self.given.task

    def then(self, *events: e.Event | type[e.Event]) -> Decision:
        """Insist on exactly these events: whole ones, or by type alone."""
        decision = self.decided()
        facts = decision.facts
        kinds = [one if isinstance(one, type) else type(one) for one in events]
        assert [type(fact.event) for fact in facts] == kinds
        for fact, event in zip(facts, events, strict=True):
            if not isinstance(event, type):
                assert fact.event == event
            assert fact.recorded_at == self.given.now
        return decision

    def one(self, event: e.Event | type[e.Event]) -> Fact:
        """Insist on exactly this event and return its fact."""
        return self.then(event).facts[0]

    def later(self) -> Given:
        """Go on from what was decided."""
        return replace(self.given, task=self.decided().task)


def given(*past: Past) -> Given:
    """Fold facts at the start, under the workflow of these tests."""
    return Given(None, workflow()).fold(*past)


def implementing(*past: Past) -> Given:
    """Return a task that waits at implementing, then ``past``."""
    return given(created(), advanced(DESIGNER, "proposed", "implementing")).fold(*past)


def reviewing(*past: Past, author: Caller = ANN) -> Given:
    """Return a task whose work, commit ``c1`` by ``author``, waits for review, then ``past``."""
    return implementing(advanced(author, "implementing", "reviewing", "c1c1c1c")).fold(*past)


def integrating(*past: Past) -> Given:
    """Return a task whose commit ``c1`` was approved, then ``past``."""
    return reviewing(advanced(REVIEWER, "reviewing", "integrating", "c1c1c1c", approved=True)).fold(*past)
