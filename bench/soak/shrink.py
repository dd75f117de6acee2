"""Make a plan that finds something wrong smaller, while it still does.

First nothing, then the last fault alone, then more and more of those before it; then what was found is thinned out by
halves and single faults. Threads and processes do not repeat themselves, so each candidate is tried a few times.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from bench.soak import field

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.soak.faults import Fault

T = TypeVar("T")
TRIES = 2
STEP, REST = 1.0, 8.0
"""Seconds between faults of a smaller plan, and after the last."""


def smallest(told: field.Run, faults: Sequence[Fault], seconds: float) -> str:
    """Return the numbers of the smallest plan found within ``seconds``, separated by commas; ``none`` for none."""
    until = time.monotonic() + seconds

    def fails(part: Sequence[Fault]) -> bool:
        sys.stdout.write(f"trying {len(part)} faults\n")
        sys.stdout.flush()
        plan = closer(part)
        last = plan[-1].at if plan else 0.0
        return any(
            field.run(replace(told, faults=plan, seconds=last + REST, least=(0, 0)), quiet=True)["verdict"] == "wrong"
            for _ in range(TRIES)
        )

    found = minimise(faults, fails, lambda: time.monotonic() > until)
    return ",".join(str(one.number) for one in found) or "none"


def closer(faults: Sequence[Fault]) -> list[Fault]:
    """Move the faults of a part of a plan close together."""
    return [replace(one, at=STEP * (place + 1)) for place, one in enumerate(faults)]


def minimise(whole: Sequence[T], fails: Callable[[Sequence[T]], bool], late: Callable[[], bool]) -> list[T]:
    """Return a small part of ``whole``, in its order, that still ``fails``; ``whole`` itself where none was found."""
    size = 0
    while size < len(whole) and not late():
        tail = whole[len(whole) - size :]
        if fails(tail):
            return _thinned(list(tail), fails, late)
        size = max(1, size * 2)
    return _thinned(list(whole), fails, late)


def _thinned(part: list[T], fails: Callable[[Sequence[T]], bool], late: Callable[[], bool]) -> list[T]:
    step = len(part) // 2
    while step and not late():
        place = 0
        while place < len(part) and not late():
            rest = part[:place] + part[place + step :]
            if len(rest) < len(part) and fails(rest):
                part = rest
            else:
                place += step
        step //= 2
    return part
