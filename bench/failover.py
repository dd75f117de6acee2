"""Failover: a standby is promoted under load, again and again, and nothing that was acknowledged is missing.

Two embedded servers replicate to each other by streaming, synchronously; agents and ``ainarres serve`` know both by one
URL with two hosts. Each round stops the replication in mid-flight, kills the primary, promotes the standby, and builds
the dead one anew as the standby of the other. Run as ``python -m bench.failover``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import conninfo

from ainarres.database import account, embedded, place
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from bench.soak.checker import Checker
from bench.soak.crew import Crew
from bench.soak.ground import folder, lives, mount, unmount

if TYPE_CHECKING:
    import psycopg

RESULT = Path(__file__).parent / "results" / "failover.json"
WITHIN = 10.0
"""Seconds in which the service must be back."""
TICK = 0.005
CAUGHT_UP = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND (sync_state = %s)"


@dataclass(frozen=True, slots=True)
class Node:
    """One of the two servers."""

    home: Path

    @property
    def data(self) -> Path:
        """Return its data directory."""
        return self.home / "postgres"

    @property
    def sockets(self) -> str:
        """Return the directory of its socket, running or not."""
        return str(self.home / "socket")

    def admin(self) -> psycopg.Connection[Any]:
        """Open a connection that may do anything."""
        url = conninfo.make_conninfo(host=self.sockets, port=embedded.PORT, user="postgres", dbname=embedded.DATABASE)
        return connect(url, idle_seconds=0, statement_seconds=0)

    def kill(self) -> float:
        """Kill every process of the server at once, as a power cut would; returns when (monotonic seconds)."""
        pid = embedded.status(self.home).pid
        assert pid is not None
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        family = [pid, *map(int, children)]
        moment = time.monotonic()
        for one in family:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        while any(lives(one) for one in family):
            time.sleep(TICK)
        return moment

    def copy(self, source: Node) -> None:
        """Become a standby of ``source``, from nothing."""
        who = account.current()
        place.make_home(self.home, who)
        shutil.rmtree(self.data, ignore_errors=True)
        place.make_directory(self.data, who)
        program = place.programs(embedded.binaries(), source.home, who) / "pg_basebackup"
        where = ["-h", source.sockets, "-p", str(embedded.PORT), "-U", "postgres", "-D", str(self.data)]
        subprocess.run(  # noqa: S603 - a program of PostgreSQL
            [str(program), *where, "--wal-method=stream", "--checkpoint=fast", "--write-recovery-conf", "--no-sync"],
            check=True,
            capture_output=True,
            cwd="/",
            **who.identity(),
        )
        with (self.data / "postgresql.auto.conf").open("a") as file:  # else, promoted, it would wait for a standby
            file.write("synchronous_standby_names = ''\n")
        embedded.ensure(self.home)


class Pair:
    """Two servers, one of them the primary."""

    def __init__(self, place_of: Path, *, synchronous: bool) -> None:
        self.primary, self.standby = Node(place_of / "a"), Node(place_of / "b")
        self._synchronous = synchronous
        embedded.ensure(self.primary.home)
        migrate(embedded.owner_url(self.primary.home))
        hosts = {"host": f"{self.primary.sockets},{self.standby.sockets}", "port": "5432,5432"}
        self.url = conninfo.make_conninfo(
            user="ainarres_app", dbname=embedded.DATABASE, target_session_attrs="read-write", **hosts
        )
        self.socket = f"{self.primary.sockets}/.s.PGSQL.{embedded.PORT}"
        self.attach()

    def attach(self) -> None:
        """Build the standby from the primary, and have the primary wait for it from now on."""
        self.standby.copy(self.primary)
        with self.primary.admin() as connection:
            names = "*" if self._synchronous else ""
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
            connection.execute("SELECT pg_reload_conf()")
            state = "sync" if self._synchronous else "async"
            while not connection.execute(CAUGHT_UP, [state]).fetchone()[0]:  # type: ignore[index]
                time.sleep(TICK)

    def fail_over(self, dice: random.Random) -> tuple[float, float]:
        """Kill the primary and promote the standby; returns when each was done."""
        with self.primary.admin() as connection:
            row = connection.execute("SELECT pid FROM pg_stat_replication").fetchone()
        assert row is not None
        os.kill(row[0], signal.SIGSTOP)  # from here on nothing reaches the standby, though the primary goes on
        time.sleep(dice.uniform(0.1, 0.6))
        dead = self.primary.kill()
        self.primary, self.standby = self.standby, self.primary
        with self.primary.admin() as connection:
            connection.execute("SELECT pg_promote()")
        return dead, time.monotonic()

    def close(self) -> None:
        """Stop both."""
        for node in (self.primary, self.standby):
            embedded.stop(node.home)


def main() -> int:
    """Fail over, check, write the result; 0 if nothing is missing and the service was back in time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--agents", type=int, default=12)
    parser.add_argument("--load", type=float, default=3, help="seconds of work before each failover")
    parser.add_argument("--per-second", type=float, default=120, help="verbs of all agents together at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--asynchronous", action="store_true", help="commit without waiting for the standby")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # in order, so that no server and no disk is left behind
    with folder("ainarres-failover-") as name:
        disk = Path(name) / "disk"
        mounted = mount(disk)
        try:
            pair = Pair(disk, synchronous=not given.asynchronous)
            try:
                found = _run(pair, Path(name), given)
            finally:
                pair.close()
        finally:
            if mounted:
                unmount(disk)
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0 if found["verdict"] == "ok" else 1


def _run(pair: Pair, place_of: Path, given: argparse.Namespace) -> dict[str, Any]:
    notes, dice = place_of / "notes", random.Random(given.seed)  # noqa: S311 - a schedule
    notes.mkdir()
    crew, checker = (
        Crew(pair, notes, dice, given.agents, given.per_second, kinds=("direct", "served")),
        Checker(pair.url, notes),
    )
    wrong: list[str] = []
    back: list[float] = []
    begun = time.monotonic()
    try:
        crew.ready()
        for number in range(given.rounds):
            time.sleep(given.load)
            dead, promoted = pair.fail_over(dice)
            until = promoted + 3 * WITHIN
            while checker.diaries.latest <= promoted and time.monotonic() < until:
                time.sleep(TICK)
                checker.read()
            back.append(_first_after(checker, promoted) - dead)
            wrong += crew.lost() + checker.glance()
            sys.stdout.write(
                f"{time.monotonic() - begun:6.0f} s  failover {number + 1}: answered again after {back[-1]:.2f} s,"
                f" {checker.diaries.acknowledged:,} verbs acknowledged, {len(wrong)} wrong\n"
            )
            sys.stdout.flush()
            pair.attach()
        crew.rest()
        wrong += checker.whole()
    finally:
        crew.close()
    wrong += [f"failover {n}: back after {one:.1f} s" for n, one in enumerate(back, 1) if one > WITHIN]
    return {
        "mode": "asynchronous" if given.asynchronous else "synchronous",
        "failovers": given.rounds,
        "agents": given.agents,
        "seconds": round(time.monotonic() - begun, 1),
        "acknowledged": checker.diaries.acknowledged,
        "repeats_answered": sum(answer["replayed"] for _, answer in checker.diaries.answers),
        "events": checker.events,
        "back_seconds": {
            "median": round(statistics.median(back), 2),
            "longest": round(max(back), 2),
            "each": [round(one, 2) for one in back],
        },
        "missing": sum(one.startswith("lost") for one in wrong),
        "wrong": wrong,
        "verdict": "wrong" if wrong else "ok",
    }


def _first_after(checker: Checker, moment: float) -> float:
    times = [answer["at"] for _, answer in checker.diaries.answers if answer["at"] > moment]
    return min(times, default=time.monotonic())


if __name__ == "__main__":
    sys.exit(main())
