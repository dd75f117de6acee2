"""Ask a question: through the server where the settings name one, else straight from the database; the same words.

Through a server nothing is imported but the standard library: the answer arrives as the text that is printed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ainarres.cli import access, arguments, remote
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ainarres.cli.table import Entry
    from ainarres.database.settings import Settings

APART = ("json", "url", "home")
"""Options that are no field of a question."""


def run(entry: Entry, argv: Sequence[str]) -> int:
    """Answer the question of ``entry`` with what follows its words, and return the exit status."""
    fields = arguments.parse(entry, argv)
    apart = {name: fields.pop(name, None) for name in APART}
    arguments.require(entry, fields)
    given = access.settings(apart["url"], apart["home"])
    as_json = bool(apart["json"])
    if entry.function:
        module, _, name = entry.function.partition(":")
        status: int = getattr(import_module(f"ainarres.cli.{module}"), name)(entry, fields, given, as_json=as_json)
        return status
    return tell(ask(entry, fields, given, "json" if as_json else "text"), as_json=as_json)


def ask(entry: Entry, fields: Mapping[str, Any], given: Settings, form: str) -> str | Refusal:
    """Return the answer as ``text``, ``json`` or another of its forms. Raises ``InvalidInput`` in the option's name."""
    try:
        if remote.chosen(given):
            return remote.text(given, entry.path, fields, form)
        from ainarres.reads.ask import ask as answer  # noqa: PLC0415 - the server's answer needs no driver

        with access.connection(given) as connection:
            found = answer(connection, given.token, entry.question, fields)
            if isinstance(found, Refusal):
                return found
            return found.written(form) if found.whole else remote.Incomplete(found.written(form))
    except InvalidInput as error:
        raise as_typed(error, entry) from None


def tell(found: str | Refusal, *, as_json: bool) -> int:
    """Print an answer, or say why there is none; return the exit status."""
    if isinstance(found, Refusal):
        from ainarres.cli import trouble  # noqa: PLC0415 - only on the way out

        return trouble.refuse(found, as_json=as_json)
    print(found)
    return int(isinstance(found, remote.Incomplete))


def as_typed(error: InvalidInput, entry: Entry) -> InvalidInput:
    """Say what is wrong with a field in the words of the command line."""
    name = next((one.shown for one in (*entry.places, *entry.options) if one.field == error.field), error.field)
    return InvalidInput(name, error.problem, error.cure)
