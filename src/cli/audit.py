"""Check the ledger: compare every projection with it, or build them anew from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ainarres.cli import access
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.watch import show

if TYPE_CHECKING:
    from ainarres.projections.rebuild import Checked


def rebuild(
    check: Annotated[bool, typer.Option("--check", help="Compare only; change nothing")] = False,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Build every projection anew from the ledger, or compare them with it; a difference is exit status 1."""
    from ainarres.database.connect import connect  # noqa: PLC0415 - the table of commands needs no driver
    from ainarres.projections import rebuild as rebuilding  # noqa: PLC0415 - as above

    given = access.settings(url, home)
    if check:
        with access.connection(given) as connection:
            return _tell(rebuilding.check(connection), as_json=json)
    with access.connection(given):  # proves the schema before anything is swapped
        pass
    with connect(access.owner_address(given), idle_seconds=0, statement_seconds=0) as owner:
        position = rebuilding.rebuild(owner)
    if json:
        return show({"rebuilt": True, "position": position})
    print(f"rebuilt up to position {position}")
    return 0


def _tell(checked: Checked, *, as_json: bool) -> int:
    difference = checked.difference
    if as_json:
        found = None
        if difference is not None:
            found = {"table": difference.table, "live": difference.live, "ledger": difference.ledger}
        show({"equal": difference is None, "position": checked.position, "rows": checked.rows, "difference": found})
    elif difference is None:
        rows = sum(checked.rows.values())
        print(f"equal: {rows} rows in {len(checked.rows)} tables are what the ledger gives up to {checked.position}")
    else:
        print(f"DIFFERENT: table {difference.table}, up to position {checked.position}")
        print(f"  live:   {difference.live}")
        print(f"  ledger: {difference.ledger}")
        print("the ledger is right; `ainarres rebuild` brings the tables to it")
    return 0 if difference is None else 1
