"""PGQueuer on no-op jobs: ``prepare URL JOBS`` or ``work URL MANAGERS BATCH FILE``, in the peers' venv.

As its own benchmark does it: asyncpg and uvloop, each consumer a queue manager with a connection of its own. A batch of
one is one job at a time, taken and logged by itself; ten is the benchmark's default. Tables are logged ones (its
default durability), and nothing limits concurrency, which would add to the query.
"""

from __future__ import annotations

import asyncio
import sys
import time
from array import array
from importlib.metadata import version
from pathlib import Path

import asyncpg
import uvloop
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job  # noqa: TC002 - the manager reads the annotation
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries

stamps = array("d")


async def prepare(url: str, jobs: int) -> None:
    """Make the schema and enqueue the jobs."""
    connection = await asyncpg.connect(url)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    for begin in range(0, jobs, 1000):
        count = min(1000, jobs - begin)
        await queries.enqueue(["nothing"] * count, [None] * count, [0] * count)
    await connection.close()


async def work(url: str, managers: int, batch: int, file: str) -> None:
    """Run queue managers side by side until the time is up."""
    connections = [await asyncpg.connect(url) for _ in range(managers)]
    crew = [QueueManager(Queries(AsyncpgDriver(connection))) for connection in connections]
    for one in crew:

        @one.entrypoint("nothing")
        async def nothing(_job: Job) -> None:
            stamps.append(time.monotonic())

    print("ready", flush=True)  # noqa: T201 - the protocol
    until = float(await asyncio.to_thread(sys.stdin.readline))
    running = [asyncio.create_task(one.run(batch_size=batch)) for one in crew]
    done, _ = await asyncio.wait(running, timeout=until - time.monotonic(), return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()
    for one in crew:
        one.shutdown.set()
    await asyncio.wait(running, timeout=10)
    await asyncio.to_thread(Path(file).write_bytes, stamps.tobytes())


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        uvloop.run(prepare(sys.argv[2], int(sys.argv[3])))
    elif sys.argv[1] == "work":
        uvloop.run(work(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]))
    elif sys.argv[1] == "versions":
        print(f"pgqueuer {version('pgqueuer')}, asyncpg {asyncpg.__version__}, uvloop {uvloop.__version__}")  # noqa: T201 - the protocol
