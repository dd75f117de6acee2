"""The slow faults: a crash in the middle of a migration, and backups restored, beside the ledger and in its place."""

from __future__ import annotations

import signal
import time
from threading import Thread
from typing import TYPE_CHECKING, Any

from psycopg import errors

from ainarres.database import backup
from ainarres.database.connect import connect
from ainarres.database.migrate import check, migrate
from ainarres.faults import AinarresError
from ainarres.ledger import store
from ainarres.projections import rebuild

if TYPE_CHECKING:
    import random

    from bench.soak.field import Field

SAME = "SELECT count(*), coalesce(bit_xor(hashtextextended(e::text, 0)), 0) FROM ledger.event e WHERE position <= %s"


def migration_crash(field: Field, dice: random.Random) -> str:
    """Crash PostgreSQL while another database on it is migrated; the second attempt must bring it home."""
    ground, name = field.ground, f"side_{dice.getrandbits(40):x}"
    with ground.admin() as admin:
        admin.execute(f"CREATE DATABASE {name} OWNER ainarres_owner")
    url, broke = ground.url_of("ainarres_owner", name), []

    def attempt() -> None:
        try:
            migrate(url)
        except (AinarresError, errors.Error) as error:
            broke.append(error)

    migrating = Thread(target=attempt)
    migrating.start()
    time.sleep(dice.uniform(0.0, 0.12))
    ground.restart(dice.choice((signal.SIGQUIT, signal.SIGKILL)))
    migrating.join()
    migrate(url)
    with connect(url) as connection:
        check(connection)
    _drop(field, name)
    return "broke off" if broke else "was done"


def backup_aside(field: Field, dice: random.Random) -> str:
    """Restore a backup, taken under load, beside the ledger: it holds all that was acknowledged before it began."""
    ground, name = field.ground, f"copy_{dice.getrandbits(40):x}"
    field.checker.read()
    told = [answer["event"] for _, answer in field.checker.diaries.answers if answer["event"] is not None]
    with connect(ground.url) as connection:
        safe = store.horizon(connection)
    path, _ = backup.dump(ground.url_of("ainarres_owner"), field.backups, name, keep=1)
    with ground.admin() as admin:
        admin.execute(f"CREATE DATABASE {name} OWNER ainarres_owner")
    backup.restore(ground.url_of("ainarres_owner", name), path)
    path.unlink()
    limits: dict[str, Any] = {"idle_seconds": 0, "statement_seconds": 0}
    with connect(ground.url, **limits) as live, connect(ground.url_of("ainarres_app", name), **limits) as copy:
        kept = {row[0] for row in copy.execute("SELECT position FROM ledger.event")}
        field.wrong += [f"lost: {one} is not in the backup" for one in told if one not in kept]
        if live.execute(SAME, [safe]).fetchone() != copy.execute(SAME, [safe]).fetchone():
            field.wrong.append(f"lost: the backup differs from the ledger below {safe}")
        found = rebuild.check(copy)
        if found.difference is not None:
            field.wrong.append(f"fold and tables differ in the backup: {found.difference}")
    _drop(field, name)
    return f"{len(kept)} events"


def backup_in_place(field: Field, _dice: random.Random) -> str:
    """Back up, restore into a new database, and let that one take the ledger's place; clients find it again."""
    ground = field.ground
    with ground.admin() as admin:
        admin.execute("ALTER DATABASE ainarres CONNECTION LIMIT 0")
        for _ in range(500):
            admin.execute("SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = 'ainarres'")
            try:
                admin.execute("ALTER DATABASE ainarres RENAME TO ainarres_before")
            except errors.ObjectInUse:
                continue
            break
        admin.execute("ALTER DATABASE ainarres_before CONNECTION LIMIT -1")
        admin.execute("CREATE DATABASE restored OWNER ainarres_owner")
        path, _ = backup.dump(ground.url_of("ainarres_owner", "ainarres_before"), field.backups, "in-place", keep=1)
        backup.restore(ground.url_of("ainarres_owner", "restored"), path)
        path.unlink()
        admin.execute("ALTER DATABASE restored RENAME TO ainarres")
    _drop(field, "ainarres_before")
    return ""


def _drop(field: Field, name: str) -> None:
    with field.ground.admin() as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
