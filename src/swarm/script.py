"""The ``script`` adapter: any program that reads its task as JSON on standard input.

The program acts in one of two ways. It may call the ``ainarres`` command itself: token, task and fence are in its
environment, and this is how a program that reports progress or makes several moves works. Or it may only print: a
last line ``{"verb": "advance", "artifacts": [...]}`` is executed by the agent process on its behalf. What it did
itself counts first; a verb printed after the task has moved is ignored. A line ``{"usage": {"input_tokens": n, …}}``,
or a ``usage`` beside the verb, reports tokens. Every other line is talk and goes to the log.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ainarres.faults import InvalidInput
from ainarres.swarm.adapter import VERDICTS, Assignment, Invocation, Usage, Verdict, document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")


class Script:
    """Runs ``command`` (program and arguments) once a task."""

    name = "script"

    def __init__(self, command: Sequence[str]) -> None:
        if not command:
            raise InvalidInput("command", "no program to run", "put it after --, as in: -- python3 worker.py")
        self._command = tuple(command)

    def invocation(self, assignment: Assignment) -> Invocation:
        """Return the command with the assignment as one JSON document on standard input."""
        return Invocation(self._command, json.dumps(assignment.to_json()).encode() + b"\n")

    def reader(self) -> ScriptReader:
        """Return a reader for one run."""
        return ScriptReader()


class ScriptReader:
    """Keeps the last verb and the last usage that a script printed."""

    def __init__(self) -> None:
        self.verdict: Verdict | None = None
        self.usage: Usage | None = None

    def line(self, text: str) -> None:
        """Take one line of standard output."""
        said = document(text)
        if said is None:
            return
        if isinstance(said.get("usage"), dict):
            self.usage = _usage(said["usage"])
        if said.get("verb") in VERDICTS:
            fields = {key: value for key, value in said.items() if key not in ("verb", "usage")}
            self.verdict = Verdict(said["verb"], fields)


def _usage(said: Mapping[str, Any]) -> Usage:
    counts = {key: said[key] if _is_count(said.get(key)) else None for key in _COUNTS}
    model = said.get("model")
    return Usage(**counts, model=model if isinstance(model, str) else None, raw=dict(said))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
