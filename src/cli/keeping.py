"""Back the ledger up and bring it back."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from ainarres.cli import access, trouble
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.shown import show
from ainarres.cli.witness import Against, told
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from ainarres.database.settings import Settings
    from ainarres.verbs.sealing import Sealed


def backup(
    *,
    directory: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", help="Where backups are kept; made if it is not there")
    ],
    keep: Annotated[int, typer.Option("--keep", min=1, metavar="N", help="How many to keep; older ones go")] = 7,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", metavar="FILE", help="Seal first with this key; the note lies beside")
    ] = None,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Write a backup of the whole database and remove the oldest ones; run it daily (contrib/ has a timer)."""
    from ainarres.database import backup as backups  # noqa: PLC0415 - the table of commands needs no driver

    given = access.settings(url, home)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput("DIRECTORY", f"{directory}: {error.strerror}", "name a directory you may make") from None
    stem = backups.name(datetime.now(UTC))
    note = directory / f"{stem}.note"
    sealed = _seal(given, key_file, note) if key_file else None
    if isinstance(sealed, Refusal):
        return trouble.refuse(sealed, as_json=json)
    with access.connection(given):  # proves the schema
        pass
    path, removed = backups.dump(access.owner_address(given), directory, stem, keep)
    size = path.stat().st_size
    if json:
        return show({"backup": path, "bytes": size, "note": sealed.path if sealed else None, "removed": removed})
    print(f"backup {path}, {size} bytes" + (f"; note {note}" if sealed else "; not sealed (no --key-file)"))
    for one in removed:
        print(f"  removed {one}")
    return 0


def restore(
    *,
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="A backup, or the directory: then the newest")],
    check: Annotated[
        bool, typer.Option("--check", help="Verify what was restored, against the note beside it")
    ] = False,
    against: Against = None,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Read a backup into a home or a database that holds no ledger yet; appends go on from there."""
    from ainarres.database import backup as backups  # noqa: PLC0415 - as above
    from ainarres.database import embedded  # noqa: PLC0415 - as above
    from ainarres.ledger import notefile  # noqa: PLC0415 - as above
    from ainarres.verbs import verifying  # noqa: PLC0415 - as above

    given = access.settings(url, home)
    path = backups.newest(backup)
    places = list(against or ())
    if not places and (beside := path.with_suffix(".note")).exists():
        places = [beside]
    notes = [notefile.read(place) for place in places] if check or against else []
    with nullcontext() if given.url else embedded.trying(given.home):
        backups.restore(access.owner_address(given), path)
    if not (check or against):
        return show({"restored": path, "verified": None}) if json else _say(f"restored {path}; verify it: --check")
    verified = verifying.verify(access.address(given), notes)
    if json:
        show({"restored": path, "verified": verified.to_json()})
    else:
        print(f"restored {path}")
        print(told(verified))
    return 0 if verified.sound else 1


def _seal(given: Settings, key_file: Path, note: Path) -> Sealed | Refusal:
    from ainarres.ledger import note as notes  # noqa: PLC0415 - as above
    from ainarres.verbs import sealing  # noqa: PLC0415 - as above

    with access.connection(given) as connection:
        return sealing.seal(connection, notes.read_key(key_file), to=note)


def _say(said: str) -> int:
    print(said)
    return 0
