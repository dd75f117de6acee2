"""Look at everything a ledger needs, one line each, with the cure where something is wrong."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ainarres.cli import access
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.shown import show
from ainarres.cli.trouble import one_line
from ainarres.faults import AinarresError, ReadOnlySession

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from ainarres.database.settings import Settings

SKEW = 5.0
"""Seconds by which this machine's clock may differ from the ledger's."""
ROOM = 1024**3
"""Bytes that should be free where the embedded server keeps its data."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, whether it is sound, what was seen, what to do."""

    name: str
    sound: bool
    seen: str
    cure: str = ""

    def text(self) -> str:
        """Write the line."""
        return f"{'ok ' if self.sound else 'BAD'} {self.name}: {self.seen}" + (f" — {self.cure}" if self.cure else "")


def doctor(json: Json = False, url: Url = None, home: Home = None) -> int:
    """Check server, schema, ledger, definitions, clock and disk; exit status 1 if something is wrong."""
    findings = list(_examine(access.settings(url, home)))
    sound = all(finding.sound for finding in findings)
    if json:
        rows = [{"name": f.name, "sound": f.sound, "seen": f.seen, "cure": f.cure or None} for f in findings]
        show({"sound": sound, "findings": rows})
    else:
        print("\n".join(finding.text() for finding in findings))
    return 0 if sound else 1


def _examine(given: Settings) -> Iterator[Finding]:
    from ainarres.database.connect import connect, redact  # noqa: PLC0415 - the table of commands needs no driver

    if not given.url:
        yield _disk(given)
        stopped = _stopped(given)
        if stopped is not None:
            yield stopped
            return
    try:
        address = access.address(given)
        connection = connect(address)
    except AinarresError as error:
        yield Finding("server", False, one_line(str(error)))
        return
    with connection:
        version = connection.info.parameter_status("server_version")
        yield Finding("server", True, f"PostgreSQL {version} at {redact(address)}")
        yield from _database(connection)


def _database(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    from ainarres.database.migrate import check, known  # noqa: PLC0415 - as above
    from ainarres.projections import declared  # noqa: PLC0415 - as above

    try:
        check(connection)
    except AinarresError as error:
        yield Finding("schema", False, one_line(str(error)))
        return
    yield Finding("schema", True, f"{len(known())} migrations, as this ainarres knows them")
    if connection.info.parameter_status("default_transaction_read_only") == "on":
        yield Finding("writes", False, str(ReadOnlySession()))
    ledger = declared.one(connection, "opened")
    if ledger is None:
        yield Finding("ledger", False, "not opened", "run: ainarres init")
    else:
        yield Finding("ledger", True, f"{ledger['id']}, opened {ledger['opened_at']:%Y-%m-%d}")
    yield from _definitions(connection)
    yield from _governance(connection)
    yield _clock(connection)


def _definitions(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    from ainarres.projections import declared  # noqa: PLC0415 - as above

    wanted = (
        ("workflows", "ainarres init, or ainarres workflow adopt FILE"),
        ("cards", "ainarres init, or ainarres card adopt FILE"),
        ("lanes", "ainarres project adopt project.toml"),
        ("families", "ainarres family adopt families.toml"),
    )
    for name, cure in wanted:
        count = len(declared.rows(connection, name))
        yield Finding(name, count > 0, f"{count}" if count else "none", "" if count else f"run: {cure}")


def _governance(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    from ainarres.projections import governed  # noqa: PLC0415 - as above

    found = governed.look(connection)
    if isinstance(found, governed.Unread):
        yield Finding("governance", False, f"could not be read: {one_line(found.reason)}", "run: ainarres rebuild")
        return
    broken = [row for row in found.policies if row["broken"] is not None]
    yield Finding("policies", not broken, f"{len(found.policies)} in force")
    for row in broken:
        said = f"{row['key']} version {row['version']} cannot be evaluated: {one_line(row['broken'])}"
        yield Finding("policy", False, said, f"run: ainarres policy adopt {row['key']}.toml")
    for row in found.halted:
        cure = f'lift one: ainarres lift {row["families"][0]} {row["capability"]} --reason "…"'
        yield Finding("halted", False, f"{row['capability']}: every holder is denied it", cure)


def _clock(connection: psycopg.Connection[Any]) -> Finding:
    from ainarres.projections import glance  # noqa: PLC0415 - as above

    skew = (glance.read_clock(connection) - datetime.now(UTC)).total_seconds()
    seen = f"{abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} this machine"
    cure = (
        "" if abs(skew) <= SKEW else "only the ledger's clock counts; set this machine's, so that people are not misled"
    )
    return Finding("clock", abs(skew) <= SKEW, seen, cure)


def _disk(given: Settings) -> Finding:
    place = next(one for one in (given.home, *given.home.parents) if one.exists())
    free = shutil.disk_usage(place).free
    return Finding(
        "disk", free >= ROOM, f"{free / 1024**3:.1f} GiB free in {place}", "" if free >= ROOM else "make room there"
    )


def _stopped(given: Settings) -> Finding | None:
    from ainarres.database import embedded  # noqa: PLC0415 - as above

    if not (given.home / "postgres").is_dir():
        return Finding("server", False, f"no ledger in {given.home}", "run: ainarres init")
    if not embedded.status(given.home).running:
        return Finding("server", False, f"the embedded server in {given.home} is stopped", "run: ainarres up")
    return None
