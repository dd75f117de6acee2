"""Governance as it stands: policies in force, what is denied and when it heals, halted capabilities, flags, and whom a
person should look at.

A thing that cannot be read is ``Unread`` and says so; nothing here ever turns trouble into "nothing to see".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from ainarres.domain.duration import show
from ainarres.projections.evidence import SQL
from ainarres.projections.wording import NONE, instant, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

Row = dict[str, Any]
SUSPENSIONS, FLAGS = 3, 2
"""Suspensions nobody lifted, where no policy in force says how many; open flags; after which a person should look."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A section that could not be read, and why: it stands where the section would."""

    reason: str

    @classmethod
    def of(cls, error: Exception) -> Unread:
        """Return what there is to say of the trouble, on one line."""
        return cls(str(error).partition("\n")[0])

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"unreadable": self.reason}

    def lines(self) -> list[str]:
        """Write it as a section's only line."""
        return [f"  could not be read: {printable(self.reason, 200)}"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """What is in force at a moment; rows as the statements of ``evidence.sql`` give them."""

    now: datetime
    policies: Sequence[Row]
    denials: Sequence[Row]
    halted: Sequence[Row]
    flags: Sequence[Row]
    recommended: Sequence[Row]
    evidence: Sequence[Row]

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values; ``heals_in_seconds`` is null for what only a person lifts."""
        return {
            "policies": [row | {"adopted_at": instant(row["adopted_at"])} for row in self.policies],
            "denials": [self._denial(row) for row in self.denials],
            "halted": list(self.halted),
            "flags": [_plain(row) for row in self.flags],
            "recommended": list(self.recommended),
            "evidence": [row | {"newest": instant(row["newest"])} for row in self.evidence],
        }

    def _denial(self, row: Row) -> Row:
        until = row["until"]
        times = {"since": instant(row["since"]), "until": None if until is None else instant(until)}
        return row | times | {"heals_in_seconds": None if until is None else (until - self.now).total_seconds()}

    def lines(self) -> list[str]:
        """Write what a person should know, a line each; one that says so where there is nothing."""
        return [*self.alarms(), *map(self.denied, self.denials), *map(flag_line, self.flags), *self.advice()] or [NONE]

    def alarms(self) -> list[str]:
        """Write what stops work or judges nobody."""
        halted = [f"⚠ {halted_line(row)}" for row in self.halted]
        return halted + [f"⚠ {broken_line(row)}" for row in self.policies if row["broken"] is not None]

    def denied(self, row: Row) -> str:
        """Write one denial with its time to heal."""
        who = f"- {printable(row['family'])} / {printable(row['feature'])}"
        if row["until"] is None:
            return f"{who}: revoked until a person lifts it: {printable(row['reason'], 160)}"
        heals = show(row["until"] - self.now)
        return f"{who}: suspended, heals in {heals} (suspension {row['n']}): {printable(row['reason'], 160)}"

    def advice(self) -> list[str]:
        """Write whom a person should look at."""
        return [f"⚑ {recommended_line(row)}" for row in self.recommended]


def rows(connection: psycopg.Connection[Any], statement: str, **parameters: Any) -> list[Row]:
    """Return the rows of one of the statements on evidence and what follows from it."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL[statement], parameters or None).fetchall()


def read(connection: psycopg.Connection[Any]) -> Governance:
    """Return what is in force: policies, denials (a person's too), halted capabilities, flags, evidence by subject."""
    return Governance(
        now=rows(connection, "clock")[0]["now"],
        policies=rows(connection, "standing"),
        denials=rows(connection, "denials"),
        halted=rows(connection, "halted"),
        flags=rows(connection, "flags", all=False),
        recommended=rows(connection, "recommended", suspensions=SUSPENSIONS, flags=FLAGS),
        evidence=rows(connection, "subjects"),
    )


def look(connection: psycopg.Connection[Any]) -> Governance | Unread:
    """Do the same, and where it cannot be read say why."""
    try:
        return read(connection)
    except psycopg.Error as error:
        return Unread.of(error)


def halted_line(row: Row) -> str:
    """Say that nobody may exercise a capability."""
    return (
        f"{printable(row['capability'])} is HALTED: denied to {printable(', '.join(row['families']))}, its every holder"
    )


def broken_line(row: Row) -> str:
    """Say that a policy in force cannot be evaluated."""
    return f"policy {printable(row['key'])} version {row['version']} is BROKEN, it judges nobody: " + printable(
        row["broken"], 160
    )


def flag_line(row: Row) -> str:
    """Say what somebody wants a person to look at."""
    subject = " / ".join(printable(part) for part in (row["family"], row["capability"]) if part)
    of = f" on {subject}" if subject else ""
    return f"- {row['kind']} flag ({row['severity']}){of}: {printable(row['gap'], 160)}"


def recommended_line(row: Row) -> str:
    """Say whom a person should look at, and why."""
    counts = f"{row['suspensions']} suspensions nobody lifted, {row['flags']} open flags"
    return f"{printable(row['family'])} / {printable(row['feature'])}: {counts}; look at revoking for good"


def _plain(row: Row) -> Row:
    times = {name: None if row[name] is None else instant(row[name]) for name in ("raised_at", "resolved_at")}
    return row | times | {name: None if row[name] is None else str(row[name]) for name in ("id", "task")}
