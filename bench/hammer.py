"""Many real processes on one board, killed at random: every task ends once, nothing acknowledged is lost or doubled.

Workers claim, report, sometimes release, and advance along six stages; each writes down every reply it was given. One
process kills a random worker with SIGKILL several times a second and starts another in its place. When the board is
empty, a checker that knows only the ledger and the workers' own notes decides. Run as ``python -m bench.hammer``.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import multiprocessing.connection
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ainarres.database import embedded
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.projections import rebuild
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

RESULT = Path(__file__).parent / "results" / "hammer.json"
STAGES = ("one", "two", "three", "four", "five", "six")
FAMILY = "script+worker"


def _workflow() -> str:
    stages = "".join(f'[[stage]]\nkey = "{s}"\n' + ("initial = true\n" if s == "one" else "") for s in STAGES)
    moves = "".join(
        f'[[transition]]\nfrom = "{a}"\nto = "{b}"\nrequires = ["role:worker"]\n'
        for a, b in zip(STAGES, (*STAGES[1:], "done"), strict=True)
    )
    head = 'key = "hammer"\ntitle = "Six steps"\nlease = "3s"\nmax_attempts = 1000\n'
    return f'{head}{stages}[[stage]]\nkey = "done"\nterminal = true\n{moves}'


def main() -> int:
    """Hammer, check, write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=64)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60, help="how long workers are killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ainarres-hammer-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        home, notes = Path(folder) / "home", Path(folder) / "notes"
        notes.mkdir()
        try:
            embedded.ensure(home)
            migrate(embedded.owner_url(home))
            found = _hammer(home, notes, given)
        finally:
            embedded.stop(home)
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0 if found["verdict"] == "ok" else 1


def _hammer(home: Path, notes: Path, given: argparse.Namespace) -> dict[str, Any]:
    url, dice = embedded.ensure(home), random.Random(given.seed)  # noqa: S311 - a schedule, not a secret
    with connect(url) as connection:
        human = Session(connection)
        _set_up(human, given.tasks)
        spawn = multiprocessing.get_context("spawn")
        workers: list[SpawnProcess] = []

        def start() -> None:
            token = human.execute(c.IssueToken(family=FAMILY), uuid4()).extra["token"]
            worker = spawn.Process(target=work, args=(url, token, str(notes), dice.random()), daemon=True)
            worker.start()
            workers.append(worker)

        begun = time.monotonic()
        for _ in range(given.processes):
            start()
        kills = 0
        while _open(connection):
            if time.monotonic() - begun < given.seconds:
                victim = workers.pop(dice.randrange(len(workers)))
                if victim.pid is not None and victim.is_alive():
                    os.kill(victim.pid, signal.SIGKILL)
                    kills += 1
                victim.join()
                start()
            workers[:] = [one for one in workers if one.is_alive()] or workers
            if not any(one.is_alive() for one in workers):
                start()
            multiprocessing.connection.wait([one.sentinel for one in workers], timeout=dice.uniform(0.05, 0.4))
            if time.monotonic() - begun > given.seconds * 10:
                break
        seconds = time.monotonic() - begun
        for worker in workers:
            worker.join(30)
        return {
            "processes": given.processes,
            "tasks": given.tasks,
            "kills": kills,
            "seconds": round(seconds, 1),
            **check(connection, notes, given.tasks),
        }


def _set_up(human: Session, tasks: int) -> None:
    family = f'[[family]]\nkey = "{FAMILY}"\nmaker = "none"\ncost_class = 0\ngrants = ["lane:web/dev", "role:worker"]\n'
    for command in (
        c.OpenLedger(),
        c.AdoptWorkflow(text=_workflow(), source="hammer.toml"),
        c.AdoptProject(text='key = "web"\n[[lane]]\nkey = "dev"\nworkflow = "hammer"\n', source="project.toml"),
        c.AdoptFamilies(text=family, source="families.toml"),
        c.CreateGraph(lane="dev", tasks=tuple(c.Planned(key=f"t{n}", title=f"task {n}") for n in range(tasks))),
    ):
        envelope = human.execute(command)
        assert envelope.ok, envelope


def work(url: str, token: str, notes: str, seed: float) -> None:
    """Be one worker until nothing is left; note each acknowledged event before the next verb."""
    dice = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with connect(url) as connection, (Path(notes) / f"{os.getpid()}.jsonl").open("a") as said:
        session = Session(connection, token)

        def say(command: c.Command) -> Any:
            envelope = session.execute(command, uuid4())
            if envelope.event is not None and envelope.position is not None:
                noted = {"position": envelope.event["position"], "type": envelope.event["type"]}
                said.write(json.dumps({**noted, "actor": envelope.event["actor"]}) + "\n")
                said.flush()
            return envelope

        while True:
            claimed = say(c.Next())
            if claimed.task is None:
                if claimed.reason == "no open task on these lanes":
                    return
                connection.execute("SELECT pg_sleep(0.05)")
                continue
            task, fence = claimed.task["id"], claimed.task["fence"]
            if dice.random() < 0.2:  # noqa: PLR2004 - some of each verb
                say(c.Progress(task=task, fence=fence, note="half way"))
            if dice.random() < 0.05:  # noqa: PLR2004 - as above
                say(c.Release(task=task, fence=fence, reason="another may try"))
            else:
                say(c.Advance(task=task, fence=fence))


def _open(connection: Any) -> int:
    row = connection.execute("SELECT count(*) FROM projection.board WHERE NOT terminal").fetchone()
    return int(row[0])


def check(connection: Any, notes: Path, tasks: int) -> dict[str, Any]:
    """Decide from the ledger and the workers' notes alone."""
    wrong: list[str] = []
    events = {row[0]: row[1:] for row in connection.execute("SELECT position, type, actor FROM ledger.event")}
    acknowledged = [json.loads(line) for note in notes.iterdir() for line in note.read_text().splitlines()]
    lost = [one for one in acknowledged if events.get(one["position"]) != (one["type"], one["actor"])]
    if lost:
        wrong.append(f"{len(lost)} acknowledged events are not in the ledger, first {lost[0]}")
    doubled = [p for p, n in Counter(one["position"] for one in acknowledged).items() if n > 1]
    if doubled:
        wrong.append(f"{len(doubled)} events were acknowledged to two workers")
    moves = connection.execute(
        "SELECT task, body ->> 'from_stage', count(*) FROM ledger.event WHERE type = 'TaskAdvanced' GROUP BY 1, 2"
    ).fetchall()
    if any(count != 1 for _, _, count in moves):
        wrong.append("a transition happened twice")
    if len(moves) != tasks * len(STAGES):
        wrong.append(f"{len(moves)} transitions, not {tasks * len(STAGES)}")
    holes = connection.execute(
        "SELECT count(*) FROM (SELECT stream FROM ledger.event GROUP BY stream"
        " HAVING count(*) <> max(version) OR min(version) <> 1) AS holes"
    ).fetchone()[0]
    if holes:
        wrong.append(f"{holes} streams have holes")
    checked = rebuild.check(connection)
    if checked.difference is not None:
        wrong.append(f"fold and tables differ: {checked.difference}")
    expired = sum(kind == "LeaseExpired" for kind, _ in events.values())
    return {
        "events": len(events),
        "acknowledged": len(acknowledged),
        "leases_expired": expired,
        "wrong": wrong,
        "verdict": "wrong" if wrong else "ok",
    }


if __name__ == "__main__":
    sys.exit(main())
