"""Seal the ledger, verify it, prove one event or one growth to somebody who trusts nobody."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ainarres.cli import access, trouble
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.shown import show
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput
from ainarres.projections.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ainarres.ledger.chain import Chain
    from ainarres.ledger.note import Note, PublicKey
    from ainarres.verbs.verifying import Verified

Key = Annotated[
    Path, typer.Option("--key-file", metavar="FILE", help="Private key, which nobody else may read (mode 0600)")
]
Against = Annotated[
    list[Path] | None,
    typer.Option("--against", metavar="NOTE", help="A note kept elsewhere, or a directory of them; may be repeated"),
]
Trusted = Annotated[
    str | None,
    typer.Option("--signed-by", metavar="KEY", help="The only public key that may have signed, as `seal` prints it"),
]


def seal(
    *,
    key_file: Key,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="PLACE", help="Where the note goes: a file, or a directory for all")
    ] = None,
    new_key: Annotated[bool, typer.Option("--new-key", help="Make the key file first")] = False,
    old_key: Annotated[
        Path | None, typer.Option("--old-key", metavar="FILE", help="The key before, which signs the change")
    ] = None,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Sign what the ledger is, as an event and as a note; keep the note where the database's owner cannot reach it."""
    from ainarres.ledger import note  # noqa: PLC0415 - the table of commands needs no driver
    from ainarres.verbs import identity, sealing  # noqa: PLC0415 - as above

    given = access.settings(url, home)
    token = identity.token_hash(given.token) if given.token else None
    if isinstance(token, Refusal):
        return trouble.refuse(token, as_json=json)
    old = note.read_key(old_key) if old_key else None
    with access.connection(given) as connection:
        key = note.make_key(key_file) if new_key else note.read_key(key_file)
        sealed = sealing.seal(connection, key, to=to, old=old, token_sha256=token)
    if isinstance(sealed, Refusal):
        return trouble.refuse(sealed, as_json=json)
    checkpoint = sealed.note.checkpoint
    if json:
        return show(
            {
                "sealed": sealed.fresh,
                "tree_size": checkpoint.size,
                "root": checkpoint.root.hex(),
                "position": sealed.position,
                "key": sealed.key.text(),
                "note": sealed.note.text(),
                "path": sealed.path,
            }
        )
    done = "sealed" if sealed.fresh else "nothing new since the last seal:"
    print(f"{done} {checkpoint.size} events up to position {sealed.position}")
    print(f"root {checkpoint.root.hex()}")
    print(f"key {sealed.key.text()}")
    print(
        f"note in {sealed.path}"
        if sealed.path
        else "no note was kept outside: seal --to FILE, on another machine's disk"
    )
    return 0


def verify(
    *,
    export: Annotated[
        Path | None, typer.Argument(metavar="EXPORT", help="Verify this file, without a database")
    ] = None,
    against: Against = None,
    signed_by: Trusted = None,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Compute everything from the events again: leaves, roots, signatures, tables; a difference is exit status 1."""
    from ainarres.verbs import verifying  # noqa: PLC0415 - as above

    notes, trusted = _notes(against), _key(signed_by)
    if export is not None:
        verified = verifying.verify_export(export, notes, trusted)
    else:
        given = access.settings(url, home)
        with access.connection(given):  # proves the schema
            pass
        verified = verifying.verify(access.address(given), notes, trusted, progress=_progress())
    if json:
        show(verified.to_json())
    else:
        print(told(verified))
    return 0 if verified.sound else 1


def prove(
    *,
    position: Annotated[
        int | None, typer.Argument(metavar="POSITION", help="Prove that the event at this position was sealed")
    ] = None,
    since: Annotated[
        Path | None, typer.Option("--since", metavar="NOTE", help="Prove that the ledger grew from what this note says")
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Take the events from an export, not a database")
    ] = None,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Print a proof that can be checked without this program; docs/verify.md shows how."""
    from ainarres.ledger import audit, leaf, notefile, proof, store  # noqa: PLC0415 - as above
    from ainarres.ledger import export as exports  # noqa: PLC0415 - as above

    if (position is None) == (since is None):
        raise InvalidInput("arguments", "give a position, or a note with --since", "for example: ainarres prove 42")

    def proven(chain: Chain, entries: Iterator[tuple[int, bytes]]) -> proof.Inclusion | proof.Consistency:
        if chain.last is None:
            raise InvalidInput("ledger", "was never sealed, so nothing can be proven", "run `ainarres seal`")
        if since is not None:
            return proof.consistency(entries, notefile.read(since, "--since").checkpoint, chain.last.note)
        assert position is not None
        return proof.inclusion(entries, position, chain.last.note)

    if export is not None:
        rows = exports.read(export)
        found = proven(exports.chain_of(export), ((row[leaf.POSITION], leaf.of(row, said)) for row, said in rows))
    else:
        with access.opened(url, home) as connection:
            upto = store.horizon(connection)
            events = audit.rows_of(connection, upto)
            found = proven(audit.chain_of(connection, upto), ((row[leaf.POSITION], leaf.data(row)) for row in events))
    if json:
        return show(found.to_json())
    print(found.text(), end="")
    return 0


def _notes(places: list[Path] | None) -> list[Note]:
    from ainarres.ledger import notefile  # noqa: PLC0415 - as above

    return [notefile.read(place, "--against") for place in places or ()]


def _key(text: str | None) -> PublicKey | None:
    from ainarres.ledger import note  # noqa: PLC0415 - as above

    return note.parse_key(text) if text else None


def _progress() -> Callable[[int, int], None] | None:
    """Tell a person who waits how far it is; a program, and a pipe, hear nothing."""
    if not sys.stderr.isatty():
        return None
    return lambda at, last: print(f"\r{at} of {last}", end="" if at < last else "\n", file=sys.stderr)


def told(verified: Verified) -> str:
    """Say what was found, the first difference first."""
    found = verified.audited
    lines = []
    if verified.sound:
        seals = count(found.checkpoints, "checkpoint")
        lines.append(f"sound: {count(found.events, 'event')} up to position {found.position}, {seals}")
        lines.append(f"root {found.root.hex()}")
        if verified.rows is not None:
            lines.append(f"{sum(verified.rows.values())} rows in {len(verified.rows)} tables are what the ledger gives")
    else:
        first = verified.differences[0]
        lines.append(f"DIFFERENT ({first.code}): {first.message}")
        lines += [f"  also ({one.code}): {one.message}" for one in verified.differences[1:5]]
    by = "the note given" if found.outside else "the ledger's own last checkpoint, which its owner could cut off"
    lines.append(
        f"witnessed by {by}: {count(found.witnessed, 'event')}; not witnessed yet: {found.unwitnessed} after it"
    )
    if not found.outside:
        lines.append(
            "a note kept elsewhere says more: `ainarres seal --to PLACE`, then `ainarres verify --against PLACE`"
        )
    return "\n".join(lines)
