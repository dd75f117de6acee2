"""An agent's line to the ledger: it speaks verbs, and dials again when the ledger goes away for a while.

A command that may have been lost on the way is repeated under its own key, so it is done once whatever the line did.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Protocol
from uuid import UUID, uuid4

from ainarres.faults import LedgerUnavailable, VersionConflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from ainarres.domain.commands import Command
    from ainarres.swarm.halt import Halt
    from ainarres.verbs.envelope import Envelope


class Speaker(Protocol):
    """Whatever executes commands as one caller: ``ainarres.verbs.session.Session`` does."""

    def execute(self, command: Command, key: UUID | None = None) -> Envelope:
        """Execute ``command`` and return its envelope; raises LedgerUnavailable when nobody answers."""


if TYPE_CHECKING:
    Connect = Callable[[], AbstractContextManager[Speaker]]
    """Opens a connection of its own and closes it at the end of the ``with``."""

REDIAL = 0.5
"""Seconds between two attempts to reach the ledger."""


class Line:
    """A connection that is opened when needed and opened again when it breaks.

    ``patience`` is how many seconds an outage (or a crowd that is always first) may last before the fault is raised,
    ``redial`` how many pass between two attempts.
    """

    def __init__(self, connect: Connect, halt: Halt, patience: float, *, redial: float = REDIAL) -> None:
        self._connect, self._halt, self._patience, self._redial = connect, halt, patience, redial
        self._stack = ExitStack()
        self._speaker: Speaker | None = None

    def say(self, command: Command, key: UUID | None = None) -> Envelope:
        """Execute a command, once: under ``key``, or under one of its own."""
        key, deadline = key or uuid4(), time.monotonic() + self._patience
        while True:
            try:
                if self._speaker is None:
                    self._speaker = self._stack.enter_context(self._connect())
                return self._speaker.execute(command, key)
            except (LedgerUnavailable, VersionConflict):
                self.close()
                if time.monotonic() >= deadline or self._halt.wait(self._redial):
                    raise

    def close(self) -> None:
        """Hang up."""
        self._speaker = None
        self._stack.close()
