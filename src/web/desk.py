"""The desk: synchronous work with the database, in as many threads as there are connections, and a bounded queue.

Nobody keeps a connection while waiting for anything but the database: a claim that waits holds none.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors

from ainarres.database import connect
from ainarres.faults import LedgerUnavailable, ReadOnlySession

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
PATIENCE = 5.0
"""Seconds that work waits for a connection while the database does not answer."""


class Busy(LedgerUnavailable):
    """More work waits than the desk takes in."""


class Desk:
    """Runs work; ``size`` connections, at most ``queue`` calls waiting for one. Closed by its owner."""

    def __init__(self, url: str, *, size: int, queue: int) -> None:
        self._pool = connect.pool(url, size, application_name="ainarres serve")
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="desk")
        self._most = size + queue
        self.pending = 0

    async def run(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        """Run ``work`` with a connection and return what it returns. Work goes on when its caller is gone.

        Raises ``LedgerUnavailable`` when the database does not answer, ``Busy`` when too much is waiting.
        """
        if self.pending >= self._most:
            raise Busy("the server is busy; try again in a moment")
        self.pending += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, self._with_connection, work)
        future.add_done_callback(self._finished)
        return await asyncio.shield(future)

    def prove(self, work: Callable[[psycopg.Connection[Any]], object]) -> None:
        """Run ``work`` here and now, before anything is served."""
        self._with_connection(work)

    def close(self) -> None:
        """Finish what was begun, and close the connections."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._pool.close()

    def _with_connection(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        try:
            with self._pool.connection(PATIENCE) as connection:
                return work(connection)
        except errors.ReadOnlySqlTransaction as error:
            raise ReadOnlySession from error
        except (errors.OperationalError, psycopg.InterfaceError) as error:
            raise LedgerUnavailable("the database does not answer; try again, with the same key") from error

    def _finished(self, future: asyncio.Future[Any]) -> None:
        self.pending -= 1
        if not future.cancelled():
            future.exception()  # a caller that is gone asks for it no more
