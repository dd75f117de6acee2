"""Reviews: who judged whose work, what they caught, what got past them, and whether a stranger's eye catches more.

A decision is an advance or a rejection out of a stage that judges an earlier one, where somebody did that work. All
figures by family and by maker: one maker's models may share a blind spot under different names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.database.queries import load
from ainarres.projections.catchup import Projection, rows
from ainarres.projections.intervals import Difference, Rate

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from ainarres.projections.span import Span

SQL = load("ainarres.projections", "reviews.sql")
PROJECTION = Projection(
    name="reviews",
    version=1,
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
    """Approved work that a later stage rejected with the author's stage at fault."""
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


NOTHING = Figures(
    reviews=0, approved=0, rejected=0, escaped=0, overturned=0, median_review_seconds=None, hasty_approvals=None
)
_BY = ("stage", "reviewer_family", "reviewer_maker", "author_family", "author_maker", "same_family", "same_maker")


def read(connection: psycopg.Connection[Any], span: Span) -> Reviews:
    """Return the review figures of a span; the projection stands at its end or later."""
    found: dict[frozenset[str], list[Mapping[str, Any]]] = {}
    for row in rows(connection, SQL["figures"], **span.parameters()):
        found.setdefault(frozenset(name for name in _BY if row[f"by_{name}"]), []).append(row)
    total = found.get(frozenset(), [])
    return Reviews(_figures(total[0]) if total else NOTHING, _side(found, "family"), _side(found, "maker"))


def _side(found: Mapping[frozenset[str], list[Mapping[str, Any]]], by: str) -> Side:
    reviewer, author = f"reviewer_{by}", f"author_{by}"

    def split(*names: str) -> tuple[Figures, ...]:
        return tuple(_figures(row, by) for row in found.get(frozenset(names), []))

    kin = {row[f"same_{by}"]: _figures(row) for row in found.get(frozenset({f"same_{by}"}), [])}
    return Side(
        pairs=split("stage", reviewer, author),
        reviewers=split(reviewer),
        matrix=split(reviewer, author),
        kinship=Kinship(kin.get(True, NOTHING), kin.get(False, NOTHING)),
    )


def _figures(row: Mapping[str, Any], by: str | None = None) -> Figures:
    counts = ("reviews", "approved", "rejected", "escaped", "overturned", "median_review_seconds", "hasty_approvals")
    return Figures(
        stage=row["stage"] if row["by_stage"] else None,
        reviewer=row[f"reviewer_{by}"] if by else None,
        author=row[f"author_{by}"] if by else None,
        **{name: row[name] for name in counts},
    )
