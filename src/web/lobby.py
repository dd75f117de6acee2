"""The lobby: claims that wait for work, without a connection each.

Waiters of one kind (the same family, features, lane and task) would all get the same answer, so a bell wakes the first
of each kind, and the next one only when that one found something. A slow poll asks for one of each kind in turn: leases
that run out and reservations that end ring no bell.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from ainarres.verbs.envelope import Envelope

POLL = 2.0
"""Seconds between two polls."""
MISSES = 3
"""Waiters of a kind that a bell wakes for nothing: one may be kept from a task that the next may take."""
_NOTHING = frozenset({"empty", "unavailable"})


@dataclass(eq=False, slots=True)
class Waiter:
    """One waiting claim; ``ask`` looks once."""

    ask: Callable[[], Awaitable[Envelope]]
    last: Envelope
    answer: asyncio.Future[Envelope] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    asking: bool = False
    leaving: bool = False


class Lobby:
    """Waiters by kind, first come first served."""

    def __init__(self) -> None:
        self._kinds: dict[Hashable, list[Waiter]] = {}
        self._rung: dict[Hashable, bool] = {}
        self._rounds: set[asyncio.Task[None]] = set()
        self._open = True

    def __len__(self) -> int:
        return sum(len(waiters) for waiters in self._kinds.values())

    async def wait(self, kind: Hashable, waiter: Waiter, seconds: float) -> Envelope:
        """Wait for work and return the claim's answer, the last empty one when there was none in time."""
        if not self._open:
            return waiter.last
        self._kinds.setdefault(kind, []).append(waiter)
        try:
            await asyncio.wait({waiter.answer}, timeout=seconds)
            waiter.leaving = True
            if waiter.asking:  # what is being claimed for it at this moment is its own
                await asyncio.wait({waiter.answer})
        finally:
            self._leave(kind, waiter)
        return waiter.answer.result() if waiter.answer.done() else waiter.last

    def ring(self) -> None:
        """Wake the first of each kind."""
        for kind in list(self._kinds):
            self._begin(kind, turn=False)

    async def poll(self) -> None:
        """Wake one of each kind every ``POLL`` seconds, for ever."""
        while True:
            await asyncio.sleep(POLL)
            for kind in list(self._kinds):
                self._begin(kind, turn=True)

    def close(self) -> None:
        """Send everybody home with the last answer."""
        self._open = False
        for waiters in self._kinds.values():
            for waiter in waiters:
                if not waiter.answer.done() and not waiter.asking:
                    waiter.answer.set_result(waiter.last)

    def _begin(self, kind: Hashable, *, turn: bool) -> None:
        if kind in self._rung:  # a round is on; it looks again before it ends
            self._rung[kind] = True
            return
        self._rung[kind] = False
        task = asyncio.get_running_loop().create_task(self._round(kind, turn=turn))
        self._rounds.add(task)
        task.add_done_callback(self._rounds.discard)

    async def _round(self, kind: Hashable, *, turn: bool) -> None:
        try:
            misses = 0
            while waiters := [one for one in self._kinds.get(kind, ()) if not one.answer.done()]:
                if self._rung[kind]:
                    self._rung[kind], misses = False, 0
                if misses >= min(1 if turn else MISSES, len(waiters)):
                    return
                waiter = waiters[misses]
                if await self._ask(waiter):
                    misses += 1
                    if turn:
                        self._to_the_back(kind, waiter)
        finally:
            del self._rung[kind]

    async def _ask(self, waiter: Waiter) -> bool:
        """Ask for one waiter; tell whether there was nothing."""
        waiter.asking, found = True, waiter.last
        try:
            found = await waiter.ask()
        finally:
            waiter.asking = False
            nothing = found.code in _NOTHING
            if nothing:
                waiter.last = found
            if not waiter.answer.done() and (not nothing or waiter.leaving or not self._open):
                waiter.answer.set_result(found)
        return nothing

    def _to_the_back(self, kind: Hashable, waiter: Waiter) -> None:
        waiters = self._kinds.get(kind, [])
        if waiter in waiters:
            waiters.remove(waiter)
            waiters.append(waiter)

    def _leave(self, kind: Hashable, waiter: Waiter) -> None:
        waiters = self._kinds.get(kind, [])
        if waiter in waiters:
            waiters.remove(waiter)
        if not waiters:
            self._kinds.pop(kind, None)
