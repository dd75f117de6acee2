"""The track record of families: what they delivered, what came back, how long they held, what it cost in tokens.

Per family, capability, workflow and stage, each as the event stamped it; a changed workflow rewrites nothing. Spend
stands beside competence and never enters it; what nobody measured is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.projections import spend
from ainarres.projections.catchup import Projection, rows
from ainarres.projections.intervals import Rate

if TYPE_CHECKING:
    import psycopg

    from ainarres.projections.span import Span
    from ainarres.projections.spend import Idle, Tokens

SQL = load("ainarres.projections", "track_record.sql")
PROJECTION = Projection(
    name="track_record",
    version=2,
    tables=("hand", "task", "migration", "attempt", "shipped", "incident", "activity"),
    statements=SQL,
    reads={
        "WorkflowAdopted": 1,
        "TaskCreated": 1,
        "TaskClaimed": 1,
        "TaskMigrated": 1,
        "TaskAdvanced": 1,
        "TaskRejected": 1,
        "TaskReleased": 1,
        "LeaseExpired": 1,
        "TaskEscalated": 1,
        "TaskBlocked": 1,
        "TaskUnblocked": 1,
        "TaskCancelled": 1,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The figures of one family at one capability, workflow and stage; times in seconds, null where unknown."""

    family: str
    capability: str | None
    workflow: str
    stage: str
    delivered: int
    """Distinct tasks the family advanced out of the stage."""
    submissions: int
    """Advances out of the stage."""
    first_pass: int
    """Delivered tasks that were never rejected back to the stage, whoever was at fault."""
    rejected: int
    """Rejections that name the stage and the family at fault."""
    released: int
    expired: int
    moves: int
    """Advances and rejections made from the stage: what tokens can be charged to."""
    hold_p50: float | None
    hold_p95: float | None
    cycle_p50: float | None
    tokens: Tokens | None
    """Null where nothing was measured."""

    @property
    def first_pass_rate(self) -> Rate:
        """First passes of delivered."""
        return Rate(self.first_pass, self.delivered)

    @property
    def reject_rate(self) -> Rate:
        """Rejected of submissions."""
        return Rate(self.rejected, self.submissions)

    @property
    def tokens_per_delivery(self) -> float | None:
        """Tokens of all kinds over delivered tasks."""
        if self.tokens is None or self.tokens.total is None or not self.delivered:
            return None
        return self.tokens.total / self.delivered

    @property
    def measured_share(self) -> float | None:
        """The share of moves whose tokens were measured."""
        return (self.tokens.measured if self.tokens else 0) / self.moves if self.moves else None

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON values."""
        names = ("family", "capability", "workflow", "stage", "delivered", "submissions", "first_pass", "rejected")
        more = ("released", "expired", "hold_p50", "hold_p95", "cycle_p50", "tokens_per_delivery", "measured_share")
        tokens = self.tokens
        return {
            **{name: getattr(self, name) for name in (*names, *more)},
            "first_pass_rate": self.first_pass_rate.to_json(),
            "reject_rate": self.reject_rate.to_json(),
            "tokens_input": tokens.input if tokens else None,
            "tokens_output": tokens.output if tokens else None,
            "tokens_cache_read": tokens.cache_read if tokens else None,
            "tokens_cache_write": tokens.cache_write if tokens else None,
        }


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """All families' records in a span, and beside them what moved nothing."""

    records: tuple[Record, ...]
    idle: tuple[Idle, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON values."""
        return {
            "records": [one.to_json() for one in self.records],
            "moved_nothing": [one.to_json() for one in self.idle],
        }


def read(connection: psycopg.Connection[Any], span: Span) -> TrackRecord:
    """Return the track record of a span; the projections ``track_record`` and ``spend`` stand at its end or later."""
    figures = {_key(row): row for row in rows(connection, SQL["record"], **span.parameters())}
    faults = {_key(row): row["rejected"] for row in rows(connection, SQL["faults"], **span.parameters())}
    tokens = spend.tokens(connection, span)
    every = sorted({*figures, *faults, *tokens}, key=lambda key: tuple(part or "" for part in key))
    records = tuple(_record(key, figures.get(key, {}), faults.get(key, 0), tokens.get(key)) for key in every)
    return TrackRecord(records, spend.idle(connection, span))


def _record(key: spend.Key, row: dict[str, Any], rejected: int, tokens: Tokens | None) -> Record:
    family, capability, workflow, stage = key
    counts = ("delivered", "submissions", "first_pass", "released", "expired", "moves")
    return Record(
        family=family or "",
        capability=capability,
        workflow=workflow or "",
        stage=stage or "",
        rejected=rejected,
        tokens=tokens,
        hold_p50=row.get("hold_p50"),
        hold_p95=row.get("hold_p95"),
        cycle_p50=row.get("cycle_p50"),
        **{name: row.get(name, 0) for name in counts},
    )


def _key(row: dict[str, Any]) -> spend.Key:
    return row["family"], row["capability"], row["workflow"], row["stage"]
