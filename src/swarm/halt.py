"""Why a run should end early, and a file descriptor that wakes whoever waits for that.

Signal handlers and the heartbeat's thread call it; the loop and the harness's supervisor wait on it beside their own
work. The first reason stays.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from types import TracebackType

Reason = Literal["interrupted", "terminated", "lease_lost"]


class Halt:
    """A latch that can be waited for together with pipes."""

    def __init__(self) -> None:
        self.reason: Reason | None = None
        self._next: Halt | None = None
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._read)
        os.close(self._write)

    def call(self, reason: Reason) -> None:
        """Ask for an end; safe in a signal handler and from any thread."""
        if self.reason is None:
            self.reason = reason
        with contextlib.suppress(OSError):  # closed or full: whoever waits is awake or gone
            os.write(self._write, b"\0")
        if self._next is not None:
            self._next.call(reason)

    def pass_on(self, other: Halt | None) -> None:
        """Call ``other`` too from now on (at once, if this one was called already); None ends that."""
        self._next = other
        if other is not None and self.reason is not None:
            other.call(self.reason)

    def on_signals(self) -> None:
        """Have INT, TERM and HUP ask for an end, in this process; for its main thread only."""
        signal.signal(signal.SIGINT, lambda *_: self.call("interrupted"))
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.call("terminated"))

    def fileno(self) -> int:
        """Return the descriptor that is readable once an end was asked for."""
        return self._read

    def wait(self, seconds: float) -> bool:
        """Wait until an end is asked for, ``seconds`` at most; tell whether it was."""
        if self.reason is None:
            select.select([self._read], [], [], max(0.0, seconds))
        return self.reason is not None
