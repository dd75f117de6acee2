"""Cycles and appends a second, side by side with peers and with the raw floor: one run, one server, the same settings.

Every contestant, in the layout that is fastest for it, begins each round on a fresh copy of its database, flushed
before; rounds are interleaved, so that what else the machine does falls on all alike. Run as ``python -m bench.race
[--rounds N] [--seconds S]``; writes ``bench/results/bench.json``, ``bench.md`` and ``bench-*.svg``.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import bed, chart, contestants, crew, machine, peers
from bench.contestants import FLOOR, ONE, RECORDER, STOCK, TWO
from bench.figures import summary

if TYPE_CHECKING:
    from collections.abc import Mapping

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Race, print, write the results; exit status 1 where a gate is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6, help="that each contestant is measured in each round")
    parser.add_argument("--only", default="", help="part of the names of those who race; nothing is written then")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    peers.install()
    with bed.laid() as on:
        found = _race(on, given.rounds, given.seconds, given.only)
    found |= {"gates": gates(found["cycles"], found["appends"])}
    text = report(found)
    sys.stdout.write(text)
    if not given.only:
        _write(given.out, found, text)
    return 0 if all(one["met"] for one in found["gates"] if one["kind"] == "gate") else 1


def _race(on: bed.Bed, rounds: int, seconds: float, only: str) -> dict[str, Any]:
    before = machine.describe()
    starters, absent = contestants.gather(on, only)
    rates: dict[str, list[float]] = {one.name: [] for one in starters}
    for number in range(rounds):
        for one in starters:
            if one.name in absent:
                continue
            on.create("lap", one.template)
            try:
                rates[one.name].append(one.run("lap", seconds, one.processes))
                _say(f"round {number + 1}: {one.name}: {rates[one.name][-1]:,.0f}/s")
            except crew.Failed as error:
                absent[one.name] = str(error).strip()
                _say(f"{one.name} fails: {error}")
            on.drop("lap")
    with on.admin() as admin:
        settings = machine.settings(admin)
    summaries = {
        kind: {
            one.name: {"note": one.layout(), **summary(rates[one.name])}
            for one in starters
            if one.kind == kind and one.name not in absent
        }
        for kind in ("cycles", "appends")
    }
    return {
        "machine": before | {"load_after": machine.describe()["load"]},
        "server": settings,
        "how": {"rounds": rounds, "seconds": seconds, "workers": contestants.WORKERS, "tasks": contestants.TASKS},
        **summaries,
        "absent": absent,
    }


def gates(cycles: Mapping[str, Mapping[str, Any]], appends: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return every gate and goal with what was measured; one whose other side is absent is not met, and says so."""

    def compared(kind: str, what: str, ours: str, other: str | None, least: float) -> dict[str, Any]:
        among = cycles if ours in cycles else appends
        mine = among.get(ours, {}).get("median")
        theirs = 1.0 if other is None else among.get(other, {}).get("median")
        figure = None if mine is None or not theirs else mine / theirs
        met = figure is not None and figure >= least
        shown = None if figure is None else math.floor(figure * 100) / 100  # never up to a gate it has not met
        return {"kind": kind, "what": what, "least": least, "measured": shown, "met": met}

    best = max((TWO, ONE), key=lambda name: cycles.get(name, {}).get("median", 0))
    return [
        compared("gate", "cycles a second, two verbs, every rule on", TWO, None, 1000),
        compared("gate", "two verbs against Procrastinate", TWO, "Procrastinate", 1),
        compared("gate", "two verbs against PGQueuer, unbatched", TWO, "PGQueuer", 1),
        compared("gate", "append through the library against its stock recorder", RECORDER, STOCK, 5),
        compared("goal", "two verbs against the floor", TWO, FLOOR, 0.6),
        compared("goal", "done --claim-next against the floor", ONE, FLOOR, 0.8),
        compared("goal", f"{best} against Graphile Worker, unbatched", best, "Graphile Worker", 1),
    ]


def report(found: Mapping[str, Any]) -> str:
    """Return the tables as markdown."""
    about, server, how = found["machine"], found["server"], found["how"]
    where = (
        f"{about['at']}, {about['cores']} cores ({about['processor']}), load {about['load']} before and"
        f" {about['load_after']} after; PostgreSQL {server['version']}, fsync {server['fsync']}, synchronous_commit"
        f" {server['synchronous_commit']}; medians of {how['rounds']} rounds of {how['seconds']:g} s."
    )
    lines = ["# Race", "", where, ""]
    for title, unit in (("cycles", "cycles/s"), ("appends", "events/s")):
        base = found[title].get(FLOOR if title == "cycles" else STOCK, {}).get("median")
        against = "of the floor" if title == "cycles" else "times stock"
        lines += [f"| {title} | {unit} | least … greatest | {against} | how |", "|---|--:|--:|--:|---|"]
        for name, one in sorted(found[title].items(), key=lambda item: -item[1]["median"]):
            share = f"{one['median'] / base:.2f}" if base else ""
            span = f"{one['least']:,.0f} … {one['greatest']:,.0f}"
            lines.append(f"| {name} | {one['median']:,.0f} | {span} | {share} | {one['note']} |")
        lines.append("")
    lines += [
        f"- absent: {name}: {reason.splitlines()[-1] if reason else ''}" for name, reason in found["absent"].items()
    ]
    lines += ["| | | least | measured | |", "|---|---|--:|--:|---|"]
    for one in found["gates"]:
        measured, met = "absent" if one["measured"] is None else one["measured"], "met" if one["met"] else "MISSED"
        lines.append(f"| {one['kind']} | {one['what']} | {one['least']:g} | {measured} | {met} |")
    return "\n".join(lines) + "\n"


def _write(folder: Path, found: Mapping[str, Any], text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (folder / "bench.md").write_text(text, encoding="utf-8")
    for title, unit in (("cycles", "cycles a second"), ("appends", "events a second")):
        of = [
            chart.Bar(name, one["median"], one["least"], one["greatest"], name.startswith("ainarres"))
            for name, one in sorted(found[title].items(), key=lambda item: -item[1]["median"])
        ]
        (folder / f"bench-{title}.svg").write_text(chart.bars(title.capitalize(), unit, of), encoding="utf-8")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
