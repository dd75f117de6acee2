"""The crew: the processes beside PostgreSQL, started, killed, frozen and replaced."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.verbs.session import Session
from bench.soak import skew

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    class Server(Protocol):
        """A PostgreSQL: the address of its ledger, and its socket."""

        url: str
        socket: str


SPAWN = multiprocessing.get_context("spawn")
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["bench.soak.agent", "bench.soak.follower", "bench.soak.proxy", "bench.soak.web"])
STAGES = ("writing", "reviewing", "merging")
FAMILY = "script+worker"
HOUR = 3600.0
WEB = 2
READY = 120.0
"""Seconds until everybody works."""


@dataclass(slots=True)
class Member:
    """One process: what it runs, so that it can be started again."""

    name: str
    kind: str
    """``direct``, ``proxied``, ``served``, ``web``, ``follower`` or ``proxy``."""
    start: Callable[[float], BaseProcess]
    """Given how far its clock is ahead, in seconds."""
    process: BaseProcess
    skew: float = 0.0

    def end(self, how: signal.Signals) -> None:
        """Send it a signal and wait for its end."""
        if self.process.pid is not None and self.process.is_alive():
            os.kill(self.process.pid, how)
        self.process.join(30)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def restart(self, how: signal.Signals, skewed: float | None = None) -> None:
        """End it and start another in its place, with another clock if one is given."""
        self.end(how)
        self.skew = self.skew if skewed is None else skewed
        self.process = self.start(self.skew)


class Crew:
    """Everybody, and the thaws that are due."""

    def __init__(
        self,
        ground: Server,
        notes: Path,
        dice: random.Random,
        agents: int,
        per_second: float,
        *,
        kinds: tuple[str, ...] = ("direct", "proxied", "served", "direct", "proxied"),
    ) -> None:
        self._ground, self._notes, self._dice = ground, notes, dice
        self._each = per_second / agents
        self._thaws: list[tuple[float, int]] = []
        self._births = 0
        self.members: list[Member] = []
        set_up(ground.url)
        self.orders, theirs = SPAWN.Pipe()
        self.proxy = _spawn("bench.soak.proxy", "run", theirs, ground.socket)
        port = int(self.orders.recv())
        self._proxied = f"postgresql://ainarres_app@127.0.0.1:{port}/ainarres?sslmode=disable&gssencmode=disable"
        self.ports = [_free_port() for _ in range(WEB)]
        for port in self.ports:
            self._add(
                f"web-{port}", "web", _starter("bench.soak.web", ground.url, port, str(notes / f"web-{port}.log"))
            )
        self._add("follower", "follower", _starter("bench.soak.follower", ground.url, str(notes / "follower.jsonl")))
        for number in range(agents):
            self.hire(kinds[number % len(kinds)])

    def ready(self) -> None:
        """Wait until every agent was answered once."""
        until = time.monotonic() + READY
        while any(b"answer" not in _text(self._notes / f"{one.name}.jsonl") for one in self.agents()):
            assert time.monotonic() < until, "an agent does not begin"
            time.sleep(0.05)

    def _add(self, name: str, kind: str, start: Callable[[float], BaseProcess]) -> Member:
        member = Member(name, kind, start, start(0.0))
        self.members.append(member)
        return member

    def hire(self, kind: str) -> Member:
        """Issue a token and start an agent."""
        self._births += 1
        name = f"agent-{self._births}"
        token = self._token(name)

        def start(ahead: float) -> BaseProcess:
            self._births += 1
            post = {
                "token": token,
                "url": {"direct": self._ground.url, "proxied": self._proxied}.get(kind),
                "servers": tuple(f"http://127.0.0.1:{port}" for port in self.ports),
                "diary": str(self._notes / f"{name}.jsonl"),
                "seed": f"{self._dice.random()}/{self._births}",
                "per_second": self._each,
            }
            return _spawn("bench.soak.agent", "live", post, ahead=ahead)

        return self._add(name, kind, start)

    def _token(self, name: str) -> str:
        with connect(self._ground.url) as connection:
            issued = Session(connection).execute(c.IssueToken(family=FAMILY, agent=name, life="24h"), uuid4())
        assert issued.ok, issued
        return str(issued.extra["token"])

    def some(self, *kinds: str) -> list[Member]:
        """Return the members of some kinds."""
        return [one for one in self.members if one.kind in kinds]

    def agents(self) -> list[Member]:
        """Return the agents."""
        return self.some("direct", "proxied", "served")

    def dismiss(self, member: Member) -> None:
        """Kill an agent for good and hire another of its kind."""
        member.end(signal.SIGKILL)
        self.members.remove(member)
        self.hire(member.kind)

    def freeze(self, member: Member, seconds: float) -> None:
        """Stop a process; it goes on after a while, whatever else happens meanwhile."""
        if member.process.pid is not None and member.process.is_alive():
            os.kill(member.process.pid, signal.SIGSTOP)
            self._thaws.append((time.monotonic() + seconds, member.process.pid))

    def thaw(self, *, everybody: bool = False) -> None:
        """Let those go on whose time has come."""
        now, due = time.monotonic(), self._thaws
        self._thaws = [one for one in due if one[0] > now and not everybody]
        for at, pid in due:
            if everybody or at <= now:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def lost(self) -> list[str]:
        """Name members that ended by themselves."""
        return [f"{one.name} ended with {one.process.exitcode}" for one in self.members if not one.process.is_alive()]

    def rest(self) -> None:
        """Let the agents finish what they are at and end."""
        self.thaw(everybody=True)
        for one in self.agents():
            if one.process.pid is not None and one.process.is_alive():
                os.kill(one.process.pid, signal.SIGTERM)
        for one in self.agents():
            one.end(signal.SIGTERM)

    def close(self) -> None:
        """End everybody."""
        self.thaw(everybody=True)
        for one in self.members:
            if one.process.is_alive():
                one.process.kill()
            one.process.join()
        self.proxy.kill()
        self.proxy.join()


def set_up(url: str) -> None:
    """Open the ledger and adopt what the agents need."""
    stages = "".join(f'[[stage]]\nkey = "{s}"\n' + ("initial = true\n" if s == STAGES[0] else "") for s in STAGES)
    ways = [*zip(STAGES, (*STAGES[1:], "done"), ("advance",) * 3, strict=True), ("reviewing", "writing", "reject")]
    moves = "".join(
        f'[[transition]]\nfrom = "{a}"\nto = "{b}"\nkind = "{kind}"\nrequires = ["role:worker"]\n'
        for a, b, kind in ways
    )
    head = 'key = "soak"\ntitle = "Three steps"\nlease = "3s"\nmax_attempts = 1000\nmax_rework = 1000\n'
    workflow = f'{head}{stages}[[stage]]\nkey = "done"\nterminal = true\n{moves}'
    family = f'[[family]]\nkey = "{FAMILY}"\nmaker = "none"\ncost_class = 0\ngrants = ["lane:web/dev", "role:worker"]\n'
    with connect(url) as connection:
        human = Session(connection)
        for command in (
            c.OpenLedger(),
            c.AdoptWorkflow(text=workflow, source="soak.toml"),
            c.AdoptProject(text='key = "web"\n[[lane]]\nkey = "dev"\nworkflow = "soak"\n', source="project.toml"),
            c.AdoptFamilies(text=family, source="families.toml"),
        ):
            envelope = human.execute(command)
            assert envelope.ok, envelope


def _starter(module: str, *arguments: Any) -> Callable[[float], BaseProcess]:
    return lambda ahead: _spawn(module, "live", *arguments, ahead=ahead)


def _spawn(module: str, function: str, *arguments: Any, ahead: float = 0.0) -> BaseProcess:
    process: BaseProcess
    how = SPAWN if ahead else FORK  # a process with another clock imports everything anew
    process = how.Process(target=skew.child, args=(module, function, arguments, ahead), daemon=True)
    process.start()
    return process


def _text(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _free_port() -> int:
    """Find a port below those that the system gives to clients: one of these may connect to itself, and keep it."""
    while True:
        port = random.randrange(15_000, 30_000)  # noqa: S311 - any will do
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
