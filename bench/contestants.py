"""Who races: the verbs in both ways, the raw floor, the peers, and the recorders; sixteen workers each.

A contestant runs on a copy of its template, its workers spread over a number of processes: the one that
``bench.layouts`` found fastest for it, two where nobody has tried.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench import append, board, crew, floor, peers

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.bed import Bed

LAYOUTS = Path(__file__).parent / "results" / "layouts.json"
WORKERS = 16
TASKS = 60_000
TWO, ONE, FLOOR = "ainarres, two verbs", "ainarres, done --claim-next", "raw SQL floor (pgbench)"
STOCK, RECORDER, DOOR = "library's stock recorder", "ainarres recorder", "ainarres ledger.append"


@dataclass(frozen=True, slots=True)
class Contestant:
    """Who races: ``run(database, seconds, processes)`` gives its rate on a copy of ``template``."""

    name: str
    kind: str
    """``cycles`` or ``appends``."""
    note: str
    template: str
    run: Callable[[str, float, int], float]
    processes: int = 2
    spread: bool = True
    """Whether its workers may be spread over processes otherwise."""

    def layout(self) -> str:
        """Return what is measured, and how it is laid out."""
        if not self.spread:
            return self.note
        return f"{self.processes} processes of {WORKERS // self.processes} workers; {self.note}"


def gather(on: Bed, only: str = "") -> tuple[list[Contestant], dict[str, str]]:
    """Make the templates of all whose name has ``only`` in it; returns them, and the absent with their reasons."""
    absent: dict[str, str] = {}
    fastest = _fastest()
    found = [
        replace(one, processes=fastest.get(one.name, one.processes))
        for one in (*_ours(on), *_peers(on, absent, only), *_writers(on))
        if only in one.name
    ]
    return found, absent


def _fastest() -> dict[str, int]:
    if not LAYOUTS.exists():
        return {}
    tried = json.loads(LAYOUTS.read_text(encoding="utf-8"))["contestants"]
    return {name: one["processes"] for name, one in tried.items()}


def _ours(on: Bed) -> list[Contestant]:
    tokens = board.set_up(on, "board", TASKS, WORKERS)

    def cycling(way: str) -> Callable[[str, float, int], float]:
        def run(database: str, seconds: float, processes: int) -> float:
            url, each = on.url(database, "ainarres_app"), WORKERS // processes
            commands = [
                [sys.executable, "-m", "bench.cycle", way, url, ",".join(tokens[begin : begin + each])]
                for begin in range(0, WORKERS, each)
            ]
            return crew.run(commands, seconds).rate

        return run

    def floored(database: str, seconds: float, _: int) -> float:
        return floor.cycles(on, database, WORKERS, seconds)

    raw = f"{WORKERS} clients, prepared, two transactions and two events, no rule, no key"
    return [
        Contestant(TWO, "cycles", "every rule on, a key for each verb", "board", cycling("two")),
        Contestant(ONE, "cycles", "the same, advance and claim in one transaction", "board", cycling("one")),
        Contestant(FLOOR, "cycles", raw, "board", floored, spread=False),
    ]


def _peers(on: Bed, absent: dict[str, str], only: str) -> list[Contestant]:
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
            continue

        def run(database: str, seconds: float, processes: int, peer: peers.Peer = peer) -> float:
            return peer.race(on.url(database), seconds, processes, WORKERS // processes)

        found.append(Contestant(peer.name, "cycles", f"{peer.note}; {version}", template, run))
    return found


def _writers(on: Bed) -> list[Contestant]:
    append.prepare(on.url("board"))

    def writing(way: str, user: str) -> Callable[[str, float, int], float]:
        def run(database: str, seconds: float, processes: int) -> float:
            each = str(WORKERS // processes)
            command = [sys.executable, "-m", "bench.append", way, on.url(database, user), each]
            return crew.run([command] * processes, seconds).rate

        return run

    how = "an event a call, a transaction each"
    return [
        Contestant(
            STOCK, "appends", f"PostgresApplicationRecorder, {how}", "board", writing("stock", "ainarres_owner")
        ),
        Contestant(
            RECORDER, "appends", f"LedgerApplicationRecorder, {how}", "board", writing("recorder", "ainarres_app")
        ),
        Contestant(DOOR, "appends", f"the append that verbs use, {how}", "board", writing("door", "ainarres_app")),
    ]
