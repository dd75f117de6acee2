"""The whole account of a run: the report's lines, then what families achieved, what moved nothing, governance, intake,
epics, operators, the watch. A section that cannot be read says so.

One object, gathered once; text here, Markdown and HTML in ``page``, JSON by the schema in ``account.json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

from ainarres.domain.duration import show
from ainarres.projections import catchup, declared, epics, governed, lookout, moments, report, reviews, seat
from ainarres.projections import track_record as records
from ainarres.projections.following import PROJECTIONS
from ainarres.projections.governed import Unread
from ainarres.projections.span import Span
from ainarres.projections.wording import NONE, amount, instant, percent, printable, short

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ainarres.domain.context import Caller
    from ainarres.projections.catchup import Standing
    from ainarres.projections.epics import Epic
    from ainarres.projections.governed import Governance
    from ainarres.projections.intervals import Rate
    from ainarres.projections.moments import Moment
    from ainarres.projections.report import Report
    from ainarres.projections.reviews import Reviews
    from ainarres.projections.seat import Seat
    from ainarres.projections.track_record import Record, TrackRecord
    from ainarres.projections.watch import Finding

HIDDEN = Unread("it takes scope monitor")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything the report knows."""

    moment: Moment
    span: Span
    lag: int
    """Positions that the figures are behind; more than 0 only for a login that may not bring them along."""
    report: Report
    record: TrackRecord
    reviews: Reviews
    epics: tuple[Epic, ...]
    governance: Governance | Unread
    seat: Seat | Unread
    """Briefs that came in, and what operators did."""
    watch: tuple[Finding, ...] | Unread
    cycles: tuple[Mapping[str, Any], ...]
    """Rows ``workflow stage exits quartiles`` (seconds), in the order in which work reached the stages first."""
    throughput: tuple[Mapping[str, Any], ...]
    """Rows ``at step_seconds tasks``."""

    def label(self, family: str | None) -> str:
        """Return what people call a family."""
        return printable(self.report.labels.get(family or "", family or "unknown"))

    def to_json(self) -> dict[str, Any]:
        """Return the account as ``account.json`` describes it."""
        return {
            **self.report.to_json(),
            "as_of": self.moment.to_json(),
            "after": self.span.after,
            "epic": self.span.epic,
            "lag": self.lag,
            "track_record": self.record.to_json()["records"],
            "moved_nothing": self.record.to_json()["moved_nothing"],
            "reviews": self.reviews.to_json(),
            "epics": [one.to_json() for one in self.epics],
            "governance": self.governance.to_json(),
            "intake": self.seat.to_json() if isinstance(self.seat, Unread) else self.seat.intake_json(),
            "operator": self.seat.to_json() if isinstance(self.seat, Unread) else self.seat.operator_json(),
            "watch": self.watch.to_json() if isinstance(self.watch, Unread) else [one.to_json() for one in self.watch],
            "cycles": [dict(row) for row in self.cycles],
            "throughput": [{**row, "at": instant(row["at"])} for row in self.throughput],
        }

    def text(self, *, full: bool = False) -> str:
        """Write the account; families by label, or by key when ``full``."""

        def named(family: str) -> str:
            return printable(family) if full else self.label(family)

        lines = [self.report.text(full=full), "family track record:"]
        lines += [f"- {named(one.family)} {record_line(one)}" for one in self.record.records] or [NONE]
        lines.append("spend that moved nothing:")
        lines += [
            f"- {named(one.family)}: {amount(one.tokens_moved_nothing)} tokens, {one.empty_claims} empty claims"
            for one in self.record.idle
        ] or [NONE]
        lines += ["governance:", *self.governance.lines()]
        lines += ["intake:", *(self.seat.lines() if isinstance(self.seat, Unread) else self.seat.intake_lines())]
        lines += ["epics:", *([f"- {epic_line(one)}" for one in self.epics] or [NONE])]
        lines += ["operator:", *(self.seat.lines() if isinstance(self.seat, Unread) else self.seat.operator_lines())]
        lines += ["watch:", *self._watched()]
        if self.lag:
            lines.append(f"these figures are {self.lag} positions behind the ledger")
        return "\n".join(lines)

    def _watched(self) -> list[str]:
        if isinstance(self.watch, Unread):
            return self.watch.lines()
        return [f"- {finding_line(one)}" for one in self.watch] or [NONE]


def record_line(one: Record) -> str:
    """Say a family's record at one stage."""
    role = (one.capability or "role:unknown").partition(":")[2]
    parts = [
        f"{one.delivered} delivered",
        f"first pass {rate(one.first_pass_rate)}",
        f"{one.rejected} rejected of {one.submissions} ({percent(one.reject_rate.value)})",
        f"hold p50 {seconds(one.hold_p50)} p95 {seconds(one.hold_p95)}",
        f"cycle p50 {seconds(one.cycle_p50)}",
        f"{amount(one.tokens_per_delivery)} tokens a delivery",
    ]
    lost = [f"{count} {name}" for name, count in (("released", one.released), ("expired", one.expired)) if count]
    return f"{printable(role)} [{printable(one.stage)}]: {', '.join((*parts, *lost))}"


def epic_line(one: Epic) -> str:
    """Say how far an epic is."""
    said = f"{short(one.key)} {one.status}: {one.done} of {one.tasks} done, {one.cancelled} cancelled"
    why = ", ".join(printable(part, 160) for part in (one.code, one.reason) if part)
    again = f"; rework {short(one.rework)}" if one.rework else ""
    return f"{said} ({why}{again})" if why or again else said


def finding_line(one: Finding) -> str:
    """Say what is wrong."""
    subject = short(one.task) if one.task is not None else printable(one.subject)
    return f"{one.kind} {subject}: {printable(one.text)}"


def rate(of: Rate) -> str:
    """Write a rate with its interval and sample: ``67% (21-94%, n=3)``."""
    if of.value is None:
        return "unknown (n=0)"
    if of.interval is None:
        return f"{percent(of.value)} (n={of.of})"
    low, high = of.interval
    return f"{percent(of.value)} ({low * 100:.0f}-{high * 100:.0f}%, n={of.of})"


def seconds(of: float | None) -> str:
    """Write seconds for a person."""
    return "unknown" if of is None else show(of)


def gather(
    connection: psycopg.Connection[Any],
    *,
    lane: str | None = None,
    epic: str | None = None,
    since: Moment | None = None,
    at: Moment | None = None,
    limit: int = report.LIMIT,
    caller: Caller | None = None,
) -> Account:
    """Gather the account of a lane (full key), an epic (its brief's id), the time after ``since``, as of ``at``, as far
    as it is shown to ``caller``; null for somebody who sees all.
    """
    followed = tuple(PROJECTIONS.values())
    standing = catchup.ready(connection, followed)
    moment = at or moments.now(connection)
    upto = min(moment.position, *(one.position for one in standing))
    span = Span(upto, since.position if since else 0, lane, epic)
    with catchup.reading(connection, followed):
        found = _figures(connection, span, limit, caller)
    with moments.at(connection, at):
        standing_now: dict[str, Any] = {
            "watch": _section(lambda: _watch(connection, moment, found, lane, live=at is None)),
            "seat": _section(lambda: seat.read(connection, span)),
            "governance": governed.look(connection) if caller is None or caller.may("monitor") else HIDDEN,
        }
    return Account(moment=moment, span=span, lag=_lag(standing, upto, moment), **found, **standing_now)


def _section(read: Callable[[], _T]) -> _T | Unread:
    try:
        return read()
    except psycopg.Error as error:
        return Unread.of(error)


def _watch(
    connection: psycopg.Connection[Any], moment: Moment, found: dict[str, Any], lane: str | None, *, live: bool
) -> tuple[Finding, ...]:
    reviewers = found["reviews"].by_family.reviewers
    told = lookout.world(connection, moment, found["record"], reviewers, lane, live=live)
    return lookout.findings(connection, told)


def _figures(connection: psycopg.Connection[Any], span: Span, limit: int, caller: Caller | None) -> dict[str, Any]:
    labels = {row["key"]: row["label"] for row in declared.rows(connection, "families")}
    asked = span.parameters()
    return {
        "report": report.read(connection, span, labels, limit),
        "record": records.read(connection, span),
        "reviews": reviews.read(connection, span),
        "epics": epics.read(connection, span, None if caller is None else caller.sees),
        "cycles": tuple(catchup.rows(connection, records.SQL["cycles"], **asked)),
        "throughput": tuple(catchup.rows(connection, records.SQL["throughput"], **asked)),
    }


def _lag(standing: Sequence[Standing], upto: int, moment: Moment) -> int:
    return max(0, min(moment.position, max(one.horizon for one in standing)) - upto)


def judged(
    connection: psycopg.Connection[Any],
    *,
    lane: str | None = None,
    epic: str | None = None,
    since: Moment | None = None,
    at: Moment | None = None,
) -> tuple[Reviews, Span, int]:
    """Return the review figures alone, the span they are of and how many positions they are behind."""
    followed = (PROJECTIONS["reviews"],)
    standing = catchup.ready(connection, followed)
    moment = at or moments.now(connection)
    span = Span(min(moment.position, standing[0].position), since.position if since else 0, lane, epic)
    with catchup.reading(connection, followed):
        return reviews.read(connection, span), span, _lag(standing, span.upto, moment)
