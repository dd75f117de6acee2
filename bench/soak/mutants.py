"""Switch each guard off and see that the soak notices within a minute: ``make soak-mutants``.

A mutant is a replacement in one file of a copy of the package, as in ``tests.mutants``; a short soak of that copy must
find something wrong, of the kind that the guard is there to prevent.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants import LEDGER, ROOT, TABLES, WAYS, copy, say

LIMIT = 60
"""Seconds within which the checker must find it, counted from the first verb."""
MIXED = "agent_kill,agent_freeze,cut_stall,cut_after_commit,terminate_storm"


@dataclass(frozen=True)
class Guard:
    """One guard switched off."""

    name: str
    file: str
    """Below ``src``."""
    old: str
    """Stands there exactly once."""
    new: str
    finds: str
    """What a finding says."""
    kinds: str = MIXED


GUARDS = (
    Guard(
        "one task an agent: the unique index",
        TABLES,
        "CREATE UNIQUE INDEX board_holder_idx",
        "CREATE INDEX board_holder_idx",
        "and holds",
    ),
    Guard(
        "the fence",
        "domain/holding.py",
        "if fence is not None and fence != hold.fence:",
        "if fence is None and fence == hold.fence:",
        "with the fence of an earlier hold",
    ),
    Guard(
        "the end of a lease",
        "domain/holding.py",
        "if not hold.live(context.now):",
        "if not hold.live(hold.claimed_at):",
        "after the end of the lease",
    ),
    Guard(
        "a repeated command is answered, not done again",
        "verbs/unit.py",
        "            raise Repeated\n",
        "            pass\n",
        "doubled",
    ),
    Guard(
        "a command's twin waits for the first",
        WAYS,
        "_lock := pg_advisory_xact_lock(1634299499, hashtext(begin.command::text));",
        "_lock := '';",
        "doubled",
    ),
    Guard(
        "a key stands for one command",
        "verbs/unit.py",
        'if document["repeated"]["request"] != self.request:',
        "if self.request is None:",
        "for two commands",
    ),
    Guard(
        "the horizon waits for open appends",
        LEDGER,
        "    RETURN least(taken, promised);",
        "    RETURN taken;",
        "lost to the follower",
    ),
    Guard(
        "an append promises before it takes a position",
        LEDGER,
        "    remembered := pg_advisory_xact_lock_shared((16718::bigint << 48) | promise)::text",
        "    remembered := ''",
        "lost to the follower",
    ),
    Guard(
        "an acknowledged verb is on disk",
        "database/embedded.conf",
        "synchronous_commit = on",
        "synchronous_commit = off",
        "lost:",
        "postgres_kill,postgres_immediate",
    ),
    Guard(
        "the board follows the ledger: renewals",
        WAYS,
        "SET lease_expires_at = b.lease_expires_at, renewals = b.renewals\n",
        "SET lease_expires_at = b.lease_expires_at\n",
        "fold and tables differ",
    ),
)


def main() -> int:
    """Run them all, or those with one of the words given in their names; 0 if the soak finds what each guard prevents,
    and nothing in the unchanged tree.
    """
    words, survived = sys.argv[1:], 0
    guards = [guard for guard in GUARDS if not words or any(word in guard.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="ainarres-soak-mutants-") as folder:
        sound = copy(Path(folder) / "sound")
        shutil.copytree(ROOT / "bench", sound / "bench", ignore=shutil.ignore_patterns("__pycache__"))
        kinds = f"{MIXED},postgres_kill,postgres_immediate"
        if (found := soak(sound, kinds))["verdict"] != "ok":
            say(f"the unchanged tree fails: {found}")
            return 1
        for guard in guards:
            verdict = judge(guard, sound, Path(folder) / "mutant")
            survived += verdict.startswith("SURVIVED")
            say(f"{verdict}: {guard.name}")
    say(f"{len(guards)} guards, {survived} survived")
    return 1 if survived else 0


def judge(guard: Guard, sound: Path, tree: Path) -> str:
    """Make the mutant from the sound copy, soak it, and say what came of it."""
    shutil.copytree(sound, tree)
    try:
        path = tree / "ainarres" / guard.file
        text = path.read_text(encoding="utf-8")
        if text.count(guard.old) != 1:
            return f"SURVIVED, {guard.file} has {text.count(guard.old)} places like {guard.old!r}; adapt the table"
        path.write_text(text.replace(guard.old, guard.new), encoding="utf-8")
        found = soak(tree, guard.kinds)
    finally:
        shutil.rmtree(tree)
    finding = next((one for one in found["wrong"] if guard.finds in one), None)
    if finding is None or found["seconds"] > LIMIT:
        return f"SURVIVED, {found['wrong'] or 'nothing found'} after {found['seconds']} s"
    return f"found after {found['seconds']:3.0f} s, {finding[:90]}"


def soak(tree: Path, kinds: str) -> dict[str, Any]:
    """Run a short soak of a tree and return its result."""
    result = tree / "soak.json"
    size = ["--minutes", "0.4", "--faults", "12", "--verbs", "2500", "--shrink", "0", "--whole", "3", "--kinds", kinds]
    done = subprocess.run(  # noqa: S603 - this module's own words
        [sys.executable, "-m", "bench.soak", *size, "--out", str(result)],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=10 * LIMIT,
        check=False,
    )
    if not result.exists():
        return {"verdict": "broke", "wrong": [done.stderr[-500:]], "seconds": 0.0}
    found: dict[str, Any] = json.loads(result.read_text())
    if found["verdict"] == "too little":
        found |= {"verdict": "ok", "wrong": []}
    return found


if __name__ == "__main__":
    sys.exit(main())
