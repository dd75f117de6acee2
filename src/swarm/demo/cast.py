"""Who plays: each member is an operating-system process of its own, started like any agent and never spoken to again.

The members are told nothing but the lane they work on. Who does what, in which order, follows from what their
families are granted, from the workflow and from the leases. The two implementers share one script, and whoever of
them is the first to take the task of ``ACCIDENT`` is killed by it halfway, with no chance to say a word: its lease
runs out and another goes on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from ainarres.database.connect import connect
from ainarres.swarm.demo.scenery import LANE, issue
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from ainarres.swarm.demo.scenery import Scenery

POLL = "0.3"
LIMIT = "60"
"""Seconds that one run of a script may take."""
PATIENCE = 12.0
"""Seconds that a member has to end by itself: longer than it gives its own harness."""
ACCIDENT = "spans/gaps.py"
WORKER = str(files("ainarres.swarm.demo") / "worker.py")
AGENT = (sys.executable, "-m", "ainarres.swarm.process")
INTEGRATOR = (sys.executable, "-m", "ainarres.swarm.integration")


def _worker(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-I", WORKER, *arguments)


@dataclass(frozen=True, slots=True)
class Member:
    """One agent: its name, its family, the program that stands for its model."""

    name: str
    family: str
    program: tuple[str, ...]


CHEAP = _worker("implementer", "--answers", "cheap", "--accident", ACCIDENT)
MEMBERS = (
    Member("designer", "claude-code+opus", _worker("designer")),
    Member("implementer-1", "opencode+qwen", CHEAP),
    Member("implementer-2", "opencode+qwen", CHEAP),
    Member("frontier", "grok+grok-build", _worker("implementer", "--answers", "frontier")),
    Member("reviewer-1", "claude-code+sonnet", _worker("reviewer")),
    Member("reviewer-2", "codex+gpt", _worker("reviewer")),
    Member("integrator", "gemini+pro", INTEGRATOR),
)


class Troupe:
    """The members' processes."""

    def __init__(self, scenery: Scenery) -> None:
        self._scenery = scenery
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.ended: dict[str, int] = {}
        """Exit status by name, negative for a signal."""

    def start(self) -> None:
        """Issue every member its token and start it."""
        scenery = self._scenery
        with connect(scenery.url) as connection:
            session = Session(connection)
            tokens = {one.name: issue(session, family=one.family, agent=one.name) for one in MEMBERS}
        for member in MEMBERS:
            self.running[member.name] = _start(member, tokens[member.name], scenery)

    def reap(self) -> None:
        """Notice who has ended."""
        for name, process in list(self.running.items()):
            if (status := process.poll()) is not None:
                self.ended[name] = status
                del self.running[name]

    def stop(self) -> None:
        """Ask everybody to end, kill who does not within ``PATIENCE``, and collect what a killed one left."""
        for process in self.running.values():
            process.terminate()
        deadline = time.monotonic() + PATIENCE
        for process in self.running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.reap()
        self._scenery.attempts.gc()


def _start(member: Member, token: str, scenery: Scenery) -> subprocess.Popen[bytes]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AINARRES_")}
    place = ["--lane", LANE, "--repository", str(scenery.repository), "--workspaces", str(scenery.workspaces)]
    with (scenery.logs / f"{member.name}.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own module
            [*AGENT, *place, "--poll", POLL, "--limit", LIMIT, "--", *member.program],
            cwd=scenery.folder,
            env={**kept, "AINARRES_TOKEN": token, "AINARRES_URL": scenery.url},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C is for the demo, which then asks its members to end
        )
