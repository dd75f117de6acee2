"""The account as one HTML file: tables and charts, styles inside, nothing fetched; sound on paper and in the dark."""

from __future__ import annotations

from datetime import timedelta
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from ainarres.domain.duration import show
from ainarres.projections import charts, sheet
from ainarres.projections.account import rate
from ainarres.projections.wording import amount, moment, percent, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ainarres.projections.account import Account
    from ainarres.projections.sheet import Table


def html(account: Account) -> str:
    """Write the account as one self-contained HTML document."""
    text = (files("ainarres.projections") / "page.html").read_text(encoding="utf-8")
    behind = f"<p class=behind>These figures are {account.lag} positions behind the ledger.</p>" if account.lag else ""
    return (
        Template(text)
        .substitute(
            title=escape(sheet.heading(account)),
            moment=escape(str(account.moment)),
            behind=behind,
            charts="\n".join(_charts(account)),
            tables="\n".join(_table(table) for table in sheet.tables(account)),
        )
        .rstrip()
    )


def _charts(account: Account) -> Iterator[str]:
    steps = account.throughput
    every = f", a column is {show(steps[0]['step_seconds'])}" if steps else ""
    yield charts.columns(f"Throughput: tasks shipped{every}", list(_throughput(steps)))
    yield charts.bars(
        "Cycle time by stage: median from entry to exit, quartiles beside it",
        [
            (f"{row['workflow']}/{row['stage']}", row["quartiles"][1], " · ".join(show(q) for q in row["quartiles"]))
            for row in account.cycles
        ],
    )
    yield charts.intervals(
        "First pass by family, with 95% intervals",
        [
            (
                f"{account.label(one.family)} [{printable(one.stage)}]",
                one.first_pass_rate.value,
                one.first_pass_rate.interval,
                f"{percent(one.first_pass_rate.value)}, n={one.delivered}",
            )
            for one in account.record.records
            if one.delivered
        ],
    )
    yield charts.matrix(
        "Who reviewed whom: catch rate, reviewer down, author across",
        {
            (account.label(one.reviewer), account.label(one.author)): (
                one.catch_rate.value,
                f"{rate(one.catch_rate).partition(' ')[0]} of {one.reviews}",
            )
            for one in account.reviews.by_family.matrix
        },
    )
    yield charts.bars("Tokens by family", _tokens(account))


def _throughput(steps: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    """Yield a column a step of time, those in which nothing was shipped as well."""
    if not steps:
        return
    first, wide = steps[0]["at"], timedelta(seconds=float(steps[0]["step_seconds"]))
    shipped = {round((step["at"] - first) / wide): step["tasks"] for step in steps}
    for place in range(max(shipped) + 1):
        yield moment(first + place * wide), float(shipped.get(place, 0))


def _tokens(account: Account) -> list[tuple[str, float | None, str]]:
    spent: dict[str, float | None] = {}
    for one in account.record.records:
        total = one.tokens.total if one.tokens else None
        known = spent.get(one.family)
        spent[one.family] = known if total is None else total + (known or 0)
    return [(account.label(family), total, amount(total)) for family, total in spent.items()]


def _table(table: Table) -> str:
    head = f"<h2>{escape(printable(table.title))}</h2>"
    note = f"<p>{escape(printable(table.note))}</p>" if table.note else ""
    if not table.rows:
        return f"<section>{head}<p class=none>(none)</p>{note}</section>"
    headers = "".join(f"<th scope=col>{escape(one)}</th>" for one in table.headers)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(printable(cell))}</td>' for cell in row)}</tr>" for row in table.rows)
    name = escape(printable(table.title))
    body = f'<table aria-label="{name}"><thead><tr>{headers}</tr></thead><tbody>{rows}</tbody></table>'
    return f"<section>{head}<div class=wide>{body}</div>{note}</section>"
