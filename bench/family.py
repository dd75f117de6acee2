"""Whether the work of one family waits for itself: 16 clients of one family beside 16 clients of as many families.

Each client claims and advances as fast as it can, with the sequential test in force and evidence written on every
second move. Rounds of both kinds take turns on one ledger, so that a busy machine slows both; the figure is the median
of the rounds' ratios. Run as ``python -m bench.family``; writes ``bench/results/family.json``.
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
    parser.add_argument("--seconds", type=float, default=8, help="of a round")
    parser.add_argument("--rounds", type=int, default=5, help="of each kind")
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
        _round(url, human, families, given.seconds)  # warms caches, and is not counted
        rounds = []
        for number in range(given.rounds):
            kinds = [("many", families), ("one", families[:1] * given.clients)]
            order = kinds if number % 2 else kinds[::-1]
            rounds.append({kind: _round(url, human, whose, given.seconds) for kind, whose in order})
    ratios = [one["one"] / one["many"] for one in rounds]
    return {
        "clients": given.clients,
        "seconds": given.seconds,
        "rounds": [{kind: round(rate, 1) for kind, rate in one.items()} for one in rounds],
        "unit": "claims and advances a second",
        "ratios": [round(ratio, 3) for ratio in ratios],
        "ratio": round(statistics.median(ratios), 3),
        "bar": BAR,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }


def _family(key: str) -> str:
    grants = '["lane:web/dev", "role:implementer", "role:reviewer"]'
    return f'[[family]]\nkey = "{key}"\nmaker = "none"\ncost_class = 0\ngrants = {grants}\n'


def _ok(session: Session, command: c.Command) -> Any:
    envelope = session.execute(command, uuid4())
    assert envelope.ok, envelope
    return envelope


def _round(url: str, human: Session, families: list[str], seconds: float) -> float:
    """Return the verbs a second of one client a family of ``families``, which may repeat."""
    _ok(human, c.CreateGraph(lane="dev", tasks=tuple(c.Planned(key=f"t{n}", title="t") for n in range(6000))))
    tokens = [_ok(human, c.IssueToken(family=family)).extra["token"] for family in families]
    spawn = multiprocessing.get_context("spawn")
    barrier, told = spawn.Barrier(len(tokens)), spawn.Queue()
    clients = [spawn.Process(target=work, args=(url, token, barrier, seconds, told)) for token in tokens]
    for client in clients:
        client.start()
    rates = [told.get(timeout=seconds * 10 + 60) for _ in clients]
    for client in clients:
        client.join()
    return sum(rates)


def work(url: str, token: str, barrier: Barrier, seconds: float, told: Any) -> None:
    """Be one client for a while; tell the verbs a second."""
    with connect(url) as connection:
        session = Session(connection, token)
        barrier.wait()
        begun, verbs = time.monotonic(), 0
        while (spent := time.monotonic() - begun) < seconds:
            _ok(session, c.Claim())
            _ok(session, c.Done())
            verbs += 2
        told.put(verbs / spent)


if __name__ == "__main__":
    sys.exit(main())
