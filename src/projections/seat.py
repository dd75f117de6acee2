"""What comes in and what operators do: open briefs by stage, and operators' acts with the word they acted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.projections import watch
from ainarres.projections.catchup import rows
from ainarres.projections.wording import NONE, instant, printable, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from ainarres.projections.catchup import Row
    from ainarres.projections.span import Span

SQL = load("ainarres.projections", "seat.sql")
LIMIT = 10
"""Briefs and acts that are listed."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Briefs on lanes of the workflow ``intake``, and operators' acts."""

    stages: Mapping[str, int]
    """Briefs by stage, in the order of the workflow."""
    open: Sequence[Row]
    """Rows ``task stage title`` of those not accepted yet, the oldest first."""
    acts: Sequence[Row]
    """The newest acts, as the statement ``acts`` of the watch gives them."""
    total: int
    """Acts in the span."""
    uninstructed: int
    """Of those, the ones that nobody said on whose word."""

    def intake_json(self) -> dict[str, Any]:
        """Return the briefs as plain JSON values."""
        return {"stages": dict(self.stages), "open": [row | {"task": str(row["task"])} for row in self.open]}

    def operator_json(self) -> dict[str, Any]:
        """Return the acts as plain JSON values."""
        names = ("position", "actor", "type", "subject", "reason", "instruction", "instructed_by")
        told = [
            {name: row[name] for name in names}
            | {"task": None if row["task"] is None else str(row["task"]), "at": instant(row["at"])}
            for row in self.acts
        ]
        return {"total": self.total, "uninstructed": self.uninstructed, "acts": told}

    def intake_lines(self) -> list[str]:
        """Write the briefs."""
        if not self.stages:
            return [NONE]
        counts = " · ".join(f"{count} {printable(stage)}" for stage, count in self.stages.items())
        return [
            f"  {counts}",
            *(f"- {short(row['task'])} [{row['stage']}] {printable(row['title'])}" for row in self.open),
        ]

    def operator_lines(self) -> list[str]:
        """Write the acts."""
        if not self.total:
            return [NONE]
        return [
            f"  {self.total} acts · {self.uninstructed} without an instruction",
            *(f"- {act_line(row)}" for row in self.acts),
        ]


def act_line(row: Row) -> str:
    """Say what an operator did, and on whose word."""
    about = short(row["task"]) if row["task"] else printable(row["subject"])
    word = printable(row["instruction"] or "no instruction", 120)
    by = f" by {printable(row['instructed_by'])}" if row["instructed_by"] else ""
    return f"{printable(row['actor'])} {row['type']} {about} — {word}{by}"


def read(connection: psycopg.Connection[Any], span: Span) -> Seat:
    """Return the briefs as they stand and the acts of a span; the projection ``watch`` stands at its end or later."""
    counts = rows(connection, SQL["briefs"], lane=span.lane)
    open_ = rows(connection, SQL["open_briefs"], lane=span.lane, limit=LIMIT)
    asked = {"after": span.after, "upto": span.upto, "limit": LIMIT, "uninstructed": False, "lane": span.lane}
    acts = rows(connection, watch.SQL["acts"], **asked)
    total, uninstructed = (acts[0]["total"], acts[0]["uninstructed"]) if acts else (0, 0)
    return Seat({row["stage"]: row["tasks"] for row in counts}, open_, acts, total, uninstructed)
