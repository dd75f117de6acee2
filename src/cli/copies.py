"""Take the ledger elsewhere: export, import and promote."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from ainarres.cli import access, trouble
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.shown import show
from ainarres.domain.refusal import Refusal
from ainarres.faults import Fault, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

TOLD_EVERY = 100_000
"""Events after which a long export says how far it is."""


def export(
    *,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write to this file; to standard output if left out")
    ] = None,
    since: Annotated[int, typer.Option("--since", min=0, metavar="POSITION", help="Events after this one only")] = 0,
    url: Url = None,
    home: Home = None,
) -> int:
    """Write every event as a line of JSON, a CloudEvent, with all that `import` and `verify` need."""
    from ainarres.ledger import export as exports  # noqa: PLC0415 - the table of commands needs no driver
    from ainarres.ledger import store  # noqa: PLC0415 - as above

    with access.opened(url, home) as connection:
        upto = store.horizon(connection)
        lines = exports.lines(connection, upto, since)
        if to is None:
            count = _copy(lines, sys.stdout.buffer)
        else:
            new = to.with_name(f".{to.name}.{os.getpid()}.new")
            try:
                with new.open("wb") as file:
                    count = _copy(lines, file)
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(to)
            except OSError as error:
                new.unlink(missing_ok=True)
                raise InvalidInput("--to", f"{to}: {error.strerror}", "name a file you may write to") from None
    print(f"exported {count} events up to position {upto}", file=sys.stderr)
    return 0


def _copy(lines: Iterable[bytes], file: BinaryIO) -> int:
    count = 0
    for line in lines:
        file.write(line)
        count += 1
        if count % TOLD_EVERY == 0:
            print(f"{count} events …", file=sys.stderr)
    return count


def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export")],
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Read an export into an empty ledger; the copy is read-only until `promote`."""
    from ainarres.database import embedded  # noqa: PLC0415 - as above
    from ainarres.database.connect import connect  # noqa: PLC0415 - as above
    from ainarres.database.migrate import migrate  # noqa: PLC0415 - as above
    from ainarres.ledger import export as exports  # noqa: PLC0415 - as above
    from ainarres.verbs import importing  # noqa: PLC0415 - as above

    given = access.settings(url, home)
    exports.chain_of(file)  # a file that is no export starts no server
    with nullcontext() if given.url else embedded.trying(given.home):
        address = access.owner_address(given)
        migrate(address)
        with connect(address, idle_seconds=0, statement_seconds=0) as owner:
            found = importing.load(owner, file)
        if found.differences:
            first = found.differences[0]
            raise Fault(f"the export is not sound, nothing was imported: {first.message} ({first.code})")
    if json:
        return show({"imported": found.events, "position": found.position, "root": found.root.hex()})
    print(f"imported {found.events} events up to position {found.position}; root {found.root.hex()}")
    print("the copy is read-only; `ainarres promote` makes it a ledger of its own")
    return 0


def promote(json: Json = False, url: Url = None, home: Home = None) -> int:
    """Make an imported copy a ledger of its own, under a new id; every token of the old one is void here."""
    from ainarres.database.connect import connect  # noqa: PLC0415 - as above
    from ainarres.verbs import importing  # noqa: PLC0415 - as above

    given = access.settings(url, home)
    with access.connection(given):  # proves the schema
        pass
    with connect(access.owner_address(given)) as owner:
        promoted = importing.promote(owner)
    if isinstance(promoted, Refusal):
        return trouble.refuse(promoted, as_json=json)
    if json:
        return show({"ledger": promoted.id, "of": promoted.of, "position": promoted.position})
    print(f"ledger {promoted.id}, forked from {promoted.of} at position {promoted.position}")
    print("every token is void; issue new ones with `ainarres token issue`, and seal with a key of its own")
    return 0
