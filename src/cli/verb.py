"""Run a verb: arguments to a command, a command to an envelope, an envelope to the terminal."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from ainarres.cli import access, arguments, remote
from ainarres.faults import InvalidInput
from ainarres.verbs.envelope import CODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ainarres.cli.table import Entry
    from ainarres.database.settings import Settings
    from ainarres.domain.commands import Command

APART = ("json", "url", "home", "key")
"""Options that are no field of a command."""
GRAPH_TAKES = frozenset({"lane", "tasks", "epic", "template", "correlation"})
"""Fields of the command that posts a graph; named here since a verb through the server knows no models."""


def run(entry: Entry, argv: Sequence[str]) -> int:
    """Execute the verb of ``entry`` with what follows its words, and return the exit status."""
    fields = arguments.parse(entry, argv)
    apart = {name: fields.pop(name, None) for name in APART}
    key = _key(apart["key"])
    given = access.settings(apart["url"], apart["home"])
    _fill_in(fields, entry, given)
    arguments.require(entry, fields)
    document = _ask_server(entry, fields, key, given) if remote.chosen(given) else _execute(entry, fields, key, given)
    if apart["json"]:
        print(json.dumps(document, ensure_ascii=False))
    else:
        from ainarres.cli import reply  # noqa: PLC0415 - a program reads JSON

        print(reply.text(entry.words, document))
    return CODES[document["code"]].exit


def _execute(entry: Entry, fields: dict[str, Any], key: uuid.UUID, given: Settings) -> dict[str, Any]:
    command = _command(entry, fields)
    with access.session(given) as session:
        return session.execute(command, key).to_json()


def _ask_server(entry: Entry, fields: dict[str, Any], key: uuid.UUID, given: Settings) -> dict[str, Any]:
    words, fields = ("create graph", _spread(fields)) if "graph" in fields else (entry.words, fields)
    try:
        return remote.say(given, words, fields, key)
    except InvalidInput as error:
        raise _as_typed(error, entry) from None


def _spread(fields: dict[str, Any]) -> dict[str, Any]:
    """Put what a graph's file says beside what the command line says, which wins."""
    apart = {name: value for name, value in fields.items() if name != "graph"}
    if misplaced := set(apart) - GRAPH_TAKES:
        name = min(misplaced).replace("_", "-")
        raise InvalidInput(f"--{name}", "does not go with --graph", "write it into the tasks of the graph")
    return {**fields["graph"], **apart}


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
    from ainarres.domain import commands  # noqa: PLC0415 - wrong options are told without it
    from ainarres.verbs import asked  # noqa: PLC0415 - as above

    model: type[Command] = getattr(commands, entry.model)
    if "graph" in fields:
        model, fields = commands.CreateGraph, _spread(fields)
    try:
        return asked.read(model, fields)
    except InvalidInput as error:
        raise _as_typed(error, entry) from None


def _as_typed(error: InvalidInput, entry: Entry) -> InvalidInput:
    """Say what is wrong with a field in the words of the command line."""
    first, _, rest = error.field.partition(".")
    if first == "tasks":  # of a graph, counted from 1 as in the file
        place, _, key = rest.partition(".")
        parts = [f"--graph: task {int(place) + 1}", *key.split(".")] if place else ["--graph"]
        return InvalidInput(": ".join(part for part in parts if part), error.problem, error.cure)
    name = next((one.shown for one in (*entry.places, *entry.options) if first and one.field == first), error.field)
    return InvalidInput(name, error.problem, error.cure or f"see: ainarres {entry.words} --help")
