"""Reviews: who judged whose work, what they caught, what got past them, and whether a stranger's eye catches more.

A decision is an advance or a rejection out of a stage that judges an earlier one, where somebody did that work. All
figures by family and by maker: one maker's models may share a blind spot under different names.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from statistics import median
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from ainarres.database.queries import load
from ainarres.projections.catchup import Projection
from ainarres.projections.intervals import Difference, Rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from ainarres.projections.catchup import Row
    from ainarres.projections.span import Span

SQL = load("ainarres.projections", "reviews.sql")
PROJECTION = Projection(
    name="reviews",
    version=2,
    tables=("judges", "floor", "pin", "decision"),
    statements=SQL,
    reads={
        "WorkflowAdopted": 1,
        "LaneOpened": 1,
        "LaneChanged": 1,
        "TaskCreated": 1,
        "TaskClaimed": 1,
        "TaskMigrated": 1,
        "TaskAdvanced": 1,
        "TaskRejected": 1,
        "EpicJudged": 1,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Decisions, counted; ``stage``, ``reviewer`` and ``author`` are null where the figures are not split by them."""

    stage: str | None = None
    reviewer: str | None = None
    author: str | None = None
    reviews: int
    approved: int
    rejected: int
    escaped: int
    """Approved work that a later stage rejected with the author's stage at fault, or that shipped in an epic which
    missed its requirements."""
    overturned: int
    """Rejections after which another reviewer approved the same digest."""
    median_review_seconds: float | None
    """From claim to decision."""
    hasty_approvals: int | None
    """Approvals faster than the lane's floor that escaped; null where no lane says what is too fast."""

    @property
    def catch_rate(self) -> Rate:
        """Rejected of all faults known of: rejected and escaped."""
        return Rate(self.rejected, self.rejected + self.escaped)

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON values; what they are not split by is left out."""
        split = {name: getattr(self, name) for name in ("stage", "reviewer", "author") if getattr(self, name)}
        counts = ("reviews", "approved", "rejected", "escaped", "overturned", "median_review_seconds")
        more = {name: getattr(self, name) for name in (*counts, "hasty_approvals")}
        return {**split, **more, "catch_rate": self.catch_rate.to_json()}


@dataclass(frozen=True, slots=True)
class Kinship:
    """Decisions on work of one's own kind against decisions on others'."""

    same: Figures
    cross: Figures

    @property
    def advantage(self) -> Difference:
        """How much more of the faults a stranger catches: cross minus same."""
        return Difference(self.cross.catch_rate, self.same.catch_rate)

    def to_json(self) -> dict[str, Any]:
        """Return both sides and their difference."""
        return {
            "same": self.same.to_json(),
            "cross": self.cross.to_json(),
            "catch_rate_difference": self.advantage.to_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The figures by family, or by maker."""

    pairs: tuple[Figures, ...]
    """By reviewer, author and stage."""
    reviewers: tuple[Figures, ...]
    matrix: tuple[Figures, ...]
    """By reviewer and author."""
    kinship: Kinship

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON values."""
        return {
            "pairs": [one.to_json() for one in self.pairs],
            "reviewers": [one.to_json() for one in self.reviewers],
            "matrix": [one.to_json() for one in self.matrix],
            "same_and_cross": self.kinship.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Reviews:
    """The review figures of a span."""

    total: Figures
    by_family: Side
    by_maker: Side

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON values."""
        return {
            "total": self.total.to_json(),
            "by_family": self.by_family.to_json(),
            "by_maker": self.by_maker.to_json(),
        }


def read(connection: psycopg.Connection[Any], span: Span) -> Reviews:
    """Return the review figures of a span; the projection stands at its end or later."""
    with connection.cursor(row_factory=dict_row, binary=True) as cursor:  # thousands of seconds read quicker so
        found = cursor.execute(SQL["figures"], span.parameters()).fetchall()
    return Reviews(_sum(found), _side(found, "family"), _side(found, "maker"))


def _side(found: Sequence[Row], by: str) -> Side:
    reviewer, author = f"reviewer_{by}", f"author_{by}"
    kin = {
        same: _sum(
            [
                row
                for row in found
                if None not in (row[reviewer], row[author]) and same == (row[reviewer] == row[author])
            ]
        )
        for same in (True, False)
    }
    return Side(
        pairs=_split(found, stage="stage", reviewer=reviewer, author=author),
        reviewers=_split(found, reviewer=reviewer),
        matrix=_split(found, reviewer=reviewer, author=author),
        kinship=Kinship(kin[True], kin[False]),
    )


def _split(found: Sequence[Row], **by: str) -> tuple[Figures, ...]:
    """Sum up rows that agree in the columns that ``by`` names, in the order in which they come."""
    groups: dict[tuple[str | None, ...], list[Row]] = {}
    for row in found:
        groups.setdefault(tuple(row[column] for column in by.values()), []).append(row)
    return tuple(_sum(rows, **dict(zip(by, key, strict=True))) for key, rows in groups.items())


def _sum(
    found: Sequence[Row], *, stage: str | None = None, reviewer: str | None = None, author: str | None = None
) -> Figures:
    def total(name: str) -> int:
        return sum(row[name] for row in found)

    # sorting what is sorted in runs merges the runs
    seconds = sorted(chain.from_iterable(row["seconds"] for row in found))
    return Figures(
        stage=stage,
        reviewer=reviewer,
        author=author,
        reviews=total("approved") + total("rejected"),
        approved=total("approved"),
        rejected=total("rejected"),
        escaped=total("escaped"),
        overturned=total("overturned"),
        median_review_seconds=median(seconds) if seconds else None,
        hasty_approvals=total("hasty") if total("floors") else None,
    )
