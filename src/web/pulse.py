"""The pulse: one connection, in a thread of its own, that hears the doorbell and sees how far the ledger is complete.

Behind a pooler in transaction mode no bell is heard, and a lost one is nobody's fault; the look every ``BEAT`` seconds
covers both.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any

import psycopg

from ainarres.database.connect import connect
from ainarres.faults import AinarresError
from ainarres.ledger.store import horizon
from ainarres.verbs.unit import SQL

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = logging.getLogger("ainarres.web")
BEAT = 0.5
"""Seconds between two looks without a bell."""
AGAIN = 1.0
"""Seconds until a lost connection is tried anew."""


class Pulse:
    """Follows the ledger; ``heard`` is called in the event loop with the lane of each bell, null after a gap."""

    def __init__(self, url: str, heard: Callable[[str | None], None]) -> None:
        self._url, self._heard = url, heard
        self.horizon = 0
        """Position up to which the ledger was complete at the last look."""
        self._stop = threading.Event()
        self._moved = asyncio.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, inside the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._live, name="pulse", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End, and wake who waits for the ledger to move."""
        self._stop.set()
        self.wake()
        if self._thread is not None:
            self._thread.join()

    def call(self, what: Callable[[], None]) -> None:
        """Have the event loop call ``what``, from any thread or signal handler; nothing where it has not begun."""
        if self._thread is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)

    async def beyond(self, position: int, seconds: float) -> bool:
        """Wait for the ledger to move, ``seconds`` at most; tell whether it is complete beyond ``position``."""
        try:
            async with asyncio.timeout(seconds):
                if self.horizon <= position:
                    await self._moved.wait()
        except TimeoutError:
            pass
        return self.horizon > position

    def wake(self) -> None:
        """Let everybody who waits look again."""
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _live(self) -> None:
        while not self._stop.is_set():
            try:
                with connect(self._url, application_name="ainarres bell") as connection:
                    connection.execute(SQL["listen"])
                    self._tell(self._heard, None)
                    self._follow(connection)
            except (psycopg.Error, AinarresError) as error:
                LOG.warning("the bell is silent for now: %s", type(error).__name__)
                self._stop.wait(AGAIN)

    def _follow(self, connection: psycopg.Connection[Any]) -> None:
        while not self._stop.is_set():
            found = horizon(connection)
            if found != self.horizon:
                self._tell(self._move, found)
            for bell in connection.notifies(timeout=BEAT, stop_after=1):
                self._tell(self._heard, bell.payload)

    def _move(self, found: int) -> None:
        self.horizon = max(found, self.horizon)
        self.wake()

    def _tell(self, what: Callable[[Any], None], value: Any) -> None:
        if not self._stop.is_set() and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, value)
