"""Check the ledger: compare every projection with it, build them anew from it, keep them at its end."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ainarres.cli import access
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.shown import show

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from ainarres.projections.catchup import Projection, Step
    from ainarres.projections.rebuild import Checked

INLINE = "board"
"""The name of the inline projections, which are rebuilt together."""


def rebuild(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="One projection: board, or one that catches up; all if left out"),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare only; change nothing")] = False,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Build projections anew from the ledger, or compare them with it; a difference is exit status 1."""
    from ainarres.database.connect import connect  # noqa: PLC0415 - the table of commands needs no driver
    from ainarres.projections import rebuild as rebuilding  # noqa: PLC0415 - as above
    from ainarres.projections import renewal  # noqa: PLC0415 - as above

    given, inline, followed = access.settings(url, home), name in (None, INLINE), _followed(name)
    told = None if json else _folding()
    if check:
        with access.connection(given) as connection:
            checks = [rebuilding.check(connection, told)] if inline else []
            if not checks or checks[0].difference is None:
                checks += [renewal.check(connection, one) for one in followed]
        return _tell(_joined(checks), as_json=json)
    with access.connection(given):  # proves the schema before anything is swapped
        pass

    def opened() -> psycopg.Connection[Any]:
        return connect(access.owner_address(given), idle_seconds=0, statement_seconds=0)

    stands: dict[str, int] = {}
    if inline:
        with opened() as owner:
            stands[INLINE] = rebuilding.rebuild(owner, told)
    stands |= renewal.rebuild_all(opened, followed, None if json else _progress)
    if json:
        return show({"rebuilt": True, "position": min(stands.values()), "projections": stands})
    print(f"rebuilt up to position {min(stands.values())}")
    return 0


def follow(json: Json = False, url: Url = None, home: Home = None) -> int:
    """Keep the catch-up projections at the end of the ledger until Ctrl-C; readers then find them ready."""
    from ainarres.projections import catchup, following  # noqa: PLC0415 - as above
    from ainarres.projections.runner import following as running  # noqa: PLC0415 - as above

    given = access.settings(url, home)
    with access.connection(given) as connection:
        for projection in following.PROJECTIONS.values():
            stands = catchup.catch_up(connection, projection, progress=None if json else _progress)
            if json:
                show({"projection": projection.name, "position": stands})
            else:
                print(f"{projection.name} stands at position {stands}", flush=True)
    with running(access.address(given)) as runners:
        runners[0].run_forever()
    return 0


def _followed(name: str | None) -> list[Projection]:
    from ainarres.projections.following import PROJECTIONS, named  # noqa: PLC0415 - as above

    if name == INLINE:
        return []
    return list(PROJECTIONS.values()) if name is None else [named(name)]


def _joined(checks: list[Checked]) -> Checked:
    from ainarres.projections.rebuild import Checked  # noqa: PLC0415 - as above

    rows = {table: count for one in checks for table, count in one.rows.items()}
    found = next((one.difference for one in checks if one.difference is not None), None)
    return Checked(checks[0].position, rows, found)  # the board's; what catches up is compared up to its own mark


def _folding() -> Callable[[int, int], None]:
    """Return what tells how many events were folded, how fast, and how long it will go on."""
    from ainarres.projections.catchup import step  # noqa: PLC0415 - as above

    started = time.monotonic()
    return lambda done, of: _progress(step(INLINE, 0, done, of, time.monotonic() - started)) if done < of else None


def _progress(step: Step) -> None:
    from ainarres.domain.duration import show as span  # noqa: PLC0415 - as above

    rate = f"{step.events_per_second:,.0f} events/s, {span(step.seconds_left)} left"
    print(f"{step.projection}: {step.position} of {step.target}, {rate}", file=sys.stderr)


def _tell(checked: Checked, *, as_json: bool) -> int:
    difference = checked.difference
    if as_json:
        found = None
        if difference is not None:
            event = difference.cause and {"position": difference.cause.position, "type": difference.cause.type}
            found = {"table": difference.table, "live": difference.live, "ledger": difference.ledger, "event": event}
        show({"equal": difference is None, "position": checked.position, "rows": checked.rows, "difference": found})
    elif difference is None:
        rows = sum(checked.rows.values())
        print(f"equal: {rows} rows in {len(checked.rows)} tables are what the ledger gives up to {checked.position}")
    else:
        print(f"DIFFERENT: table {difference.table}, up to position {checked.position}")
        print(f"  live:   {difference.live}")
        print(f"  ledger: {difference.ledger}")
        if difference.cause is not None:
            print(f"  goes back to {difference.cause}")
        print("the ledger is right; `ainarres rebuild` brings the tables to it")
    return 0 if difference is None else 1
