"""How fast the catch-up projections are rebuilt, how fast a report on them is, and in how much memory.

A ledger of whole lives (``bench.lives``), a rebuild of every catch-up projection on both cores, a check of each, then
five warm reports in a process of their own. Run as ``python -m bench.projections [--events N]``; writes
``bench/results/projections.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ainarres.database import embedded
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.ledger import store
from ainarres.projections import account, renewal
from ainarres.projections.following import PROJECTIONS
from bench import lives

RESULT = Path(__file__).parent / "results" / "projections.json"
REPORTS = 5
GATES = {"rebuild_events_per_second": 15_000, "report_seconds": 1.0, "report_mebibytes": 500}


def main() -> int:
    """Measure, print, write the result; exit status 1 where a gate is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--report-on", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.report_on:
        sys.stdout.write(json.dumps(_reports(given.report_on)))
        return 0
    with tempfile.TemporaryDirectory(prefix="ainarres-bench-") as scratch:
        Path(scratch).chmod(0o755)
        home = Path(scratch) / "home"
        try:
            embedded.ensure(home)
            found = _measure(embedded.owner_url(home), given.events)
        finally:
            embedded.stop(home)
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0 if found["passed"] else 1


def _measure(url: str, events: int) -> dict[str, Any]:
    migrate(url)
    with connect(url, idle_seconds=0, statement_seconds=0) as connection:
        lives.open_ledger(connection)
        started = time.monotonic()
        lives.append(connection, events)
        appended = time.monotonic() - started
        connection.execute("VACUUM ANALYZE ledger.event")
        total = store.horizon(connection)
    seconds: dict[str, float] = {}
    started = time.monotonic()
    renewal.rebuild_all(
        lambda: connect(url, idle_seconds=0, statement_seconds=0),
        list(PROJECTIONS.values()),
        lambda step: seconds.__setitem__(step.projection, time.monotonic() - started),
    )
    rebuilt = time.monotonic() - started
    with connect(url, idle_seconds=0, statement_seconds=0) as connection:
        differences = [renewal.check(connection, one).difference for one in PROJECTIONS.values()]
        connection.execute("VACUUM ANALYZE")
    reports = _in_a_process_of_its_own(url)
    figures = {
        "rebuild_events_per_second": round(total / rebuilt),
        "report_seconds": round(statistics.median(reports["seconds"]), 3),
        "report_mebibytes": round(reports["mebibytes"]),
    }
    return {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
        "events": total,
        "append_seconds": round(appended, 1),
        "rebuild_seconds": round(rebuilt, 2),
        "rebuilt_after_seconds": {name: round(one, 2) for name, one in seconds.items()},
        "equal": not any(differences),
        "reports": [round(one, 3) for one in reports["seconds"]],
        **figures,
        "gates": GATES,
        "passed": not any(differences)
        and figures["rebuild_events_per_second"] >= GATES["rebuild_events_per_second"]
        and all(figures[name] <= GATES[name] for name in ("report_seconds", "report_mebibytes")),
    }


def _in_a_process_of_its_own(url: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.projections", "--report-on", url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this very module
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _reports(url: str) -> dict[str, Any]:
    seconds = []
    with connect(url) as connection:
        for _ in range(REPORTS + 1):
            started = time.monotonic()
            account.gather(connection).text()
            seconds.append(time.monotonic() - started)
    # the first one warms caches
    return {"seconds": seconds[1:], "mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    sys.exit(main())
