"""Spend: the tokens that harnesses reported, charged to the transition they name, or to nothing that moved.

No currency: a price map is the reader's. A kind of token that nobody measured is null, and so is a sum of nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.projections.catchup import Projection, rows

if TYPE_CHECKING:
    import psycopg

    from ainarres.projections.span import Span

SQL = load("ainarres.projections", "spend.sql")
PROJECTION = Projection(
    name="spend",
    version=1,
    tables=("usage", "poll"),
    statements=SQL,
    reads={
        "UsageReported": 1,
        "ClaimEmpty": 1,
        "TaskAdvanced": 1,
        "TaskRejected": 1,
        "TaskCreated": 1,
        "TaskMigrated": 1,
    },
)
Key = tuple[str | None, str | None, str | None, str | None]
"""Family, capability, workflow, stage."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Sums by kind; ``measured`` counts the transitions with at least one measured kind."""

    input: int | None
    output: int | None
    cache_read: int | None
    cache_write: int | None
    measured: int

    @property
    def total(self) -> int | None:
        """All kinds that were measured, null where none was."""
        known = [one for one in (self.input, self.output, self.cache_read, self.cache_write) if one is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class Idle:
    """What a family asked and spent without moving anything."""

    family: str
    empty_claims: int
    """Polls that found nothing."""
    tokens_moved_nothing: int | None
    reports: int
    """Usage reports that name no transition, measured or not."""

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON values."""
        return {
            "family": self.family,
            "empty_claims": self.empty_claims,
            "tokens_moved_nothing": self.tokens_moved_nothing,
            "reports": self.reports,
        }


def tokens(connection: psycopg.Connection[Any], span: Span) -> dict[Key, Tokens]:
    """Return what transitions of a span cost, by family, capability, workflow and stage."""
    return {
        (row["family"], row["capability"], row["workflow"], row["stage"]): Tokens(
            row["input"], row["output"], row["cache_read"], row["cache_write"], row["measured"]
        )
        for row in rows(connection, SQL["tokens"], **span.parameters())
        if row["family"] is not None
    }


def idle(connection: psycopg.Connection[Any], span: Span) -> tuple[Idle, ...]:
    """Return what moved nothing in a span, by family; of an epic nothing can be told, as it belongs to none."""
    if span.epic is not None:
        return ()
    return tuple(
        Idle(row["family"], int(row["empty_claims"]), row["tokens_moved_nothing"], int(row["reports"]))
        for row in rows(connection, SQL["idle"], **span.parameters())
    )
