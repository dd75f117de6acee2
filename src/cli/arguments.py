"""Read a verb's arguments by its entry in the table: a small parser, because a verb called in a loop must start fast.

Options are ``--name value`` or ``--name=value``; ``--`` ends them. Values come out as the command models take them.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ainarres.cli import documents
from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ainarres.cli.table import Entry, Option


def parse(entry: Entry, argv: Sequence[str]) -> dict[str, Any]:
    """Return the values given, by field (or by name, for what is no field of the command).

    What is required may be missing still: the settings may say it. Raises ``InvalidInput`` naming the option and the
    cure.
    """
    by_flag = {option.flag: option for option in entry.options}
    given: dict[str, Any] = {}
    places: list[str] = []
    for flag, value in _split(argv, by_flag, entry):
        if flag is None:
            places.append(value)
        else:
            _take(given, by_flag.get(flag) or by_flag["--set"], value, flag)
    _place(entry, places, given)
    return given


def _split(argv: Sequence[str], by_flag: dict[str, Option], entry: Entry) -> Iterator[tuple[str | None, str]]:
    """Yield each option with its value, and each other word with no option."""
    words = iter(argv)
    for word in words:
        if word == "--":
            yield from ((None, rest) for rest in words)
        elif word.startswith("-") and word != "-":
            flag, equals, value = word.partition("=")
            option = by_flag.get(flag) or _parameter(flag, by_flag)
            if option is None:
                raise unknown(flag, by_flag, entry.words)
            if option.kind == "flag":
                if equals:
                    raise InvalidInput(flag, "takes no value", f"write {flag} alone, or leave it out")
                yield flag, ""
            else:
                yield flag, value if equals else _following(words, option)
        else:
            yield None, word


def _following(words: Iterator[str], option: Option) -> str:
    value = next(words, None)
    if value is None or value.startswith("--"):
        raise InvalidInput(option.flag, "needs a value", f"write {option.flag} {option.metavar}")
    return value


def unknown(flag: str, known: Sequence[str] | dict[str, Option], words: str) -> InvalidInput:
    """Say that there is no such option, and which one was probably meant."""
    near = get_close_matches(flag, list(known), n=1)
    cure = f"did you mean {near[0]}?" if near else f"see: ainarres {words} --help"
    return InvalidInput(flag, "no such option", cure)


def _parameter(flag: str, by_flag: dict[str, Option]) -> Option | None:
    """A command that takes parameters takes each as an option of its own name, too."""
    return by_flag.get("--set") if flag.startswith("--") and len(flag) > len("--") else None


def _take(given: dict[str, Any], option: Option, text: str, flag: str) -> None:
    field = option.field
    match option.kind:
        case "flag":
            given[field] = True
        case "list":
            given[field] = (*given.get(field, ()), *_items(text))
        case "artifact":
            given["artifacts"] = (*given.get("artifacts", ()), documents.artifact(text))
        case "shorthand":
            artifact = documents.shorthand(option.flag[2:], text)
            given["artifacts"] = (*given.get("artifacts", ()), artifact)
        case "parameter":
            given[field] = given.get(field, {}) | documents.parameter(flag, text)
        case _ if field in given:
            raise InvalidInput(option.flag, "was given twice", "give it once")
        case "number":
            given[field] = number(option.flag, text)
        case "graph":
            given[field] = documents.graph(text)
        case "json":
            given[field] = documents.json_object(option.flag, text)
        case _:
            given[field] = text


def _place(entry: Entry, places: list[str], given: dict[str, Any]) -> None:
    names = [place.field for place in entry.places]
    for place in entry.places:
        if not places:
            break
        if place.kind == "list":
            given[place.field] = tuple(item for text in places for item in _items(text))
            places = []
        elif place.kind in ("document", "template", "policy"):
            given |= getattr(documents, place.kind)(places.pop(0))
        else:
            given[place.field] = places.pop(0)
    if places:
        takes = " ".join(name.upper() for name in names) or "no words, only options"
        raise InvalidInput(places[0], "is one word too many", f"ainarres {entry.words} takes {takes}; quote texts")


def require(entry: Entry, given: dict[str, Any]) -> None:
    """Raise ``InvalidInput`` for the first thing that neither the command line nor a setting said."""
    for option in (*entry.places, *entry.options):
        stands_in = option.field in ("title", "lane") and "graph" in given  # the file may say them
        if option.required and option.field not in given and not stands_in:
            raise InvalidInput(option.shown, "is missing", f"for example: {entry.example}")


def _items(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def number(flag: str, text: str) -> int:
    """Read a whole number. Raises ``InvalidInput`` naming ``flag``."""
    try:
        return int(text)
    except ValueError:
        raise InvalidInput(flag, f"{text!r} is not a whole number", "write digits only") from None
