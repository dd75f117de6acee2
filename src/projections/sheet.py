"""The account as tables: the same blocks for Markdown and HTML, and the review figures as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ainarres.domain.duration import show
from ainarres.projections.account import epic_line, finding_line, rate, seconds
from ainarres.projections.governed import Unread
from ainarres.projections.report import HANDS
from ainarres.projections.wording import NONE, UNKNOWN, amount, moment, percent, printable, short, shortener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ainarres.projections.account import Account
    from ainarres.projections.catchup import Row
    from ainarres.projections.governed import Governance
    from ainarres.projections.intervals import Difference
    from ainarres.projections.reviews import Figures, Kinship, Reviews
    from ainarres.projections.seat import Seat

KIN = ("kind", "reviews", "caught", "escaped", "catch rate")


@dataclass(frozen=True, slots=True)
class Table:
    """A block of the report; cells are words for people, not yet escaped for any format."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def tables(account: Account) -> Iterator[Table]:
    """Yield the blocks of the report in their order."""
    yield from _lives(account)
    yield _record(account)
    idle = (
        (account.label(one.family), amount(one.tokens_moved_nothing), str(one.empty_claims))
        for one in account.record.idle
    )
    yield Table("spend that moved nothing", ("family", "tokens", "empty claims"), tuple(idle))
    yield from review_tables(account.reviews, "family", account.label)
    yield from _governance(account.governance)
    yield from _intake(account.seat)
    yield Table("epics", ("epic",), tuple((epic_line(one),) for one in account.epics))
    yield from _operator(account.seat)
    if isinstance(account.watch, Unread):
        yield _unread("watch", account.watch)
    else:
        yield Table("watch", ("finding",), tuple((finding_line(one),) for one in account.watch))


def _unread(title: str, section: Unread) -> Table:
    return Table(title, ("could not be read",), ((section.reason,),))


def _governance(found: Governance | Unread) -> Iterator[Table]:
    if isinstance(found, Unread):
        yield _unread("governance", found)
        return
    denied = tuple(
        (row["family"], row["feature"], _heals(found, row), str(row["n"] or UNKNOWN), row["reason"])
        for row in found.denials
    )
    headers = ("family", "capability", "heals in", "suspension", "reason")
    yield Table("governance: denied", headers, denied, "; ".join(found.alarms()))
    flags = tuple(
        (row["kind"], row["severity"], row["family"] or UNKNOWN, row["capability"] or UNKNOWN, row["gap"])
        for row in found.flags
    )
    headers = ("kind", "severity", "family", "capability", "gap")
    yield Table("governance: open flags", headers, flags, "; ".join(found.advice()))


def _heals(found: Governance, row: Row) -> str:
    return "a person lifts it" if row["until"] is None else show(row["until"] - found.now)


def _intake(seat: Seat | Unread) -> Iterator[Table]:
    if isinstance(seat, Unread):
        yield _unread("intake", seat)
        return
    counts = " · ".join(f"{count} {stage}" for stage, count in seat.stages.items())
    briefs = tuple((short(row["task"]), row["stage"], row["title"]) for row in seat.open)
    yield Table("intake: open briefs", ("brief", "stage", "title"), briefs, counts)


def _operator(seat: Seat | Unread) -> Iterator[Table]:
    if isinstance(seat, Unread):
        yield _unread("operator", seat)
        return
    acts = tuple(
        (
            moment(row["at"]),
            row["actor"],
            row["type"],
            short(row["task"]) if row["task"] else row["subject"],
            row["instruction"] or UNKNOWN,
            row["instructed_by"] or UNKNOWN,
        )
        for row in seat.acts
    )
    note = f"{seat.total} acts, {seat.uninstructed} without an instruction"
    yield Table("operator", ("at", "who", "what", "on", "instruction", "of"), acts, note)


def _lives(account: Account) -> Iterator[Table]:
    report, totals = account.report, account.report.totals
    sections = (report.shipped, report.failed, report.escalations, report.recovered)
    brief = shortener(row.task for rows in sections for row in rows)

    def titled(title: str, shown: int) -> str:
        return f"{title} ({totals.get(title.partition('/')[0].partition(' ')[0], shown)})"

    shipped = (
        (brief(row.task), row.title, *(_named(account, getattr(row, hand)) for hand in HANDS)) for row in report.shipped
    )
    yield Table(
        titled("shipped", len(report.shipped)),
        ("task", "title", *HANDS),
        tuple(shipped),
        report.cross_line(),
    )
    failed = tuple((brief(row.task), row.reason or "?") for row in report.failed)
    yield Table(titled("failed/blocked", len(failed)), ("task", "reason"), failed)
    climbed = tuple((brief(row.task), row.stage, f"tier:{row.tier}") for row in report.escalations)
    yield Table(titled("escalations", len(climbed)), ("task", "stage", "tier"), climbed)
    lost = tuple((brief(row.task), row.stage, _named(account, row.family)) for row in report.recovered)
    yield Table(titled("recovered leases", len(lost)), ("task", "stage", "family"), lost)
    busy = tuple((account.label(family), str(count)) for family, count in report.activity.items())
    yield Table("activity by family", ("family", "events"), busy)


def _named(account: Account, family: str | None) -> str:
    return UNKNOWN if family is None else account.label(family)


def _record(account: Account) -> Table:
    headers = (
        *("family", "capability", "workflow", "stage", "delivered", "submissions", "first pass", "rejected"),
        *("reject rate", "released", "expired", "hold p50", "hold p95", "cycle p50", "tokens", "tokens a delivery"),
        "measured",
    )
    rows = (
        (
            account.label(one.family),
            one.capability or "unknown",
            one.workflow,
            one.stage,
            str(one.delivered),
            str(one.submissions),
            rate(one.first_pass_rate),
            str(one.rejected),
            rate(one.reject_rate),
            str(one.released),
            str(one.expired),
            seconds(one.hold_p50),
            seconds(one.hold_p95),
            seconds(one.cycle_p50),
            amount(one.tokens.total if one.tokens else None),
            amount(one.tokens_per_delivery),
            percent(one.measured_share),
        )
        for one in account.record.records
    )
    return Table("family track record", headers, tuple(rows))


def review_tables(reviews: Reviews, by: str, label: Callable[[str | None], str]) -> Iterator[Table]:
    """Yield the tables of the review figures, split by ``family`` or ``maker``."""
    side = reviews.by_family if by == "family" else reviews.by_maker
    headers = (
        *("reviewer", "author", "stage", "reviews", "approved", "rejected", "escaped", "catch rate", "overturned"),
        *("median review", "hasty approvals"),
    )
    rows = tuple((label(one.reviewer), label(one.author), one.stage or UNKNOWN, *_figures(one)) for one in side.pairs)
    yield Table(f"reviews by {by}", headers, rows)
    for name, kin in (("family", reviews.by_family.kinship), ("maker", reviews.by_maker.kinship)):
        yield Table(f"same {name} against cross {name}", KIN, tuple(_kin(name, kin)), advantage(kin.advantage))


def _figures(one: Figures) -> tuple[str, ...]:
    return (
        str(one.reviews),
        str(one.approved),
        str(one.rejected),
        str(one.escaped),
        rate(one.catch_rate),
        str(one.overturned),
        seconds(one.median_review_seconds),
        "unknown" if one.hasty_approvals is None else str(one.hasty_approvals),
    )


def _kin(name: str, kin: Kinship) -> Iterator[tuple[str, ...]]:
    for kind, one in (("same", kin.same), ("cross", kin.cross)):
        yield f"{kind} {name}", str(one.reviews), str(one.rejected), str(one.escaped), rate(one.catch_rate)


def advantage(difference: Difference) -> str:
    """Say how much more a stranger's eye catches."""
    if difference.value is None or difference.interval is None:
        return "difference of catch rates, cross minus same: unknown"
    low, high = difference.interval
    said = f"{difference.value * 100:+.0f} points ({low * 100:+.0f} to {high * 100:+.0f})"
    return f"difference of catch rates, cross minus same: {said}, n={difference.left.of} and {difference.right.of}"


def reviews_text(reviews: Reviews, by: str) -> str:
    """Write the review figures for a terminal."""
    lines = []
    for table in review_tables(reviews, by, lambda name: printable(name or "unknown")):
        lines += [f"{table.title}:", *_columns(table)]
        lines += [f"  {table.note}"] if table.note else []
    return "\n".join(lines)


def _columns(table: Table) -> list[str]:
    if not table.rows:
        return [NONE]
    cells: Sequence[tuple[str, ...]] = [table.headers, *table.rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(table.headers))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    ]


def heading(account: Account) -> str:
    """Return the report's title."""
    where = f"lane {printable(account.report.lane)}" if account.report.lane else "all lanes"
    return f"end-of-run report — {where}"


def markdown(account: Account) -> str:
    """Write the account as Markdown."""
    lines = [f"# {_md(heading(account))}", "", str(account.moment), ""]
    if account.lag:
        lines += [f"These figures are {account.lag} positions behind the ledger.", ""]
    for table in tables(account):
        lines += [f"## {_md(table.title)}", ""]
        if table.rows:
            lines += ["| " + " | ".join(table.headers) + " |", "|" + " --- |" * len(table.headers)]
            lines += ["| " + " | ".join(map(_md, row)) + " |" for row in table.rows]
        else:
            lines.append("(none)")
        lines += ["", *([_md(table.note), ""] if table.note else [])]
    return "\n".join(lines).rstrip()


def _md(text: str) -> str:
    said = printable(text)
    for sign in "\\`*_[]<>|#":
        said = said.replace(sign, f"&#{ord(sign)};" if sign in "<>" else f"\\{sign}")
    return said
