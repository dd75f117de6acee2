"""The ground: a PostgreSQL on a disk of its own, and what can befall it.

Where this process may mount, the disk is a tmpfs, whose size can be taken away in a moment; elsewhere it is a
directory, and a full disk is a limit on the size of the server's files. Only processes die here, not the machine.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import conninfo

from ainarres.database import account, embedded
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.faults import LedgerUnavailable

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    import psycopg

SIZE = "6g"
SETTINGS = "max_wal_size = '192MB'\nshared_buffers = '256MB'\nmax_connections = 150\n"
FILE_LIMIT = 1_000_000
"""Bytes a file of the server may have when the disk is full and cannot be made smaller."""
SLACK = 16
"""Kilobytes left on a full disk."""
TICK = 0.01
OURS = ("ainarres", "ainarres serve", "ainarres bell")


class Ground:
    """The server under test."""

    def __init__(self, folder: Path) -> None:
        self.disk, self.home = folder / "disk", folder / "disk" / "home"
        self.mounted = mount(self.disk)
        self.url = embedded.ensure(self.home)
        with (self.home / "postgres" / "postgresql.conf").open("a") as file:
            file.write(SETTINGS)
        self.restart(signal.SIGINT)
        migrate(embedded.owner_url(self.home))
        self.socket = f"{conninfo.conninfo_to_dict(self.url)['host']}/.s.PGSQL.{embedded.PORT}"

    def close(self) -> None:
        """Stop everything and give the disk back."""
        with contextlib.suppress(LedgerUnavailable):
            embedded.stop(self.home)
        if self.mounted:
            unmount(self.disk)

    def url_of(self, role: str, database: str = embedded.DATABASE) -> str:
        """Return the URL of a role in a database of the server."""
        return conninfo.make_conninfo(self.url, user=role, dbname=database)

    @contextlib.contextmanager
    def admin(self, database: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        """Open a connection that may do anything."""
        with connect(self.url_of("postgres", database), idle_seconds=0, statement_seconds=0) as connection:
            yield connection

    def up(self) -> None:
        """Have the server run and answer, however it was left."""
        deadline = time.monotonic() + 60
        while True:
            try:
                embedded.ensure(self.home)
                with self.admin() as connection:
                    connection.execute("SELECT 1")
            except LedgerUnavailable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(TICK)
            else:
                return

    def restart(self, how: signal.Signals) -> None:
        """End the postmaster by a signal and start it again."""
        pid = embedded.status(self.home).pid
        if pid is not None:
            os.kill(pid, how)
            while lives(pid):
                time.sleep(TICK)
        self.up()

    def kill_backend(self, dice: random.Random) -> None:
        """Kill one backend, upon which the server restarts itself."""
        with self.admin() as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = ANY (%s)", [list(OURS)]
            ).fetchall()
        if found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(dice.choice(found)[0], signal.SIGKILL)
        time.sleep(0.05)
        self.up()

    def terminate(self, seconds: float, dice: random.Random) -> int:
        """Go on ending every backend of the agents for a while; returns how many were."""
        until, ended = time.monotonic() + seconds, 0
        with self.admin() as connection:
            while time.monotonic() < until:
                row = connection.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'ainarres_app'"
                ).fetchone()
                ended += row[0] if row else 0
                time.sleep(dice.uniform(0.02, 0.2))
        return ended

    def freeze(self, seconds: float) -> None:
        """Stop every process of the server and let them go on."""
        processes = self._processes()
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            for pid in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def fill(self, seconds: float, *, switch: bool) -> None:
        """Let the disk be full for a while; ``switch`` makes the server ask for a new file of its log at once."""
        self._shrink()
        try:
            if switch:
                with contextlib.suppress(Exception), self.admin() as connection:
                    connection.execute("SELECT pg_switch_wal()")
            time.sleep(seconds)
        finally:
            self._grow()
        self.up()

    def _shrink(self) -> None:
        if self.mounted:
            while not _mount(self.disk, f"remount,size={shutil.disk_usage(self.disk).used // 1024 + SLACK}k"):
                pass  # it grew in between
        else:
            self._limit(str(FILE_LIMIT))

    def _grow(self) -> None:
        if self.mounted:
            _mount(self.disk, f"remount,size={SIZE}", check=True)
        else:
            self._limit("unlimited")

    def _limit(self, soft: str) -> None:
        who = account.current()
        for pid in self._processes():
            words = ["prlimit", f"--pid={pid}", f"--fsize={soft}:unlimited"]
            subprocess.run(words, check=False, **who.identity())  # noqa: S603 - fixed words and numbers

    def _processes(self) -> list[int]:
        pid = embedded.status(self.home).pid
        if pid is None:
            return []
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        return [pid, *map(int, children)]


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def folder(prefix: str) -> tempfile.TemporaryDirectory[str]:
    """Make a place that the server's account may pass through."""
    made = tempfile.TemporaryDirectory(prefix=prefix, dir="/var/tmp")
    Path(made.name).chmod(0o755)
    return made


def mount(disk: Path) -> bool:
    """Make a directory a disk of its own, in memory; tell whether that was allowed."""
    disk.mkdir()
    disk.chmod(0o755)
    return _mount(disk, f"size={SIZE}")


def unmount(disk: Path) -> None:
    """Give a disk back."""
    subprocess.run(["umount", "-l", str(disk)], check=False)  # noqa: S603, S607 - fixed words


def _mount(disk: Path, options: str, *, check: bool = False) -> bool:
    kind = [] if "remount" in options else ["-t", "tmpfs"]
    source = [] if "remount" in options else ["tmpfs"]
    words = ["mount", *kind, "-o", options, *source, str(disk)]
    done = subprocess.run(words, check=check, capture_output=True)  # noqa: S603 - fixed words
    return done.returncode == 0
