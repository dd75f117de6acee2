"""A thousand agents wait for work and one task comes, again and again; two hundred readers follow the feed.

Each trial has one winner; its wake is counted from the moment the task's creation is sent. Then nothing happens for a
while, for the processor time of waiting. Readers see the server killed and started again, and come back with the last
position they had. Run as ``python -m bench.wait``; ``make bench-wait`` writes bench/results/wait.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.verbs.session import Session
from bench import server

RESULT = Path(__file__).parent / "results" / "wait.json"
WAIT = "110s"
GATES = {"wake_p99_ms": 150.0, "idle_cpu_percent": 2.0, "growth_mib": 32.0}


class Wire:
    """One kept connection of one token."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def say(self, verb: str, **fields: Any) -> dict[str, Any]:
        """Say a verb and return its envelope."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        body = json.dumps(fields).encode()
        head = (
            f"POST /v1/verbs/{verb} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {uuid.uuid4()}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        size = 0
        await reader.readline()
        while (line := await reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().partition(":")
            size = int(value) if name.lower() == "content-length" else size
        found: dict[str, Any] = json.loads(await reader.readexactly(size))
        return found

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()


class Crowd:
    """Agents that claim with a wait, finish what they get, and claim again."""

    def __init__(self, port: int, tokens: list[str]) -> None:
        self._wires = [Wire(port, token) for token in tokens]
        self.won: asyncio.Queue[tuple[str, float]] = asyncio.Queue()
        self.codes: Counter[str] = Counter()

    async def live(self, agent: int) -> None:
        """Be one agent until cancelled."""
        wire = self._wires[agent]
        while True:
            claimed = await wire.say("claim", lane="web/dev", wait=WAIT)
            at = time.monotonic()
            self.codes[claimed["code"]] += 1
            if claimed["code"] == "ok":
                task = claimed["task"]
                await self.won.put((task["id"], at))
                done = await wire.say("done", task=task["id"], fence=task["fence"])
                assert done["ok"], done


async def waiting(port: int) -> int:
    """Return how many claims wait, as the server counts them."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    return int(float(text.partition("\nainarres_waiting_claims ")[2].partition("\n")[0]))


async def until_waiting(port: int, count: int) -> None:
    """Ask until so many wait; the server says so itself."""
    until = time.monotonic() + 300
    while await waiting(port) != count:
        assert time.monotonic() < until, "they never all waited"


async def wake(running: server.Server, tokens: list[str], boss: str, given: argparse.Namespace) -> dict[str, Any]:
    """Run the trials and the quiet time."""
    crowd, poster = Crowd(running.port, tokens), Wire(running.port, boss)
    agents = [asyncio.create_task(crowd.live(agent)) for agent in range(len(tokens))]
    await until_waiting(running.port, len(tokens))
    before = running.memory_mib()
    wakes, wrong = [], 0
    for number in range(given.trials):
        sent = time.monotonic()
        created = await poster.say("create", lane="web/dev", title=f"trial {number}")
        task, at = await asyncio.wait_for(crowd.won.get(), 60)
        wakes.append((at - sent) * 1000)
        wrong += task != created["task"]["id"]
        await until_waiting(running.port, len(tokens))
        wrong += crowd.won.qsize()
    after = running.memory_mib()
    cpu, began = running.cpu_seconds(), time.monotonic()
    await asyncio.sleep(given.quiet)
    idle = (running.cpu_seconds() - cpu) / (time.monotonic() - began) * 100
    for agent in agents:
        agent.cancel()
    return {
        "agents": len(tokens),
        "trials": given.trials,
        "trials_without_one_winner": wrong,
        "wake_p50_ms": round(median(wakes), 1),
        "wake_p99_ms": round(quantiles(wakes, n=100)[98], 1),
        "wake_max_ms": round(max(wakes), 1),
        "idle_cpu_percent": round(idle, 2),
        "memory_mib": round(after, 1),
        "growth_mib": round(after - before, 1),
    }


class Follower:
    """A reader of the feed that comes back where it was."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token, self.seen = port, token, list[int]()

    async def follow(self, last: int) -> None:
        """Read until position ``last`` was seen."""
        while not self.seen or self.seen[-1] < last:
            try:
                await self._once(last)
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.2)  # what the feed's own `retry:` asks for, and less

    async def _once(self, last: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        resume = f"Last-Event-ID: {self.seen[-1]}\r\n" if self.seen else ""
        head = f"GET /v1/feed HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._token}\r\n{resume}\r\n"
        writer.write(head.encode())
        try:
            while line := await reader.readline():
                if line.startswith(b"id: "):
                    self.seen.append(int(line[4:]))
                if self.seen and self.seen[-1] >= last and line == b"\n":
                    return
        finally:
            writer.close()


async def follow(url: str, running: server.Server, token: str, given: argparse.Namespace) -> dict[str, Any]:
    """Have readers follow while tasks are posted, and kill the server in between."""
    with connect(url) as connection:
        human = Session(connection)
        first = _end(connection)
        followers = [Follower(running.port, token) for _ in range(given.followers)]
        last = first + given.events
        reading = [asyncio.create_task(one.follow(last)) for one in followers]
        for number in range(given.events):
            await asyncio.to_thread(human.execute, c.Create(lane="web/dev", title=f"event {number}"))
            if number == given.events // 2:
                await asyncio.to_thread(running.kill)
                running = await asyncio.to_thread(server.Server, url, running.port)
        await asyncio.wait_for(asyncio.gather(*reading), 300)
        rows = connection.execute("SELECT position FROM ledger.event WHERE position <= %s ORDER BY 1", (last,))
        every = [row[0] for row in rows]
    running.stop()
    exact = sum(one.seen[: len(every)] == every for one in followers)
    return {"followers": given.followers, "positions": len(every), "saw_each_once": exact}


def _end(connection: Any) -> int:
    row = connection.execute("SELECT max(position) FROM ledger.event").fetchone()
    return int(row[0])


def main() -> int:
    """Measure, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--quiet", type=float, default=30, help="seconds in which nothing happens")
    parser.add_argument("--followers", type=int, default=200)
    parser.add_argument("--events", type=int, default=200, help="that followers see live")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with server.ledger() as (_, url):
        with connect(url) as connection:
            human = Session(connection)
            tokens = [server.token(human) for _ in range(given.agents)]
            boss, eye = server.token(human, scope="operator"), server.token(human, scope="monitor")
        running = server.Server(url)
        waited = asyncio.run(wake(running, tokens, boss, given))
        followed = asyncio.run(follow(url, running, eye, given))
    over = [name for name, gate in GATES.items() if waited[name] > gate]
    sound = waited["trials_without_one_winner"] == 0 and followed["saw_each_once"] == given.followers
    found = {
        "machine": {"cpus": os.cpu_count(), "load_1m": round(os.getloadavg()[0], 2)},
        "waiting": waited,
        "feed": followed,
        "over_the_gate": over,
        "verdict": "ok" if sound and not over else "failed",
    }
    given.out.write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0 if found["verdict"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
