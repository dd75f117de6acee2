"""What an adapter is: how a coding agent's program is started on one task, and how its output is read.

An adapter builds a command line and a standard input from an ``Assignment``; the task is never in the command line,
where every user of the machine could read it. Its ``Reader`` takes the output line by line and ignores what it does
not know. What the program did is asked of the ledger, not of its exit status; the one thing a program may say instead
of doing is a ``Verdict``, a verb that the agent process executes for it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERDICTS = ("advance", "reject", "release", "block", "done", "progress")
"""The verbs that a program may ask the agent process to execute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """All that a harness is given: its task, its card, its legal moves, its place. Nothing else."""

    task: Mapping[str, Any]
    """The task as the envelope has it, payload and artifacts included."""
    card: Mapping[str, Any] | None
    """The role card (``role``, ``version``, ``text``); null where the stage names none."""
    moves: tuple[Any, ...]
    """The legal moves as the envelope lists them."""
    history: tuple[Mapping[str, Any], ...]
    """What happened to the task before, oldest first."""
    workspace: Path
    """The worktree to work in, and the current directory of the program."""
    base: str
    """The commit that the worktree's branch began at."""
    branch: str
    """The branch checked out; reviewers stand on the reviewed commit instead."""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "task": dict(self.task),
            "card": None if self.card is None else dict(self.card),
            "moves": list(self.moves),
            "history": [dict(entry) for entry in self.history],
            "workspace": str(self.workspace),
            "base": self.base,
            "branch": self.branch,
        }


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens spent. Null is unmeasured, which is not zero."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_creation_tokens: int | None = None
    model: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    """As the program said it."""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verb that the program asks the agent process to execute, with the command's own fields."""

    verb: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Invocation:
    """How to start the program."""

    arguments: tuple[str, ...]
    stdin: bytes
    environment: Mapping[str, str] = field(default_factory=dict)


class Reader(Protocol):
    """Gathers what one run says."""

    verdict: Verdict | None
    """What the program asks for; null when it asked for nothing or acted itself."""
    usage: Usage | None
    """Null when unmeasured."""

    def line(self, text: str) -> None:
        """Take one line of standard output, without its end."""


class Adapter(Protocol):
    """One kind of coding agent."""

    name: str

    def invocation(self, assignment: Assignment) -> Invocation:
        """Return how to start it on ``assignment``."""

    def reader(self) -> Reader:
        """Return a reader for one run."""


def document(line: str) -> dict[str, Any] | None:
    """Return the JSON object a line of output holds; None if it holds anything else."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
