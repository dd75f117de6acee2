"""The end-of-run report: what shipped and through whose hands, what did not, what was escalated and recovered.

``fold`` is its definition, over facts in the order of the ledger; ``read`` asks the projection ``track_record`` for
the same, of a span, with the newest lines of each section and the totals of all. Stages are told apart by the workflow
each task is pinned to: the one that a transition ``reviews`` implements, the one that reviews it reviews, the one whose
exit takes ``capability:integrate`` integrates.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ainarres.domain import events as e
from ainarres.domain.epic import BRIEFS
from ainarres.projections import track_record
from ainarres.projections.catchup import rows
from ainarres.projections.wording import NONE, UNKNOWN, distinct, printable, section, shortener

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    import psycopg

    from ainarres.domain.fact import Fact
    from ainarres.projections.span import Span

HANDS = ("implemented", "reviewed", "integrated")
PEOPLE = "(human/system)"
LIMIT = 1000
"""Lines of one section; what came before them is counted."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A finished task and the families of its newest moves out of the stages that count; null where nobody's."""

    task: UUID
    title: str
    pr: str | None
    implemented: str | None
    reviewed: str | None
    integrated: str | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A task that stands parked or was given up, and why."""

    task: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Escalation:
    """A stage of a task that asked for a higher tier."""

    task: UUID
    stage: str
    tier: int


@dataclass(frozen=True, slots=True)
class Recovered:
    """A lease that ran out, and the family that let it."""

    task: UUID
    stage: str
    family: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a reader of the whole run wants to know; families by key, with the labels beside them."""

    lane: str | None
    position: int
    """Of the last event folded in; 0 for none."""
    shipped: tuple[Shipped, ...]
    failed: tuple[Failed, ...]
    escalations: tuple[Escalation, ...]
    recovered: tuple[Recovered, ...]
    activity: Mapping[str, int]
    """Events of the tasks' own streams by family of the actor, the busiest first; heartbeats are not among them."""
    labels: Mapping[str, str]
    totals: Mapping[str, int] = field(default_factory=dict)
    """Of sections that hold more than they show here, and of the shipped tasks that were reviewed, or by another
    family."""

    @property
    def reviewed(self) -> tuple[Shipped, ...]:
        """Shipped tasks whose implementing and reviewing family are both known."""
        return tuple(one for one in self.shipped if one.implemented and one.reviewed)

    @property
    def cross_family(self) -> int:
        """How many of them another family reviewed than implemented."""
        return (
            self.totals["different"]
            if "different" in self.totals
            else sum(one.implemented != one.reviewed for one in self.reviewed)
        )

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        body = asdict(self)
        for name in ("shipped", "failed", "escalations", "recovered"):
            body[name] = [{**row, "task": str(row["task"])} for row in body[name]]
        body["cross_family"] = {"different": self.cross_family, "reviewed": self._judged()}
        return body

    def text(self, *, full: bool = False) -> str:
        """Write the report; families by label, or by key when ``full``."""
        brief = shortener(
            row.task for rows in (self.shipped, self.failed, self.escalations, self.recovered) for row in rows
        )

        def named(family: str | None) -> str:
            if family is None:
                return UNKNOWN
            return printable(family if full else self.labels.get(family, family))

        def hands(row: Shipped) -> str:
            return " ".join(f"{hand}={named(getattr(row, hand))}" for hand in HANDS)

        lines = [f"end-of-run report — {'lane ' + printable(self.lane) if self.lane else 'all lanes'}"]
        lines += section(
            "shipped",
            (f"- {brief(row.task)} by family: {hands(row)}" for row in self.shipped),
            self.totals.get("shipped"),
        )
        lines.append(self.cross_line())
        lines += section(
            "failed/blocked",
            (f"- {brief(row.task)}: {printable(row.reason or '?')}" for row in self.failed),
            self.totals.get("failed"),
        )
        lines += section(
            "escalations",
            (f"- {brief(row.task)} → tier:{row.tier}" for row in self.escalations),
            self.totals.get("escalations"),
        )
        lines += section(
            "recovered leases",
            (f"- {brief(row.task)} [{printable(row.stage)}] {named(row.family)}" for row in self.recovered),
            self.totals.get("recovered"),
        )
        busy = [f"- {named(family)}: {count} events" for family, count in self.activity.items()]
        lines += ["activity by family:", *(busy or [NONE])]
        return "\n".join(lines)

    def cross_line(self) -> str:
        """Say how many shipped tasks another family reviewed than implemented."""
        if not self._judged():
            return "cross-family review: n/a (no reviewed tasks)"
        share = f"{self.cross_family}/{self._judged()}"
        return f"cross-family review: {share} shipped tasks reviewed by a different family than implemented"

    def _judged(self) -> int:
        return self.totals["reviewed"] if "reviewed" in self.totals else len(self.reviewed)


def read(connection: psycopg.Connection[Any], span: Span, labels: Mapping[str, str], limit: int = LIMIT) -> Report:
    """Ask for the report of a span; the projection ``track_record`` stands at its end or later.

    Each section holds its newest ``limit`` rows; ``labels`` maps families to what people call them.
    """
    asked = {**span.parameters(), "limit": limit}
    shipped = rows(connection, track_record.SQL["shipped"], **asked)
    failed = rows(connection, track_record.SQL["failed"], **asked)
    escalated = rows(connection, track_record.SQL["incidents"], kind="escalated", **asked)
    expired = rows(connection, track_record.SQL["incidents"], kind="expired", **asked)
    busy = rows(connection, track_record.SQL["activity"], **asked)
    sections = {"failed": failed, "escalations": escalated, "recovered": expired}
    totals = rows(connection, track_record.SQL["shipped_totals"], **asked)[0]
    return Report(
        lane=span.lane,
        position=span.upto,
        shipped=tuple(Shipped(row["task"], row["title"], row["pr"], *(row[hand] for hand in HANDS)) for row in shipped),
        failed=tuple(Failed(row["task"], row["reason"]) for row in failed),
        escalations=tuple(Escalation(row["task"], row["stage"], row["tier"]) for row in escalated),
        recovered=tuple(Recovered(row["task"], row["stage"], row["family"]) for row in expired),
        activity={row["family"] or PEOPLE: row["events"] for row in busy},
        labels=distinct(labels),
        totals=totals | {name: found[0]["total"] if found else 0 for name, found in sections.items()},
    )


def fold(entries: Iterable[tuple[int, Fact]], lane: str | None = None) -> Report:
    """Fold facts with their positions, ascending, into the report of one lane (``project/lane``) or of all."""
    folding = _Folding(lane)
    for position, fact in entries:
        folding.apply(position, fact)
    return folding.report()


@dataclass(slots=True)
class _Life:
    """What the report remembers of a task."""

    task: UUID
    title: str
    workflow: tuple[str, int]
    pr: str | None = None
    moved: dict[str, str | None] = field(default_factory=dict)
    """Stage to the family of the newest advance out of it."""
    blocked: str | None = None
    cancelled: str | None = None


class _Folding:
    """The fold's state."""

    def __init__(self, lane: str | None) -> None:
        self._lane = lane
        self._position = 0
        self._stages: dict[tuple[str, int], dict[str, str]] = {}
        self._labels: dict[str, str] = {}
        self._lives: dict[UUID, _Life] = {}
        self._shipped: dict[UUID, None] = {}
        self._escalations: list[Escalation] = []
        self._recovered: list[Recovered] = []
        self._activity: Counter[str] = Counter()

    def apply(self, position: int, fact: Fact) -> None:
        self._position = position
        match fact.event:
            case e.WorkflowAdopted(key=key, version=version, definition=definition):
                self._stages[key, version] = stages_of(definition)
            case e.FamilyRegistered(key=key, label=label):
                self._labels[key] = label
            case e.TaskCreated() as born if self._lane in (None, born.lane):
                self._lives[born.id] = _Life(born.id, born.title, (born.workflow, born.workflow_version))
        life = self._lives.get(fact.task) if fact.task else None
        if life is not None and fact.stream.startswith("task-"):  # heartbeats and credentials are not work
            self._activity[fact.family or PEOPLE] += 1
            self._live(life, fact)

    def _live(self, life: _Life, fact: Fact) -> None:
        event = fact.event
        life.pr = next((a.ref for a in getattr(event, "artifacts", ()) if a.type == "pr"), life.pr)
        match event:
            case e.TaskAdvanced():
                life.moved[event.from_stage] = fact.family
                if event.terminal and life.workflow[0] != BRIEFS:  # an accepted brief is no delivery
                    self._shipped[life.task] = None
            case e.TaskBlocked():
                life.blocked = event.reason
            case e.TaskUnblocked():
                life.blocked = None
            case e.TaskCancelled():
                life.cancelled = event.reason
            case e.TaskMigrated():
                life.workflow = event.workflow, event.workflow_version
            case e.TaskEscalated():
                self._escalations.append(Escalation(life.task, event.stage, event.to_tier))
            case e.LeaseExpired():
                self._recovered.append(Recovered(life.task, event.stage, fact.subject_family))

    def report(self) -> Report:
        failed = []
        for life in self._lives.values():
            if life.cancelled is not None:
                failed.append(Failed(life.task, f"cancelled: {life.cancelled}"))
            elif life.blocked is not None:
                failed.append(Failed(life.task, life.blocked))
        return Report(
            lane=self._lane,
            position=self._position,
            shipped=tuple(self._delivery(self._lives[task]) for task in self._shipped),
            failed=tuple(failed),
            escalations=tuple(self._escalations),
            recovered=tuple(self._recovered),
            activity=dict(sorted(self._activity.items(), key=lambda item: (-item[1], item[0]))),
            labels=distinct(self._labels),
        )

    def _delivery(self, life: _Life) -> Shipped:
        stages = self._stages.get(life.workflow, {})
        hands = {hand: life.moved.get(stages[hand]) if hand in stages else None for hand in HANDS}
        return Shipped(life.task, life.title, life.pr, **hands)


def stages_of(definition: Mapping[str, Any]) -> dict[str, str]:
    """Return which stage implements, reviews and integrates in an adopted definition; what it has not is left out."""
    stages: dict[str, str] = {}
    for move in definition.get("transition", ()):
        if move.get("reviews"):  # the first judgement is the review; later ones validate
            stages.setdefault("implemented", move["reviews"])
            stages.setdefault("reviewed", move["from"])
        if "capability:integrate" in move.get("requires", ()):
            stages.setdefault("integrated", move["from"])
    return stages
