"""Backups: the whole database in a file by pg_dump, the newest few kept; and the way back, by pg_restore.

The programs are of the server's own version, from PATH, else the wheel's. A backup has its name only once it is
complete and on disk. It holds the ledger and everything derived; what shows that it is the newest one, a note, lies
beside it and better elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from psycopg import conninfo

from ainarres.database import embedded, queries
from ainarres.database.connect import connect, redact
from ainarres.database.migrate import migrate
from ainarres.faults import Fault, InvalidInput, LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

SUFFIX = ".dump"
_SQL = queries.load("ainarres.database", "backup.sql")
_ROLES = queries.load("ainarres.database", "migrate.sql")["create_roles"]


def name(moment: datetime) -> str:
    """Return the stem of a backup made at ``moment`` (UTC); stems sort by time."""
    return f"ainarres-{moment:%Y%m%dT%H%M%SZ}"


def dump(owner_url: str, directory: Path, stem: str, keep: int) -> tuple[Path, list[Path]]:
    """Write a backup into ``directory``, then remove all but the ``keep`` newest with their notes.

    Returns the new file and what was removed. Raises InvalidInput for a directory that cannot be written to, Fault with
    pg_dump's words.
    """
    path, new = directory / f"{stem}{SUFFIX}", directory / f".{stem}.new"
    try:
        new.touch(mode=0o600, exist_ok=False)
        with connect(owner_url, application_name="ainarres backup") as connection:
            major = _major(connection)
        _run("pg_dump", major, owner_url, ["--format=custom", f"--file={new}"])
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.rename(path)
    except OSError as error:
        problem = f"{directory}: {error.strerror}"
        raise InvalidInput("directory", problem, "name a directory you may write to") from None
    finally:
        new.unlink(missing_ok=True)
    return path, _prune(directory, keep)


def newest(place: Path) -> Path:
    """Return ``place``, or the newest backup in it if it is a directory. Raises InvalidInput where there is none."""
    found = max(place.glob(f"ainarres-*{SUFFIX}"), default=None) if place.is_dir() else place
    if found is None or not found.is_file():
        raise InvalidInput("backup", f"there is none at {place}", "name a file or a directory of `ainarres backup`")
    return found


def restore(owner_url: str, path: Path) -> None:
    """Read a backup into the database at ``owner_url``, all or nothing, and bring it to this version's schema.

    Raises InvalidInput when there is a ledger already, Fault with pg_restore's words.
    """
    with connect(owner_url, application_name="ainarres restore", statement_seconds=0) as connection:
        if _occupied(connection):
            place = redact(owner_url)
            raise InvalidInput(
                "database", f"{place} holds a ledger already", "restore into a new --home or an empty --url"
            )
        connection.execute(_ROLES)
        major = _major(connection)
    # without --exit-on-error a backup that is half there would look like one that is whole
    options = ["--role=ainarres_owner", "--no-owner", "--exit-on-error", "--single-transaction", str(path)]
    _run("pg_restore", major, owner_url, options)
    migrate(owner_url)


def _occupied(connection: Any) -> bool:
    row = connection.execute(_SQL["occupied"]).fetchone()
    return bool(row[0])


def _prune(directory: Path, keep: int) -> list[Path]:
    gone = sorted(directory.glob(f"ainarres-*{SUFFIX}"))[:-keep]
    removed = [*gone, *(note for path in gone if (note := path.with_suffix(".note")).exists())]
    for path in removed:
        path.unlink()
    return removed


def _major(connection: Any) -> int:
    return int(connection.info.server_version) // 10000


def _run(program: str, major: int, url: str, options: Sequence[str]) -> None:
    parameters = conninfo.conninfo_to_dict(url)
    password = parameters.pop("password", None)  # an argument would show it to everybody on the machine
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL
        [_find(program, major), f"--dbname={conninfo.make_conninfo('', **parameters)}", *options],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Fault(f"{program} failed: {done.stderr.strip() or f'status {done.returncode}'}")


def _find(program: str, major: int) -> str:
    """Return where a program is: of the server's own version if there is one, because a newer pg_restore sets what an
    older server does not know, and an older pg_dump refuses a newer server.
    """
    found = shutil.which(program)
    if found is not None and _said(found).partition(".")[0].endswith(f" {major}"):
        return found
    try:
        return str(embedded.binaries() / program)
    except LedgerUnavailable:
        if found is None:
            raise LedgerUnavailable(f"{program} is not there; install PostgreSQL's client programs") from None
        return found


def _said(program: str) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - as above
    return done.stdout.strip()
