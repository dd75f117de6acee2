"""Run a verb: arguments to a command, a command to an envelope, an envelope to the terminal."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from ainarres.cli import access, arguments
from ainarres.domain.malformed import MalformedError
from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from ainarres.cli.table import Entry
    from ainarres.database.settings import Settings
    from ainarres.domain.commands import Command

APART = ("json", "url", "home", "key")
"""Options that are no field of a command."""
SHOWN = 80
"""Characters of a wrong value that a message repeats."""


def run(entry: Entry, argv: Sequence[str]) -> int:
    """Execute the verb of ``entry`` with what follows its words, and return the exit status."""
    fields = arguments.parse(entry, argv)
    apart = {name: fields.pop(name, None) for name in APART}
    key = _key(apart["key"])
    given = access.settings(apart["url"], apart["home"])
    _fill_in(fields, entry, given)
    arguments.require(entry, fields)
    command = _command(entry, fields)
    with access.session(given) as session:
        envelope = session.execute(command, key)
    document = envelope.to_json()
    if apart["json"]:
        print(json.dumps(document, ensure_ascii=False))
    else:
        from ainarres.cli import reply  # noqa: PLC0415 - a program reads JSON

        print(reply.text(entry.words, document))
    return envelope.exit_status


def _key(given: str | None) -> uuid.UUID:
    if given is None:
        return uuid.uuid4()
    try:
        return uuid.UUID(given)
    except ValueError:
        raise InvalidInput("--key", f"{given!r} is not a UUID", "make one with: python3 -m uuid, or uuidgen") from None


def _fill_in(fields: dict[str, Any], entry: Entry, given: Settings) -> None:
    """Take what the command line left out from the settings, and a card's role from its file's name."""
    takes = {option.field for option in entry.options}
    if "fence" in takes and "fence" not in fields and given.fence:
        fields["fence"] = arguments.number("AINARRES_FENCE", given.fence)
    if "lane" in takes and entry.model != "Done" and "lane" not in fields and given.lane:
        fields["lane"] = given.lane
    if given.project and "lane" in takes and "/" not in fields.get("lane", "/"):
        fields["lane"] = f"{given.project}/{fields['lane']}"
    if entry.model == "AdoptCard":
        stem = fields.pop("source").replace("\\", "/").rpartition("/")[2].removesuffix(".md")
        fields.setdefault("role", stem)


def _command(entry: Entry, fields: dict[str, Any]) -> Command:
    """Build the command. Raises ``InvalidInput`` with the option's name."""
    from pydantic import ValidationError  # noqa: PLC0415 - wrong options are told without it

    from ainarres.domain import commands  # noqa: PLC0415 - as above

    model: type[Command] = getattr(commands, entry.model)
    if "graph" in fields:
        model, graph = commands.CreateGraph, fields.pop("graph")
        if misplaced := set(fields) - set(model.model_fields):
            name = min(misplaced).replace("_", "-")
            raise InvalidInput(f"--{name}", "does not go with --graph", "write it into the tasks of the graph")
        fields = {**graph, **fields}
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise _explained(error, entry) from None


def _explained(error: ValidationError, entry: Entry) -> InvalidInput:
    first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    path = [str(part) for part in first["loc"]]
    if path[:1] == ["tasks"]:
        return _explained_of_graph(first, path)
    name = next((one.shown for one in (*entry.places, *entry.options) if path and one.field == path[0]), ".".join(path))
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, MalformedError):
        return InvalidInput(name, cause.problem, cause.cure)
    problem = str(cause) if cause is not None else _problem(first)
    return InvalidInput(name, problem, f"see: ainarres {entry.words} --help")


def _explained_of_graph(details: ErrorDetails, path: list[str]) -> InvalidInput:
    """Say what is wrong with one task of a graph, counted from 1 as in the file."""
    from ainarres.domain.commands import Planned  # noqa: PLC0415 - only on the way out

    known = f"a task has {', '.join(Planned.model_fields)}"
    if len(path) == 1:
        return InvalidInput("--graph", _problem(details), known)
    name = ": ".join((f"--graph: task {int(path[1]) + 1}", *path[2:]))
    problems = {"missing": "is missing", "extra_forbidden": "is no key of a task"}
    return InvalidInput(name, problems.get(details["type"]) or _problem(details), known)


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
