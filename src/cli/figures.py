"""Figures: the report in its forms, who reviewed whom, what work waits."""

from __future__ import annotations

import json as _json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ainarres.cli import access, trouble
from ainarres.cli.people import At, Home, Json, Lane, Url  # noqa: TC001 - typer reads them
from ainarres.cli.watch import as_of, lane_of, show
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    import psycopg

    from ainarres.projections.account import Account

FORMATS = ("text", "json", "md", "html")
Since = Annotated[
    str | None, typer.Option("--from", metavar="POSITION|TIME", help="Only what happened after this moment")
]
Epic = Annotated[
    str | None, typer.Option("--epic", metavar="TASK", help="Of one epic: the id of its brief, or an end of it")
]


def report(
    *,
    lane: Lane = None,
    epic: Epic = None,
    from_: Since = None,
    at: At = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="text|json|md|html", help="How to write it; html is one file")
    ] = "text",
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="Write it to a file")] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, metavar="N", help="At most so many lines a section")
    ] = 1000,
    full: Annotated[bool, typer.Option("--full", help="Print families in full, not by label")] = False,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Report on a run: what shipped through whose hands, what failed, who did well, what went wrong."""
    from ainarres.projections import account, moments  # noqa: PLC0415 - the table of commands needs no driver

    form = "json" if json else format_
    if form not in FORMATS:
        raise InvalidInput("--format", f"there is no format {form!r}", f"one of {', '.join(FORMATS)}")
    with access.opened(url, home) as connection:
        wanted = lane_of(connection, lane)
        brief = _epic(connection, epic)
        for refusal in (wanted, brief):
            if isinstance(refusal, Refusal):
                return trouble.refuse(refusal, as_json=json)
        assert not isinstance(wanted, Refusal)
        assert not isinstance(brief, Refusal)
        found = account.gather(
            connection,
            lane=wanted,
            epic=brief,
            since=None if from_ is None else moments.resolve(connection, from_, "--from"),
            at=None if at is None else moments.resolve(connection, at),
            limit=limit,
        )
    written = _written(found, form, full=full, dated=at is not None)
    if out is None:
        print(written)
    else:
        Path(out).write_text(written + "\n", encoding="utf-8")
    return 0


def reviews(
    *,
    lane: Lane = None,
    epic: Epic = None,
    from_: Since = None,
    at: At = None,
    by: Annotated[str, typer.Option("--by", metavar="family|maker", help="Split by family or by maker")] = "family",
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Show how well reviewers judge: what they caught, what escaped them, whether strangers catch more."""
    from ainarres.projections import account, sheet  # noqa: PLC0415 - as above
    from ainarres.projections import moments as past  # noqa: PLC0415 - as above

    if by not in ("family", "maker"):
        raise InvalidInput("--by", f"reviews are not split by {by!r}", "one of family, maker")
    with access.opened(url, home) as connection:
        wanted, brief = lane_of(connection, lane), _epic(connection, epic)
        for refusal in (wanted, brief):
            if isinstance(refusal, Refusal):
                return trouble.refuse(refusal, as_json=json)
        assert not isinstance(wanted, Refusal)
        assert not isinstance(brief, Refusal)
        since = None if from_ is None else past.resolve(connection, from_, "--from")
        moment = None if at is None else past.resolve(connection, at)
        figures, span, lag = account.judged(connection, lane=wanted, epic=brief, since=since, at=moment)
    if json:
        return show({"position": span.upto, "after": span.after, "lag": lag, **figures.to_json()})
    if moment is not None:
        print(moment)
    print(sheet.reviews_text(figures, by))
    return 0


def demand(lane: Lane = None, at: At = None, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Show what work waits, how long, and what it takes to do it."""
    from ainarres.projections import demand as demands  # noqa: PLC0415 - as above
    from ainarres.projections import glance  # noqa: PLC0415 - as above

    with access.opened(url, home) as connection, as_of(connection, at, as_json=json):
        wanted = lane_of(connection, lane)
        if isinstance(wanted, Refusal):
            return trouble.refuse(wanted, as_json=json)
        found, now = demands.read(connection, wanted), glance.read_clock(connection)
    if json:
        return show({"demand": [one.to_json(now) for one in found]})
    print(demands.render(found, now))
    return 0


def _epic(connection: psycopg.Connection[Any], typed: str | None) -> str | Refusal | None:
    from ainarres.projections import declared  # noqa: PLC0415 - as above

    if typed is None:
        return None
    found = declared.task(connection, typed)
    return found if isinstance(found, Refusal) else str(found)


def _written(found: Account, form: str, *, full: bool, dated: bool) -> str:
    if form == "json":
        from ainarres.verbs.envelope import plain_value  # noqa: PLC0415 - as above

        return _json.dumps(found.to_json(), ensure_ascii=False, default=plain_value)
    if form == "text":
        return f"{found.moment}\n{found.text(full=full)}" if dated else found.text(full=full)
    from ainarres.projections import page, sheet  # noqa: PLC0415 - as above

    return sheet.markdown(found) if form == "md" else page.html(found)
