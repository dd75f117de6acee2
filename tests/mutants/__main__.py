"""Run the mutants: ``python -m tests.mutants [WORD …]``."""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutants.rules import RULES
from tests.mutants.shown import SHOWN
from tests.mutants.together import TOGETHER
from tests.mutants.trial import copy, judge, run, say

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_ONCE = 2
MUTANTS = (*RULES, *TOGETHER, *SHOWN)


def main(words: Sequence[str]) -> int:
    """Run those whose name holds one of ``words``, all where there are none; 0 if each is killed by its own test."""
    started = time.monotonic()
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.name for word in words)]
    if not chosen:
        say(f"no mutant's name holds {' or '.join(words)}")
        return 2
    with tempfile.TemporaryDirectory(prefix="ainarres-mutants-") as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        sound = copy(Path(folder) / "sound")
        tests = sorted({mutant.test for mutant in chosen})
        if found := run(sound, [*tests, f"-n{AT_ONCE}"]):
            say(f"the unchanged tree fails:\n{found}")
            return 1
        verdicts = list(pool.map(lambda n: judge(chosen[n], sound, Path(folder) / str(n)), range(len(chosen))))
    for mutant, verdict in zip(chosen, verdicts, strict=True):
        say(
            f"{'killed  ' if verdict is None else 'SURVIVED'}  {mutant.name}"
            + (f"\n          {verdict}" if verdict else "")
        )
    survived = sum(verdict is not None for verdict in verdicts)
    say(f"{len(chosen)} mutants, {survived} survived, {time.monotonic() - started:.0f} s")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
