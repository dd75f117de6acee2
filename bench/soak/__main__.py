"""Run the soak, check, write the result: ``python -m bench.soak``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import Any

from bench.soak import faults, field, shrink

RESULT = Path(__file__).parents[1] / "results" / "soak.json"
MORE = 1.2
"""How many faults are planned for each that has to be."""
SPARE = 1.35
"""How much faster than necessary the agents try to be, for what outages cost."""


def main() -> int:
    """Run; 0 if nothing is wrong and there was as much of it as was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=500, help="faults to reach at least")
    parser.add_argument("--verbs", type=int, default=100_000, help="acknowledged verbs to reach at least")
    parser.add_argument("--agents", type=int, default=16)
    parser.add_argument("--whole", type=int, default=50, help="faults between two checks of everything")
    parser.add_argument("--kinds", default=",".join(faults.KINDS), help="only these kinds of faults")
    parser.add_argument("--only", help="play only these faults of the plan, by number; `none` for none")
    parser.add_argument(
        "--shrink", type=float, default=10, metavar="MINUTES", help="to look for a smaller reproduction"
    )
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # in order, so that no server and no disk is left behind
    unknown = set(given.kinds.split(",")) - set(faults.KINDS)
    if unknown:
        parser.error(f"--kinds: no fault is called {min(unknown)}; there are {', '.join(faults.KINDS)}")
    seconds = given.minutes * 60
    plan = faults.plan(given.seed, round(given.faults * MORE), seconds, given.kinds.split(","))
    least = given.verbs, given.faults
    if given.only is not None:
        numbers = set() if given.only == "none" else {int(one) for one in given.only.split(",")}
        plan, least = shrink.closer([one for one in plan if one.number in numbers]), (0, 0)
    told = field.Run(given.seed, seconds, given.agents, given.verbs / seconds * SPARE, plan, least, given.whole)
    found = field.run(told)
    if (found["acknowledged"] < least[0] or found["faults"] < least[1]) and found["verdict"] == "ok":
        few = f"{found['acknowledged']} verbs and {found['faults']} faults, not {given.verbs} and {given.faults}"
        found |= {"verdict": "too little", "wrong": [few]}
    if found["verdict"] == "wrong" and given.shrink:
        found["reproduction"] = _smaller(told, found, given)
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0 if found["verdict"] == "ok" else 1


def _smaller(told: field.Run, found: dict[str, Any], given: argparse.Namespace) -> str:
    """Look for a smaller plan that still finds something wrong; return the command that plays it."""
    until = [one for one in told.faults if one.number <= (found["last_fault"] or 0)]
    numbers = shrink.smallest(told, until, given.shrink * 60)
    command = f"python -m bench.soak --seed {given.seed} --minutes {given.minutes:g} --faults {given.faults}"
    return f"{command} --verbs {given.verbs} --agents {given.agents} --only {numbers}"


if __name__ == "__main__":
    sys.exit(main())
