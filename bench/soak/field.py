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
    least: tuple[int, int] = (0, 0)
    """Verbs and faults to reach, if it takes longer than ``seconds``; up to three times as long."""
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
                return _Play(told, Field(made, crew, Checker(made.url, notes), backups), quiet=quiet).play()
            finally:
                crew.close()
        finally:
            made.close()


class _Play:
    """The course of one run."""

    def __init__(self, told: Run, on: Field, *, quiet: bool) -> None:
        self._told, self._on, self._quiet = told, on, quiet
        self._begun = self._shown = time.monotonic()
        self._inflicted: list[dict[str, Any]] = []

    def play(self) -> dict[str, Any]:
        """Go through the plan, check, and return what was found."""
        told, on = self._told, self._on
        gap, free = told.seconds / max(1, len(told.faults)) / 2, self._begun
        for fault in told.faults:
            self._wait_until(
                max(self._begun + fault.at, free)
            )  # who fell behind goes on at this pace, and does not press
            if on.wrong or (self._seconds > told.seconds and len(self._inflicted) >= told.least[1]):
                break
            self._inflict(fault)
            free = time.monotonic() + gap
        self._wait_until(self._begun + told.seconds)
        while not on.wrong and on.checker.diaries.acknowledged < told.least[0] and self._seconds < 3 * told.seconds:
            self._wait_until(time.monotonic() + 1)
            on.checker.read()
        on.crew.rest()
        on.wrong += _never_met(on, self._inflicted)
        on.wrong += on.checker.whole()
        self._tell("the end", now=True)
        return _found(told, on, self._inflicted, self._seconds)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._begun

    def _inflict(self, fault: Fault) -> None:
        on, at = self._on, time.monotonic()
        said = faults.inflict(on, fault)
        took = round(time.monotonic() - at, 2)
        on.wrong += on.crew.lost()
        on.wrong += on.checker.glance()
        self._inflicted.append({"number": fault.number, "kind": fault.kind, "seconds": took, "said": said})
        if len(self._inflicted) % self._told.whole == 0:
            on.wrong += on.checker.whole()
        self._tell(f"last: {fault.kind} {said}")

    def _wait_until(self, moment: float) -> None:
        while (left := moment - time.monotonic()) > 0 and not self._on.wrong:
            self._on.crew.thaw()
            self._tell()
            time.sleep(min(0.05, left))
        self._on.crew.thaw()

    def _tell(self, word: str = "", *, now: bool = False) -> None:
        if self._quiet or (not now and time.monotonic() - self._shown < TELL):
            return
        self._shown, checker = time.monotonic(), self._on.checker
        checker.read()
        verbs = checker.diaries.acknowledged
        sys.stdout.write(
            f"{self._seconds:6.0f} s  {verbs:7,} verbs acknowledged ({verbs / max(self._seconds, 1e-3):.0f}/s),"
            f" {len(self._inflicted)} faults, {checker.glances} checks, {checker.wholes} in full,"
            f" {len(self._on.wrong)} wrong  {word}\n"
        )
        sys.stdout.flush()


def _never_met(on: Field, inflicted: list[dict[str, Any]]) -> list[str]:
    """Name points at which connections were to be cut and none was: the product speaks otherwise by now."""
    kinds = Counter(one["kind"].removeprefix("cut_") for one in inflicted)
    return [f"no connection was cut at {one}" for one, n in kinds.items() if one in on.met and n and not on.met[one]]


def _said(notes: Path) -> list[str]:
    """Return the last lines of what the servers wrote besides warnings: where a fault of theirs is explained."""
    lines = [line for path in sorted(notes.glob("web-*.log")) for line in path.read_text().splitlines()]
    return [line for line in lines if " WARNING " not in line][-40:]


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
        "bytes": checker.sizes,
        "followed": len(checker.diaries.seen),
        "faults": len(inflicted),
        "kinds": dict(sorted(kinds.items())),
        "slowest": {kind: max(one["seconds"] for one in inflicted if one["kind"] == kind) for kind in sorted(kinds)},
        "connections_cut": on.met,
        "longest_silence_seconds": round(checker.diaries.gap, 2),
        "checks": checker.glances,
        "checks_in_full": checker.wholes,
        "servers_said": _said(checker.notes) if on.wrong else [],
        "last_fault": inflicted[-1]["number"] if inflicted else None,
        "wrong": list(dict.fromkeys(on.wrong)),
        "verdict": "wrong" if on.wrong else "ok",
    }
