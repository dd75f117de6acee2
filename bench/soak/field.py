"""The field: ground, crew and checker of one run, and the run itself."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.soak import faults, ground
from bench.soak.checker import Checker
from bench.soak.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.soak.faults import Fault

TELL = 5.0
"""Seconds between two lines of progress."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run is told."""

    seed: int
    seconds: float
    agents: int
    per_second: float
    """Verbs, of all agents together."""
    faults: Sequence[Fault]
    whole: int = 50
    """Faults between two checks of everything."""


@dataclass(slots=True)
class Field:
    """What faults act upon."""

    ground: ground.Ground
    crew: Crew
    checker: Checker
    backups: Path
    wrong: list[str] = field(default_factory=list)
    met: dict[str, int] = field(default_factory=dict)
    """Connections cut, by point."""


def run(told: Run, *, quiet: bool = False) -> dict[str, Any]:
    """Run once and return what was found; it ends early when something is wrong."""
    with ground.folder("ainarres-soak-") as name:
        folder = Path(name)
        notes, backups = folder / "notes", folder / "backups"
        notes.mkdir()
        backups.mkdir()
        made = ground.Ground(folder)
        try:
            dice = random.Random(told.seed)  # noqa: S311 - luck
            crew = Crew(made, notes, dice, told.agents, told.per_second)
            try:
                crew.ready()
                return _run(told, Field(made, crew, Checker(made.url, notes), backups), quiet=quiet)
            finally:
                crew.close()
        finally:
            made.close()


def _run(told: Run, on: Field, *, quiet: bool) -> dict[str, Any]:
    begun = time.monotonic()
    inflicted: list[dict[str, Any]] = []
    shown = begun

    def tell(word: str = "", *, now: bool = False) -> None:
        nonlocal shown
        if quiet or (not now and time.monotonic() - shown < TELL):
            return
        shown = time.monotonic()
        on.checker.read()
        seconds = shown - begun
        sys.stdout.write(
            f"{seconds:6.0f} s  {on.checker.diaries.acknowledged:7,} verbs acknowledged"
            f" ({on.checker.diaries.acknowledged / max(seconds, 1e-3):.0f}/s), {len(inflicted)} faults,"
            f" {on.checker.glances} checks, {on.checker.wholes} in full, {len(on.wrong)} wrong  {word}\n"
        )
        sys.stdout.flush()

    for fault in told.faults:
        while time.monotonic() - begun < fault.at:
            on.crew.thaw()
            tell()
            time.sleep(max(0.0, min(0.05, begun + fault.at - time.monotonic())))
        on.crew.thaw()
        at = time.monotonic()
        said = faults.inflict(on, fault)
        took = time.monotonic() - at
        on.wrong += on.crew.lost()
        on.wrong += on.checker.glance()
        inflicted.append({"number": fault.number, "kind": fault.kind, "seconds": round(took, 2), "said": said})
        if len(inflicted) % told.whole == 0:
            on.wrong += on.checker.whole()
        tell(f"last: {fault.kind} {said}")
        if on.wrong:
            break
    while not on.wrong and time.monotonic() - begun < told.seconds:
        on.crew.thaw()
        tell()
        time.sleep(0.05)
    on.crew.rest()
    on.wrong += _never_met(on, inflicted)
    on.wrong += on.checker.whole()
    tell("the end", now=True)
    return _found(told, on, inflicted, time.monotonic() - begun)


def _never_met(on: Field, inflicted: list[dict[str, Any]]) -> list[str]:
    """Name points at which connections were to be cut and none was: the product speaks otherwise by now."""
    kinds = Counter(one["kind"].removeprefix("cut_") for one in inflicted)
    return [f"no connection was cut at {one}" for one, n in kinds.items() if one in on.met and n and not on.met[one]]


def _found(told: Run, on: Field, inflicted: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    checker, kinds = on.checker, Counter(one["kind"] for one in inflicted)
    return {
        "seed": told.seed,
        "seconds": round(seconds, 1),
        "agents": told.agents,
        "disk": "tmpfs" if on.ground.mounted else "directory, files limited",
        "acknowledged": checker.diaries.acknowledged,
        "acknowledged_per_second": round(checker.diaries.acknowledged / seconds, 1),
        "answers": dict(sorted(checker.diaries.codes.items())),
        "repeats_answered": sum(answer["replayed"] for _, answer in checker.diaries.answers),
        "events": checker.events,
        "followed": len(checker.diaries.seen),
        "faults": len(inflicted),
        "kinds": dict(sorted(kinds.items())),
        "slowest": {kind: max(one["seconds"] for one in inflicted if one["kind"] == kind) for kind in sorted(kinds)},
        "connections_cut": on.met,
        "longest_silence_seconds": round(checker.diaries.gap, 2),
        "checks": checker.glances,
        "checks_in_full": checker.wholes,
        "last_fault": inflicted[-1]["number"] if inflicted else None,
        "wrong": list(dict.fromkeys(on.wrong)),
        "verdict": "wrong" if on.wrong else "ok",
    }
