"""What was asked from outside: the name of a verb and its fields, read as a command.

The names are those of the command line with a hyphen for each space; HTTP and MCP call the verbs by them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from ainarres.domain import commands as c
from ainarres.domain.malformed import MalformedError
from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

VERBS: Mapping[str, type[c.Command]] = {
    "next": c.Next,
    "claim": c.Claim,
    "progress": c.Progress,
    "advance": c.Advance,
    "reject": c.Reject,
    "release": c.Release,
    "block": c.Block,
    "heartbeat": c.Heartbeat,
    "done": c.Done,
    "create": c.Create,
    "create-graph": c.CreateGraph,
    "why": c.Why,
    "apply": c.Apply,
    "unblock": c.Unblock,
    "cancel": c.Cancel,
    "amend": c.Amend,
    "note": c.Note,
    "waive": c.Waive,
    "lane-pause": c.PauseLane,
    "lane-resume": c.ResumeLane,
    "stop": c.Stop,
    "sweep": c.Sweep,
    "usage": c.Usage,
    "family-adopt": c.AdoptFamilies,
    "workflow-adopt": c.AdoptWorkflow,
    "workflow-migrate": c.MigrateTasks,
    "project-adopt": c.AdoptProject,
    "card-adopt": c.AdoptCard,
    "token-issue": c.IssueToken,
    "token-narrow": c.NarrowToken,
    "token-revoke": c.RevokeToken,
    "revoke": c.RevokeCapability,
    "lift": c.LiftDenial,
    "policy-adopt": c.AdoptPolicy,
    "governance-run": c.RunGovernance,
    "suspend": c.Suspend,
    "flag-raise": c.RaiseFlag,
    "flag-resolve": c.ResolveFlag,
    "verdict": c.Verdict,
    "instruct": c.Instruct,
}
"""Every verb that can be called from outside; opening a ledger takes its database's URL."""
SHOWN = 80
"""Characters of a wrong value that a message repeats."""


_M = TypeVar("_M", bound=BaseModel)


def read(model: type[_M], fields: Mapping[str, Any]) -> _M:
    """Build a command, or a question, of ``model``.

    Raises ``InvalidInput`` for the first field that is wrong: its path with dots, and a cure where one is known.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        unknown_first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
        raise _explained(unknown_first) from None


def _explained(first: ErrorDetails) -> InvalidInput:
    path = _printable(".".join(str(part) for part in first["loc"]))
    cause = first.get("ctx", {}).get("error")
    if first["loc"][:1] == ("tasks",):
        return _explained_of_graph(first, path)
    if isinstance(cause, MalformedError):
        return InvalidInput(path, _printable(cause.problem), _printable(cause.cure))
    return InvalidInput(path, _printable(str(cause) if cause is not None else _problem(first)))


def _explained_of_graph(details: ErrorDetails, path: str) -> InvalidInput:
    known = f"a task has {', '.join(c.Planned.model_fields)}"
    problems = {"missing": "is missing", "extra_forbidden": "is no key of a task"} if "." in path else {}
    return InvalidInput(path, problems.get(details["type"]) or _printable(_problem(details)), known)


def _problem(details: ErrorDetails) -> str:
    if details["type"] == "literal_error":
        return f"{details['input']!r} is not a choice; write {details['ctx']['expected']}"
    if details["type"] == "string_unicode":
        return "is not UTF-8 text; write it in UTF-8"
    if details["type"] == "string_too_long":
        return f"has more than {details['ctx']['max_length']} characters; keep long texts in a file and name it here"
    message = details["msg"]
    shown = repr(details["input"])
    return f"{shown if len(shown) <= SHOWN else 'the value'}: {message[0].lower()}{message[1:]}"


def _printable(text: str) -> str:
    """Spell out halves of surrogate pairs, which no reply can carry."""
    return text.encode("utf-8", "backslashreplace").decode()
