"""How fast projections are rebuilt, checked and verified, how fast one reports and looks back, and in how much memory.

A ledger of whole lives (``bench.lives``), then each measure in a process of its own: seconds by the clock, and of
processors, the server's among them, which say more on a machine that has other things to do. Run as
``python -m bench.projections [--events N]``; writes ``bench/results/projections.json``.
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
from typing import TYPE_CHECKING, Any

from ainarres.database import embedded
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.ledger import store
from ainarres.projections import account, glance, moments, rebuild, renewal
from ainarres.projections.following import PROJECTIONS
from ainarres.verbs import verifying
from bench import lives

if TYPE_CHECKING:
    from collections.abc import Callable

RESULT = Path(__file__).parent / "results" / "projections.json"
REPORTS = 5
GATES = {
    "rebuild_events_per_second": 15_000,
    "verify_events_per_second": 10_000,
    "report_seconds": 1.0,
    "mebibytes": 500,
}


def main() -> int:
    """Measure, print, write the result; exit status 1 where a gate is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--measure", choices=MEASURES, help=argparse.SUPPRESS)
    parser.add_argument("--on", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        sys.stdout.write(json.dumps(_told(MEASURES[given.measure], given.on)))
        return 0
    with tempfile.TemporaryDirectory(prefix="ainarres-bench-") as scratch:
        Path(scratch).chmod(0o755)
        home = Path(scratch) / "home"
        try:
            embedded.ensure(home)
            found = _measure(home, given.events)
        finally:
            embedded.stop(home)
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0 if found["passed"] else 1


def _measure(home: Path, events: int) -> dict[str, Any]:
    url = embedded.owner_url(home)
    migrate(url)
    with connect(url, idle_seconds=0, statement_seconds=0) as connection:
        lives.open_ledger(connection)
        started = time.monotonic()
        lives.append(connection, events)
        appended = time.monotonic() - started
        connection.execute("VACUUM ANALYZE ledger.event")
        total = store.horizon(connection)
    found: dict[str, Any] = {}
    for name in MEASURES:
        before = _server_seconds(home)
        found[name] = _in_a_process_of_its_own(name, url)
        found[name]["server_cpu_seconds"] = round(_server_seconds(home) - before, 2)
        sys.stderr.write(f"{name}: {found[name]}\n")
    rebuilt = found["rebuild_inline"]["seconds"] + found["rebuild_catch_up"]["seconds"]
    figures = {
        "rebuild_events_per_second": round(total / rebuilt),
        "verify_events_per_second": round(total / found["verify"]["seconds"]),
        "report_seconds": found["report"]["median"],
        "mebibytes": max(one["mebibytes"] for one in found.values()),
    }
    return {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
        "events": total,
        "append_seconds": round(appended, 1),
        **found,
        **figures,
        "gates": GATES,
        "passed": all(
            figures[name] >= gate if name.endswith("per_second") else figures[name] <= gate
            for name, gate in GATES.items()
        ),
    }


def _in_a_process_of_its_own(measure: str, url: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.projections", "--measure", measure, "--on", url]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - this very module
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _told(measure: Callable[[str], dict[str, Any]], url: str) -> dict[str, Any]:
    started, spent = time.monotonic(), _cpu_seconds()
    found = measure(url)
    seconds = {"seconds": round(time.monotonic() - started, 2), "cpu_seconds": round(_cpu_seconds() - spent, 2)}
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return {**seconds, "mebibytes": max(resource.getrusage(one).ru_maxrss for one in kinds) // 1024, **found}


def _cpu_seconds() -> float:
    spent = [resource.getrusage(one) for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def _server_seconds(home: Path) -> float:
    """Return the processor time of the server's processes so far, those that have ended among them."""
    master = int(next(home.glob("**/postmaster.pid")).read_text().split("\n", 1)[0])
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended while we looked
            continue
        own, ended = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
        if stat.parent.name == str(master):
            ticks += own + ended
        elif fields[1] == str(master):
            ticks += own
    return ticks / os.sysconf("SC_CLK_TCK")


def _rebuild_inline(url: str) -> dict[str, Any]:
    with _owner(url) as owner:
        return {"position": rebuild.rebuild(owner)}


def _rebuild_catch_up(url: str) -> dict[str, Any]:
    after: dict[str, float] = {}
    started = time.monotonic()
    renewal.rebuild_all(
        lambda: _owner(url),
        list(PROJECTIONS.values()),
        lambda step: after.__setitem__(step.projection, round(time.monotonic() - started, 2)),
    )
    return {"after": after}


def _check(url: str) -> dict[str, Any]:
    with _owner(url) as owner:
        found = [rebuild.check(owner), *(renewal.check(owner, one) for one in PROJECTIONS.values())]
        assert not any(one.difference for one in found), found
        owner.execute("VACUUM ANALYZE")
        return {"rows": sum(sum(one.rows.values()) for one in found)}


def _verify(url: str) -> dict[str, Any]:
    found = verifying.verify(url)
    assert found.sound, found.differences[0]
    return {"events": found.audited.events}


def _report(url: str) -> dict[str, Any]:
    """Report a few times; the first one warms caches and is not counted."""
    with connect(url) as connection:
        return _timed(lambda: account.gather(connection).text())


def _report_at(url: str) -> dict[str, Any]:
    """Report as of the middle."""
    with connect(url) as connection:
        middle = moments.resolve(connection, str(store.horizon(connection) // 2))
        return _timed(lambda: account.gather(connection, at=middle).text())


def _look_back(url: str) -> dict[str, Any]:
    """Show the board as of the middle."""
    with connect(url) as connection:
        middle = moments.resolve(connection, str(store.horizon(connection) // 2))

        def look() -> None:
            with moments.at(connection, middle):
                glance.read_clock(connection)

        return _timed(look)


def _timed(look: Callable[[], object]) -> dict[str, Any]:
    seconds = []
    for _ in range(REPORTS + 1):
        started = time.monotonic()
        look()
        seconds.append(round(time.monotonic() - started, 3))
    return {"first": seconds[0], "warm": seconds[1:], "median": statistics.median(seconds[1:])}


def _owner(url: str) -> Any:
    return connect(url, idle_seconds=0, statement_seconds=0)


MEASURES: dict[str, Callable[[str], dict[str, Any]]] = {
    "rebuild_inline": _rebuild_inline,
    "rebuild_catch_up": _rebuild_catch_up,
    "check": _check,
    "verify": _verify,
    "report": _report,
    "report_at": _report_at,
    "look_back": _look_back,
}


if __name__ == "__main__":
    sys.exit(main())
