"""Cycles and appends a second, side by side with peers and with the raw floor: one run, one server, the same settings.

Every contestant begins each round on a fresh copy of its database, flushed before; rounds are interleaved, so that what
else the machine does falls on all alike. Run as ``python -m bench.race [--rounds N] [--seconds S]``; writes
``bench/results/bench.json``, ``bench.md`` and ``bench-*.svg``.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import append, bed, board, chart, crew, floor, machine, peers
from bench.figures import summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

RESULTS = Path(__file__).parent / "results"
AGENTS = 16
PROCESSES = 2
"""Processes that the 16 agents, and the 16 writers, are spread over: one for each core was the fastest."""
TASKS = 60_000
TWO, ONE, FLOOR = "ainarres, two verbs", "ainarres, done --claim-next", "raw SQL floor (pgbench)"
STOCK, RECORDER, DOOR = "library's stock recorder", "ainarres recorder", "ainarres ledger.append"


@dataclass(frozen=True, slots=True)
class Contestant:
    """Who races: ``run(database, seconds)`` gives its rate on a copy of ``template``."""

    name: str
    note: str
    template: str
    run: Callable[[str, float], float]


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
    absent: dict[str, str] = {}
    cycling = [one for one in [*_ours(on), *_peers(on, absent, only)] if only in one.name]
    appending = [one for one in _writers(on) if only in one.name]
    rates: dict[str, list[float]] = {one.name: [] for one in (*cycling, *appending)}
    for number in range(rounds):
        for one in (*cycling, *appending):
            if one.name in absent:
                continue
            on.create("lap", one.template)
            try:
                rates[one.name].append(one.run("lap", seconds))
                _say(f"round {number + 1}: {one.name}: {rates[one.name][-1]:,.0f}/s")
            except crew.Failed as error:
                absent[one.name] = str(error).strip()
                _say(f"{one.name} fails: {error}")
            on.drop("lap")
    with on.admin() as admin:
        settings = machine.settings(admin)
    return {
        "machine": before | {"load_after": machine.describe()["load"]},
        "server": settings,
        "how": {"rounds": rounds, "seconds": seconds, "workers": AGENTS, "processes": PROCESSES, "tasks": TASKS},
        "cycles": _summaries(cycling, rates, absent),
        "appends": _summaries(appending, rates, absent),
        "absent": absent,
    }


def _summaries(
    of: Iterable[Contestant], rates: Mapping[str, list[float]], absent: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    return {one.name: {"note": one.note, **summary(rates[one.name])} for one in of if one.name not in absent}


def _ours(on: bed.Bed) -> list[Contestant]:
    tokens = board.set_up(on, "board", TASKS, AGENTS)
    each = AGENTS // PROCESSES

    def cycling(way: str) -> Callable[[str, float], float]:
        def run(database: str, seconds: float) -> float:
            url = on.url(database, "ainarres_app")
            commands = [
                [sys.executable, "-m", "bench.cycle", way, url, ",".join(tokens[begin : begin + each])]
                for begin in range(0, AGENTS, each)
            ]
            return crew.run(commands, seconds).rate

        return run

    layout = f"{PROCESSES} processes of {each} agents"
    return [
        Contestant(TWO, f"{layout}, every rule on, a key for each verb", "board", cycling("two")),
        Contestant(ONE, f"{layout}, the same in one transaction", "board", cycling("one")),
        Contestant(
            FLOOR,
            f"{AGENTS} clients, prepared, two transactions and two events, no rule, no key",
            "board",
            lambda database, seconds: floor.cycles(on, database, AGENTS, seconds),
        ),
    ]


def _peers(on: bed.Bed, absent: dict[str, str], only: str) -> list[Contestant]:
    found = []
    for number, peer in enumerate(peers.PEERS):
        if only not in peer.name:
            continue
        template = f"peer_{number}"
        try:
            version = peer.version()
            on.create(template)
            peer.prepare(on.url(template))
            with on.owner(template) as owner:
                owner.execute("VACUUM ANALYZE")
        except crew.Failed as error:
            absent[peer.name] = str(error)
            _say(f"{peer.name} is absent: {error}")
            continue

        def run(database: str, seconds: float, peer: peers.Peer = peer) -> float:
            return peer.race(on.url(database), seconds)

        found.append(Contestant(peer.name, f"{version}; {peer.note}", template, run))
    return found


def _writers(on: bed.Bed) -> list[Contestant]:
    append.prepare(on.url("board"))
    each = str(AGENTS // PROCESSES)

    def writing(way: str, user: str) -> Callable[[str, float], float]:
        def run(database: str, seconds: float) -> float:
            command = [sys.executable, "-m", "bench.append", way, on.url(database, user), each]
            return crew.run([command] * PROCESSES, seconds).rate

        return run

    how = f"{AGENTS} writers, an event a call, a transaction each"
    return [
        Contestant(STOCK, f"PostgresApplicationRecorder, {how}", "board", writing("stock", "ainarres_owner")),
        Contestant(RECORDER, f"LedgerApplicationRecorder, {how}", "board", writing("recorder", "ainarres_app")),
        Contestant(DOOR, f"the append that verbs use, {how}", "board", writing("door", "ainarres_app")),
    ]


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
