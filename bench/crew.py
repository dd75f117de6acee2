"""A crew: processes that work side by side from a word to a moment, on one monotonic clock.

A worker process sets itself up, says ``ready``, and waits for a line: the moment to end, in seconds of CLOCK_MONOTONIC.
It works until then and writes to the file named last on its command line when each piece of work ended, as 64-bit
floats. Every contestant of a race is measured so, whatever language it is in.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from array import array
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.figures import rate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WARM_UP = 1.0
"""Seconds that are not counted: caches fill, statements are prepared."""
PATIENCE = 60.0
"""Seconds a worker may take to set itself up or to end."""


class Failed(Exception):
    """A worker did not do its work; with what it said."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What a crew did: when each piece ended, and between which moments it counts."""

    stamps: Sequence[float]
    begin: float
    end: float

    @property
    def rate(self) -> float:
        """Pieces a second. Raises ``Failed`` where the work ran out before the time did."""
        if not self.stamps or max(self.stamps) < self.end - 1:
            raise Failed(f"the work ran out: {len(self.stamps)} pieces were done before the time was up")
        return rate(self.stamps, self.begin, self.end)


def run(commands: Sequence[Sequence[str]], seconds: float, environment: Mapping[str, str] | None = None) -> Worked:
    """Run one process for each command, ``seconds`` long after the warm-up. Raises ``Failed``."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="ainarres-crew-")))
        crew = [_Worker(command, folder / str(place), environment) for place, command in enumerate(commands)]
        for one in crew:
            stack.callback(one.close)
        for one in crew:
            one.await_ready()
        begin = time.monotonic() + WARM_UP
        end = begin + seconds
        for one in crew:
            one.tell(end)
        return Worked([stamp for one in crew for stamp in one.stamps(seconds)], begin, end)


class _Worker:
    def __init__(self, command: Sequence[str], file: Path, environment: Mapping[str, str] | None) -> None:
        self._file, self._errors = file, file.with_suffix(".err")
        with self._errors.open("w") as said:
            self._process = subprocess.Popen(  # noqa: S603 - a benchmark's own scripts
                [*command, str(file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                env=environment,
            )

    def await_ready(self) -> None:
        assert self._process.stdout is not None
        late = threading.Timer(PATIENCE, self._process.kill)
        late.start()
        line = self._process.stdout.readline()
        late.cancel()
        if line.strip() != "ready":
            raise Failed(self._said())

    def tell(self, end: float) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{end!r}\n")
        self._process.stdin.flush()

    def stamps(self, seconds: float) -> Sequence[float]:
        try:
            code = self._process.wait(timeout=seconds + PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed(f"a worker does not end: {self._said()}") from None
        if code:
            raise Failed(self._said())
        found = array("d")
        found.frombytes(self._file.read_bytes())
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _said(self) -> str:
        self._process.kill()
        self._process.wait()
        return self._errors.read_text(encoding="utf-8", errors="replace")[-2000:] or "a worker ended without a word"


def serve(file: str, workers: int, work: Callable[[int, Callable[[], bool]], Sequence[float]]) -> None:
    """Be a worker process of ``workers`` threads: ``work(number, time_is_left)`` returns when each piece ended."""
    barrier = threading.Barrier(workers + 1)
    gate, until, found, wrong = threading.Event(), [0.0], [], []

    def left() -> bool:
        if not gate.is_set():  # asked for the first time: set up, and ready to begin
            barrier.wait()
            gate.wait()
        return time.monotonic() < until[0]

    def one(number: int) -> None:
        try:
            found.append(work(number, left))
        except BaseException as error:
            wrong.append(error)
            barrier.abort()
            raise

    threads = [threading.Thread(target=one, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    barrier.wait()
    print("ready", flush=True)  # noqa: T201 - the protocol
    until[0] = float(sys.stdin.readline())
    gate.set()
    for thread in threads:
        thread.join()
    if wrong:
        sys.exit(1)
    with Path(file).open("wb") as out:
        for stamps in found:
            array("d", stamps).tofile(out)
