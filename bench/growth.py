"""How costs grow: with tasks and events, with claimers, and while a snapshot is held. Exponents are fitted.

Run as ``python -m bench.growth [--sizes N…] [--claimers N…] [--held SECONDS]``; a part is left out with an empty list
or 0. Writes ``bench/results/growth.json``, ``growth.md`` and ``growth-*.svg``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import bed, board, chart, claimers, held, machine, sizes
from bench.figures import exponent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESULTS = Path(__file__).parent / "results"
MORE_CONNECTIONS = "max_connections = 300"
"""256 claimers want more than the embedded server lets in."""
CURVES = ("claim_p50_ms", "claim_p99_ms", "next_p50_ms", "next_p99_ms", "status_p50_ms", "report_p50_ms")
REBUILDS = ("rebuild_s", "catch_up_rebuild_s")
AGENTS = 16
CROWD_TASKS = 60_000


def main() -> int:
    """Measure, print, write the results; exit status 1 where a held snapshot costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 10_000, 100_000, 1_000_000], help="tasks")
    parser.add_argument("--fold", type=int, default=100_000, help="tasks up to which the inline rebuild is measured")
    parser.add_argument("--claimers", type=int, nargs="*", default=[1, 2, 4, 8, 16, 32, 64, 128, 256])
    parser.add_argument("--seconds", type=float, default=6, help="that each number of claimers works")
    parser.add_argument("--held", type=float, default=600, help="seconds that a snapshot is held; 0 leaves that out")
    parser.add_argument("--calm", type=float, default=120, help="seconds before and after it")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    found: dict[str, Any] = {"machine": machine.describe(), "sizes": [], "claimers": []}
    with bed.laid(MORE_CONNECTIONS) as on:
        with on.admin() as admin:
            found["server"] = machine.settings(admin)
        found["sizes"] = sizes.measure(on, given.sizes, given.fold)
        _say(found["sizes"])
        if given.claimers:
            tokens = board.set_up(on, "crowded", CROWD_TASKS, max(given.claimers))
            for count in given.claimers:
                found["claimers"].append(claimers.measure(on, "crowded", tokens[:count], given.seconds))
                _say(found["claimers"][-1])
        if given.held:
            found["held"] = _held(on, given.held, given.calm)
            _say({name: value for name, value in found["held"].items() if name not in ("windows", "seen")})
    found["exponents"] = exponents(found["sizes"], found["claimers"])
    found["machine"]["load_after"] = machine.describe()["load"]
    text = report(found)
    sys.stdout.write(text)
    _write(given.out, found, text)
    return 0 if found.get("held", {}).get("met", True) else 1


def _held(on: bed.Bed, seconds: float, calm: float) -> dict[str, Any]:
    """Find the highest rate, then work at half of it."""
    trial = board.set_up(on, "trial", CROWD_TASKS, AGENTS)
    highest = claimers.measure(on, "trial", trial, 10)["cycles_per_s"]
    on.drop("trial")
    rate = highest / 2
    tokens = board.set_up(on, "held", round(rate * (seconds + 2 * calm) * 1.2) + 1000, AGENTS)
    measured = held.measure(on, "held", tokens, rate, held.Phases(calm, seconds, calm))
    with on.owner("held") as owner:
        return {"highest_rate": highest, **measured, "tables": sizes.tables(owner)}


def exponents(of_sizes: Sequence[Mapping[str, Any]], of_claimers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the exponent of each curve: over tasks, rebuilds over events, the rest over claimers."""
    across = dict.fromkeys(CURVES, "tasks") | dict.fromkeys(REBUILDS, "events")
    found = {
        f"{name} over {axis}": exponent([(one[axis], one[name]) for one in of_sizes if name in one])
        for name, axis in across.items()
    }
    found |= {
        f"{name} over claimers": exponent([(one["claimers"], one[name]) for one in of_claimers])
        for name in ("cycles_per_s", "claim_p50_ms", "claim_p99_ms")
    }
    return {name: one for name, one in found.items() if one is not None}


def report(found: Mapping[str, Any]) -> str:
    """Return the tables as markdown."""
    about, server = found["machine"], found["server"]
    where = f"{about['at']}, {about['cores']} cores ({about['processor']}), load {about['load']} before"
    lines = ["# Growth", "", f"{where} and {about['load_after']} after; PostgreSQL {server['version']}.", ""]
    if found["sizes"]:
        names = ("tasks", "events", *CURVES, *REBUILDS)
        lines += _table(names, found["sizes"])
        lines += _table(
            ("events", "table", "table_mib", "indexes_mib", "dead"),
            [
                {"events": one["events"], "table": name, **table}
                for one in found["sizes"]
                for name, table in one["tables"].items()
                if name in ("ledger.event", "projection.board")
            ],
        )
    if found["claimers"]:
        lines += _table(("claimers", "cycles_per_s", "claim_p50_ms", "claim_p99_ms"), found["claimers"])
    if found["exponents"]:
        lines += _table(("curve", "exponent"), [{"curve": k, "exponent": v} for k, v in found["exponents"].items()])
    if "held" in found:
        one = found["held"]
        lines += [f"A held snapshot at half of {one['highest_rate']:,.0f} cycles/s:", ""]
        phases = [{"phase": name, **one[name]} for name in ("before", "held", "after")]
        lines += _table(("phase", "cycles_per_s", "claim_p50_ms", "claim_p99_ms"), phases)
        said = (
            f"- throughput {one['throughput_ratio']} of before (gate {held.GATES['throughput']}), p99"
            f" {one['p99_ratio']} times (gate {held.GATES['p99']}), recovered after {one['recovered_s']} s"
            f" (gate {held.GATES['recovered_s']}): {'met' if one['met'] else 'MISSED'}"
        )
        lines += [said, ""]
    return "\n".join(lines)


def _table(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    cells = [[one.get(name, "") for name in names] for one in rows]
    shown = [[f"{cell:,}" if isinstance(cell, int | float) else str(cell) for cell in row] for row in cells]
    head = ["| " + " | ".join(names) + " |", "|" + "--:|" * len(names)]
    return [*head, *("| " + " | ".join(row) + " |" for row in shown), ""]


def _write(folder: Path, found: Mapping[str, Any], text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "growth.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (folder / "growth.md").write_text(text, encoding="utf-8")

    def curve(rows: Sequence[Mapping[str, Any]], x: str, y: str) -> list[tuple[float, float]]:
        return [(one[x], one[y]) for one in rows if y in one]

    charts = {}
    if found["sizes"]:
        of = {name.removesuffix("_ms").replace("_", " "): curve(found["sizes"], "tasks", name) for name in CURVES}
        charts["tasks"] = chart.curves("What one costs as the ledger grows", "tasks", "ms", of)
        of = {name.removesuffix("_s").replace("_", " "): curve(found["sizes"], "events", name) for name in REBUILDS}
        charts["rebuild"] = chart.curves("Rebuilds as the ledger grows", "events", "seconds", of)
    if found["claimers"]:
        of = {
            name: curve(found["claimers"], "claimers", name)
            for name in ("cycles_per_s", "claim_p50_ms", "claim_p99_ms")
        }
        charts["claimers"] = chart.curves("Claimers at once", "claimers", "cycles/s, ms", of)
    if "held" in found:
        of = {
            name: [(one["second"], one[name]) for one in found["held"]["windows"]]
            for name in ("cycles_per_s", "claim_p50_ms", "claim_p99_ms")
        }
        charts["held"] = chart.timeline("A snapshot is held", "seconds", of, found["held"]["held_between"])
    for name, drawn in charts.items():
        (folder / f"growth-{name}.svg").write_text(drawn, encoding="utf-8")


def _say(what: object) -> None:
    sys.stderr.write(f"{what}\n")


if __name__ == "__main__":
    sys.exit(main())
