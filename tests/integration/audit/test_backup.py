"""Backups: whole or not there, the newest few kept, and a restored ledger that goes on."""

from __future__ import annotations

import configparser
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import database as databases

from ainarres.cli import table
from ainarres.database import backup
from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.faults import Fault, InvalidInput, LedgerUnavailable
from ainarres.verbs import verifying
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from tests.database import Database
    from tests.integration.audit.conftest import Audited

NIGHT = datetime(2026, 11, 21, 3, 17, tzinfo=UTC)
CONTRIB = Path(__file__).parents[3] / "contrib"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A directory for backups."""
    made = tmp_path / "backups"
    made.mkdir()
    return made


def test_a_restored_ledger_is_proven_by_its_checkpoint_and_goes_on(
    audited: Audited, database: Database, empty_database: Database, kept: Path
) -> None:
    sealed = audited.seal()
    path, removed = backup.dump(database.admin_url, kept, backup.name(NIGHT), 7)
    assert (path.name, removed) == ("ainarres-20261121T031700Z.dump", [])
    assert path.stat().st_mode & 0o777 == 0o600
    assert backup.newest(kept) == path
    backup.restore(empty_database.admin_url, path)
    verified = verifying.verify(empty_database.url, [sealed.note])
    assert verified.sound
    assert verified.audited.outside
    with connect(empty_database.url) as connection:
        envelope = Session(connection).execute(c.Create(lane="web/dev", title="after the restore"))
        assert envelope.ok
        assert envelope.position == audited.positions()[-1] + 1
    assert verifying.verify(empty_database.url, [sealed.note]).sound


def test_an_older_backup_than_the_note_is_named(
    audited: Audited, database: Database, empty_database: Database, kept: Path
) -> None:
    path, _ = backup.dump(database.admin_url, kept, backup.name(NIGHT), 7)
    audited.work()
    sealed = audited.seal()
    backup.restore(empty_database.admin_url, path)
    assert verifying.verify(empty_database.url).sound
    assert verifying.verify(empty_database.url, [sealed.note]).differences[0].code == "truncated"


def test_a_ledger_is_never_restored_over(audited: Audited, database: Database, kept: Path) -> None:
    path, _ = backup.dump(database.admin_url, kept, backup.name(NIGHT), 7)
    before = audited.positions()
    with pytest.raises(InvalidInput, match="holds a ledger already"):
        backup.restore(database.admin_url, path)
    assert audited.positions() == before


def test_a_damaged_backup_leaves_nothing_behind(
    audited: Audited, database: Database, empty_database: Database, kept: Path
) -> None:
    path, _ = backup.dump(database.admin_url, kept, backup.name(NIGHT), 7)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(Fault, match="pg_restore failed"):
        backup.restore(empty_database.admin_url, path)
    path.write_bytes(content)
    backup.restore(empty_database.admin_url, path)
    assert verifying.verify(empty_database.url).sound


def test_the_newest_are_kept_with_their_notes(audited: Audited, database: Database, kept: Path) -> None:
    for night in range(9):
        name = backup.name(NIGHT - timedelta(days=30) + timedelta(days=night))
        (kept / f"{name}.dump").touch()
        (kept / f"{name}.note").touch()
    (kept / "ainarres.conf").touch()
    path, removed = backup.dump(database.admin_url, kept, backup.name(NIGHT), 7)
    left = sorted(one.name for one in kept.iterdir())
    assert len([one for one in left if one.endswith(".dump")]) == 7
    assert len([one for one in left if one.endswith(".note")]) == 6
    assert len(removed) == 6
    assert {path.name, "ainarres.conf"} <= set(left)


def test_a_failed_backup_removes_none_and_leaves_none(kept: Path, database: Database) -> None:
    (kept / f"{backup.name(NIGHT)}.dump").touch()
    later = backup.name(NIGHT + timedelta(days=1))
    with connect(database.admin_url) as connection:
        connection.execute("CREATE TABLE public.hidden ()")
    with pytest.raises(Fault, match=r"pg_dump failed: .*permission denied"):
        backup.dump(database.reader_url, kept, later, 1)
    with pytest.raises(LedgerUnavailable, match="no connection"):
        backup.dump(databases.with_parameters(database.admin_url, dbname="gone"), kept, later, 1)
    assert [one.name for one in kept.iterdir()] == [f"{backup.name(NIGHT)}.dump"]
    with pytest.raises(InvalidInput, match="directory"):
        backup.dump(database.admin_url, kept / "gone", backup.name(NIGHT), 1)
    with pytest.raises(InvalidInput, match="none at"):
        backup.newest(kept / "gone")


def commands() -> list[list[str]]:
    """Return the command lines that contrib/ ships."""
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names of settings keep their capitals
    unit.read(CONTRIB / "ainarres-backup.service")
    line = (CONTRIB / "ainarres-backup.cron").read_text().splitlines()[-1].split(maxsplit=6)
    assert line[:5] == ["17", "3", "*", "*", "*"]
    assert line[5] == unit["Service"]["User"]
    environment, _, command = line[6].partition(" ")
    assert environment == unit["Service"]["Environment"]
    return [shlex.split(unit["Service"]["ExecStart"]), shlex.split(command)]


@pytest.mark.parametrize("command", commands(), ids=["systemd", "cron"])
def test_what_contrib_ships_is_a_command_of_ours(command: list[str]) -> None:
    found = table.load().find(command[1:])
    assert found is not None
    entry = table.load().entry(found[0])
    assert entry.words == "backup"
    given = [word for word in command[2:] if word.startswith("--")]
    assert set(given) <= {option.flag for option in entry.options}
