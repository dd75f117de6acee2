"""One run of a coding agent's program: a process group of its own, fed, read line by line, bounded in time.

A program that ends leaves nothing behind: what remains of its group is asked to end (TERM), given five seconds, and
killed.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Literal

from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ainarres.swarm.adapter import Invocation, Reader
    from ainarres.swarm.halt import Halt

GRACE = 5.0
"""Seconds between TERM and KILL."""
LINE_BYTES = 1_048_576
"""A longer line is cut; what was cut off is in the log."""
CHUNK = 65_536
TICK = 0.02


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended."""

    ended: Literal["exited", "limit", "halted"]
    status: int
    """Exit status; negative for the signal that ended it."""
    seconds: float


def run(
    invocation: Invocation,
    *,
    directory: Path,
    environment: Mapping[str, str],
    reader: Reader,
    log: Path,
    limit: float,
    halt: Halt,
    grace: float = GRACE,
    started: Callable[[int], None] = lambda _: None,
) -> Run:
    """Run the program in ``directory`` with exactly ``environment`` and return how it ended.

    ``started`` is told the process group. Standard output goes to ``reader`` and ``log``, standard error to ``log``.
    ``limit`` and ``grace`` are seconds. Raises InvalidInput when the program cannot be started.
    """
    begun = time.monotonic()
    with log.open("ab", buffering=0) as record:
        process = _start(invocation, directory, environment, record)
        assert process.stdout is not None
        started(process.pid)
        # A daemon that the program leaves behind may hold its output open, so its exit is watched for itself.
        exited, told = os.pipe()
        waiter = threading.Thread(target=_watch, args=(process, told), daemon=True)
        waiter.start()
        threading.Thread(target=_feed, args=(process, invocation.stdin), daemon=True).start()
        try:
            ended = _follow(process.stdout, exited, _Lines(reader, record), begun + limit, halt)
        finally:
            _end(process, grace)
            waiter.join()
            process.stdout.close()
            os.close(exited)
    return Run(ended, process.returncode, time.monotonic() - begun)


def _start(
    invocation: Invocation, directory: Path, environment: Mapping[str, str], record: IO[bytes]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - running the user's program is the point
            invocation.arguments,
            cwd=directory,
            env={**environment, **invocation.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=record,
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        problem = f"{invocation.arguments[0]} does not start: {error.strerror}"
        raise InvalidInput("command", problem, "name a program that is on PATH, or its whole path") from error


def _follow(
    output: IO[bytes], exited: int, lines: _Lines, deadline: float, halt: Halt
) -> Literal["exited", "limit", "halted"]:
    """Read until the program exits, its time is up or an end is asked for."""
    open_ = True
    with selectors.DefaultSelector() as ready:
        for source in (output, exited, halt):
            ready.register(source, selectors.EVENT_READ)
        try:
            while True:
                sources = [key.fileobj for key, _ in ready.select(max(0.0, deadline - time.monotonic()))]
                if halt.reason is not None:
                    return "halted"
                if open_ and output in sources:
                    chunk = os.read(output.fileno(), CHUNK)
                    lines.take(chunk)
                    if not chunk:
                        ready.unregister(output)
                        open_ = False
                elif exited in sources:
                    return "exited"
                if time.monotonic() >= deadline:
                    return "limit"
        finally:
            lines.end()


class _Lines:
    """Cuts output into lines for a reader, and keeps all of it in the log."""

    def __init__(self, reader: Reader, record: IO[bytes]) -> None:
        self._reader, self._record, self._rest = reader, record, b""

    def take(self, chunk: bytes) -> None:
        self._record.write(chunk)
        *whole, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest[:LINE_BYTES]
        for line in whole:
            self._tell(line)

    def end(self) -> None:
        if self._rest:
            self._tell(self._rest)
            self._rest = b""

    def _tell(self, line: bytes) -> None:
        self._reader.line(line[:LINE_BYTES].decode("utf-8", "replace").rstrip("\r"))


def _feed(process: subprocess.Popen[bytes], stdin: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # it may not care for its input
        process.stdin.write(stdin)
    with contextlib.suppress(OSError):
        process.stdin.close()


def _watch(process: subprocess.Popen[bytes], told: int) -> None:
    process.wait()
    os.close(told)


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    """End the process group: TERM, ``grace`` seconds, KILL."""
    for urgency, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, grace)):
        if not _signal(process.pid, urgency):
            break
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and _signal(process.pid, 0):
            time.sleep(TICK)
    process.wait()


def _signal(group: int, number: int) -> bool:
    """Signal a process group; tell whether it has a member."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True
