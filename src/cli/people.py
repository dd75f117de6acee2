"""Commands that typer parses: neither verbs nor reads. One command is built a process, from one function's signature.

A function prints what it has to say and returns its exit status; the options that all of them share are named here.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ainarres.cli.table import Entry

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else")]
Url = Annotated[
    str | None, typer.Option("--url", metavar="URL", help="Address of PostgreSQL, in place of the embedded server")
]
Home = Annotated[str | None, typer.Option("--home", metavar="DIRECTORY", help="Directory of the embedded server")]

# Typer has carried click inside and outside of itself; this class is the root of its complaints in either case.
_COMPLAINT: type[Exception] = next(one for one in typer.BadParameter.__mro__ if one.__name__ == "ClickException")

_NUMBERS = (
    (re.compile(r"is not a valid int(eger)?( range)?$"), "is not a whole number"),
    (re.compile(r"is not a valid float( range)?$"), "is not a number"),
    (re.compile(r"is not in the range x>=(\S+)$"), r"is less than \1"),
    (re.compile(r"is not in the range (\S+)<=x<=(\S+)$"), r"is not from \1 to \2"),
)
"""Typer's words for wrong numbers, and those of the verbs."""


def run(entry: Entry, argv: Sequence[str]) -> int:
    """Run a command with what follows its words, and return its exit status.

    Raises ``InvalidInput`` for arguments that are not as they should be.
    """
    module, _, name = entry.function.partition(":")
    command = _command(getattr(import_module(f"ainarres.cli.{module}"), name), entry.words)
    try:
        status = command.main(args=list(argv), prog_name=f"ainarres {entry.words}", standalone_mode=False)
    except _COMPLAINT as error:
        raise _explained(error, entry) from None
    except typer.Abort:
        return 130
    return int(status or 0)


def parameters(function: Callable[..., Any], words: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a function's arguments and options as rows of the table."""
    places: list[dict[str, Any]] = []
    options: list[dict[str, Any]] = []
    for one in _command(function, words).params:
        option = one.param_type_name == "option"
        kind = "flag" if option and one.is_flag else ("number" if one.type.name == "integer" else "text")
        row = {"field": one.name, "flag": one.opts[0] if option else "", "kind": kind, "help": one.help or ""}
        row["metavar"] = "" if kind == "flag" else (one.metavar or {"number": "N"}.get(kind, str(one.name).upper()))
        if one.required:
            row["required"] = True
        if option and kind != "flag" and one.default is not None:
            row["default"] = str(one.default)
        (options if option else places).append(row)
    return places, options


def _command(function: Callable[..., Any], words: str) -> Any:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(words.rpartition(" ")[2], add_help_option=False)(function)
    return typer.main.get_command(app)


def _explained(error: Exception, entry: Entry) -> InvalidInput:
    """Turn typer's complaint into ours: the option's name, what is wrong, the cure."""
    from ainarres.cli.arguments import unknown  # noqa: PLC0415 - only on the way out

    flags = {option.flag: option for option in entry.options}
    wrong = getattr(error, "option_name", None)
    problem = str(getattr(error, "message", error)).rstrip(".")
    if wrong and wrong not in flags:
        return unknown(wrong, flags, entry.words)
    parameter = getattr(error, "param", None)
    field = wrong or (parameter.opts[0] if parameter is not None and parameter.opts else "arguments")
    known = next((one.shown for one in (*entry.places, *entry.options) if one.field == field), field)
    if type(error).__name__ == "MissingParameter":
        problem = "is missing"
    for theirs, ours in _NUMBERS:
        problem = theirs.sub(ours, problem)
    return InvalidInput(known, problem[0].lower() + problem[1:], f"for example: {entry.example}")
