"""Procrastinate on no-op jobs: ``prepare URL JOBS`` or ``work URL CONCURRENCY DELETE FILE``, in the peers' venv.

Tasks are coroutines, which its documentation has for what does not block; the pool has a connection for each job that
may run and one for the listener, its own advice for concurrency.
"""

from __future__ import annotations

import asyncio
import sys
import time
from array import array
from pathlib import Path

import procrastinate
import psycopg
import uvloop

stamps = array("d")


def application(url: str, size: int) -> procrastinate.App:
    """Return the application whose only task does nothing."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=size, max_size=size))

    @app.task(name="nothing", queue="race")
    async def nothing() -> None:
        stamps.append(time.monotonic())

    return app


async def prepare(url: str, jobs: int) -> None:
    """Make the schema and defer the jobs."""
    app = application(url, 2)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for begin in range(0, jobs, 1000):
            await app.tasks["nothing"].batch_defer_async(*({} for _ in range(begin, min(begin + 1000, jobs))))


async def work(url: str, concurrency: int, delete: str, file: str) -> None:
    """Run one worker until the time is up."""
    app = application(url, concurrency + 2)
    async with app.open_async():
        print("ready", flush=True)  # noqa: T201 - the protocol
        until = float(await asyncio.to_thread(sys.stdin.readline))
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=["race"], concurrency=concurrency, delete_jobs=delete, install_signal_handlers=False
            )
        )
        done, _ = await asyncio.wait([worker], timeout=until - time.monotonic())
        for one in done:
            one.result()
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    await asyncio.to_thread(Path(file).write_bytes, stamps.tobytes())


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        uvloop.run(prepare(sys.argv[2], int(sys.argv[3])))
    elif sys.argv[1] == "work":
        uvloop.run(work(sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]))
    elif sys.argv[1] == "versions":
        print(f"procrastinate {procrastinate.__version__}, psycopg {psycopg.__version__}, uvloop {uvloop.__version__}")  # noqa: T201 - the protocol
