"""Whether the work of one family waits for itself: 16 clients of one family beside 16 clients of as many families.

Each client claims and advances as fast as it can, with the sequential test in force and evidence written on every
second move. Short slices of both kinds take turns in the same processes, so that a busy machine slows both; the figure
is the ratio of what was done in all of them. Run as ``python -m bench.family``; writes ``bench/results/family.json``.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ainarres import stock
from ainarres.database import embedded
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

RESULT = Path(__file__).parent / "results" / "family.json"
BAR = 0.9
KINDS = ("one", "many")
"""One family for all clients, and one for each."""
BLOCKS = 24
"""Of 500 tasks each: more than can be finished."""
WORKFLOW = """
key = "bench"
title = "Write, look, finish"
lease = "1h"
[[stage]]
key = "writing"
initial = true
[[stage]]
key = "looking"
[[stage]]
key = "done"
terminal = true
[[transition]]
from = "writing"
to = "looking"
requires = ["role:implementer"]
[[transition]]
from = "looking"
to = "done"
requires = ["role:reviewer"]
"""
PROJECT = 'key = "web"\n[[lane]]\nkey = "dev"\nworkflow = "bench"\n'


def main() -> int:
    """Measure, write the result; exit status 1 below the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=1.5, help="of a slice")
    parser.add_argument("--slices", type=int, default=15, help="of each kind")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ainarres-family-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        home = Path(folder) / "home"
        try:
            embedded.ensure(home)
            migrate(embedded.owner_url(home))
            found = _measure(embedded.ensure(home), given)
        finally:
            embedded.stop(home)
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0 if found["ratio"] >= BAR else 1


def _measure(url: str, given: argparse.Namespace) -> dict[str, Any]:
    families = [f"script+worker-{n}" for n in range(given.clients)]
    with connect(url) as connection:
        human = Session(connection)
        for command in (
            c.OpenLedger(),
            c.AdoptWorkflow(text=WORKFLOW, source="bench.toml"),
            c.AdoptProject(text=PROJECT, source="project.toml"),
            c.AdoptFamilies(text="".join(map(_family, families)), source="families.toml"),
            c.AdoptPolicy(text=stock.read("policy", "sequential"), source="sequential.toml"),
        ):
            _ok(human, command)
        for _ in range(BLOCKS):
            _ok(human, c.CreateGraph(lane="dev", tasks=tuple(c.Planned(key=f"t{n}", title="t") for n in range(500))))
        tokens = [
            {kind: _ok(human, c.IssueToken(family=whose)).extra["token"] for kind, whose in _kinds(families[0], mine)}
            for mine in families
        ]
    done = _run(url, tokens, given.slices, given.seconds)
    spent = given.slices * given.seconds
    slices = [{kind: one[kind][n] for kind in KINDS} for n in range(given.slices) for one in [_sum(done)]]
    totals = {kind: sum(one[kind] for one in slices) for kind in KINDS}
    return {
        "clients": given.clients,
        "seconds_of_a_slice": given.seconds,
        "slices": slices,
        "unit": "claims and advances",
        "a_second": {kind: round(total / spent, 1) for kind, total in totals.items()},
        "median_ratio_of_slices": round(statistics.median(one["one"] / one["many"] for one in slices), 3),
        "ratio": round(totals["one"] / totals["many"], 3),
        "bar": BAR,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }


def _kinds(common: str, own: str) -> tuple[tuple[str, str], ...]:
    return ("one", common), ("many", own)


def _sum(done: list[dict[str, list[int]]]) -> dict[str, list[int]]:
    return {kind: [sum(counts) for counts in zip(*(one[kind] for one in done), strict=True)] for kind in KINDS}


def _family(key: str) -> str:
    grants = '["lane:web/dev", "role:implementer", "role:reviewer"]'
    return f'[[family]]\nkey = "{key}"\nmaker = "none"\ncost_class = 0\ngrants = {grants}\n'


def _ok(session: Session, command: c.Command) -> Any:
    envelope = session.execute(command, uuid4())
    assert envelope.ok, envelope
    return envelope


def _run(url: str, tokens: list[dict[str, str]], slices: int, seconds: float) -> list[dict[str, list[int]]]:
    """Return what each client did in each slice of each kind."""
    spawn = multiprocessing.get_context("spawn")
    barrier, told = spawn.Barrier(len(tokens)), spawn.Queue()
    clients = [spawn.Process(target=work, args=(url, mine, barrier, (slices, seconds), told)) for mine in tokens]
    for client in clients:
        client.start()
    done = [told.get(timeout=slices * seconds * 20 + 60) for _ in clients]
    for client in clients:
        client.join()
    return done


def work(url: str, tokens: dict[str, str], barrier: Barrier, plan: tuple[int, float], told: Any) -> None:
    """Be one client, in turns of the common family and of one of its own; tell what was done in each slice.

    ``plan`` is how many slices of each kind, and the seconds of one.
    """
    slices, seconds = plan
    done: dict[str, list[int]] = {kind: [] for kind in KINDS}
    with connect(url) as one, connect(url) as many:
        sessions = {"one": Session(one, tokens["one"]), "many": Session(many, tokens["many"])}
        for number in range(-2, slices):  # the first two warm caches, and are not counted
            for kind in KINDS if number % 2 else KINDS[::-1]:
                barrier.wait()
                verbs = _slice(sessions[kind], seconds)
                if number >= 0:
                    done[kind].append(verbs)
    told.put(done)


def _slice(session: Session, seconds: float) -> int:
    begun, verbs = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        _ok(session, c.Claim())
        _ok(session, c.Done())
        verbs += 2
    return verbs


if __name__ == "__main__":
    sys.exit(main())
