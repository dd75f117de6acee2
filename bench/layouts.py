"""Over how many processes each contestant's 16 workers go fastest: what the race uses, tried out and kept.

A contestant whose processes serve several workers each may be slowed by its interpreter, one with too many processes by
the machine; nobody is raced in a layout that does not suit. Run as ``python -m bench.layouts``; writes
``bench/results/layouts.json``, where ``bench.race`` finds the fastest. Turns are interleaved.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import bed, contestants, crew, machine, peers

if TYPE_CHECKING:
    from collections.abc import Mapping

CHOICES = (1, 2, 4, 16)


def main() -> None:
    """Try every layout, write the medians and the fastest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--out", type=Path, default=contestants.LAYOUTS)
    given = parser.parse_args()
    peers.install()
    rates: dict[str, dict[int, list[float]]] = {}
    about = machine.describe()
    with bed.laid() as on:
        starters, absent = contestants.gather(on)
        for _ in range(given.rounds):
            for processes in CHOICES:
                for one in starters:
                    if one.name not in absent and one.spread:
                        _turn(on, one, processes, given.seconds, rates)
    found = {"machine": about, "workers": contestants.WORKERS, "contestants": chosen(rates)}
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found["contestants"], indent=1) + "\n")


def _turn(
    on: bed.Bed, one: contestants.Contestant, processes: int, seconds: float, rates: dict[str, dict[int, list[float]]]
) -> None:
    on.create("lap", one.template)
    try:
        rate = one.run("lap", seconds, processes)
    except crew.Failed as error:
        sys.stderr.write(f"{one.name} in {processes} processes fails: {error}\n")
    else:
        rates.setdefault(one.name, {}).setdefault(processes, []).append(rate)
        sys.stderr.write(f"{one.name} in {processes} processes: {rate:,.0f}/s\n")
    on.drop("lap")


def chosen(rates: Mapping[str, Mapping[int, list[float]]]) -> dict[str, Any]:
    """Return each contestant's median by number of processes, and the number that was fastest."""
    found: dict[str, Any] = {}
    for name, by_number in rates.items():
        medians = {number: round(statistics.median(some), 1) for number, some in by_number.items()}
        found[name] = {"processes": max(medians, key=lambda number: medians[number]), "medians": medians}
    return found


if __name__ == "__main__":
    main()
