"""How long a whole process takes from its start to its end: bare Python, the version, a verb either way.

Runs take turns, so that whatever else the machine does meets all of them alike; medians of wall and processor time.
Run as ``python -m bench.startup``; ``make bench-startup`` writes bench/results/startup.json.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.verbs.session import Session
from bench import server

RESULT = Path(__file__).parent / "results" / "startup.json"
BUDGETS_MS = {"version": 80, "verb_through_the_server": 100, "read_through_the_server": 100, "verb_direct": 250}


def main() -> int:
    """Measure, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    with server.ledger() as (_, url):
        with connect(url) as connection:
            human = Session(connection)
            token = server.token(human)
            human.execute(c.Create(lane="web/dev", title="a task"))
            claimed = Session(connection, token).execute(c.Claim())
        assert claimed.task is not None
        running = server.Server(url)
        beat = ["heartbeat", str(claimed.task["id"]), "--fence", str(claimed.task["fence"]), "--json"]
        around = {name: value for name, value in os.environ.items() if not name.startswith("AINARRES_")}
        here = around | {"AINARRES_TOKEN": token, "AINARRES_URL": url}
        there = around | {"AINARRES_TOKEN": token, "AINARRES_SERVER": running.base}
        program = str(server.PROGRAM)
        lines = {
            "bare_python": ([sys.executable, "-c", "pass"], around),
            "version": ([program, "--version"], around),
            "verb_through_the_server": ([program, *beat], there),
            "read_through_the_server": ([program, "status"], there),
            "verb_direct": ([program, *beat], here),
            "read_direct": ([program, "status"], here),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in lines}
        for _ in range(given.runs + 1):
            for name, (argv, environ) in lines.items():
                times[name].append(_run(argv, environ))
        running.stop()
    found = {
        name: {
            "wall_ms": round(median(wall for wall, _ in runs[1:]), 1),
            "cpu_ms": round(median(cpu for _, cpu in runs[1:]), 1),
            "budget_ms": BUDGETS_MS.get(name),
        }
        for name, runs in times.items()
    }
    over = [name for name, budget in BUDGETS_MS.items() if found[name]["wall_ms"] > budget]
    machine = {"cpus": os.cpu_count(), "load_1m": round(os.getloadavg()[0], 2), "python": sys.version.split()[0]}
    document = {"machine": machine, "runs": given.runs, "commands": found, "over_budget": over}
    given.out.write_text(json.dumps(document, indent=2) + "\n")
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    return 1 if over else 0


def _run(argv: list[str], environ: dict[str, str]) -> tuple[float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(argv, env=environ, check=True, capture_output=True)  # noqa: S603 - our own program
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1000, cpu * 1000


if __name__ == "__main__":
    sys.exit(main())
