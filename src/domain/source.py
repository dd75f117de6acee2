"""A definition file as its author sees it: every problem with file, line, field and cure.

``tomllib`` gives values without positions, so ``Source`` scans the text beside it: a line that opens a table or a value
is read alone by ``tomllib`` to learn the path it writes, and a value that spans lines is taken with as many lines as it
needs to be read. A path that nobody wrote (a missing key) is placed at the table that lacks it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from ainarres.domain.malformed import MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_POSITION = re.compile(r" \(at line (\d+), column \d+\)$")
_TYPES = {
    "string": "text in quotes",
    "int": "a whole number",
    "bool": "true or false",
    "tuple": "a list in square brackets",
    "dict": "a table",
    "model": "a table",
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a definition, and what to write instead."""

    source: str
    """File name, as its reader was given it."""
    line: int
    """Line in that file, from 1."""
    field: str
    """Where in the definition, in its own words: ``stage implementing: lease``."""
    message: str
    cure: str

    def __str__(self) -> str:
        """One line for a terminal."""
        return f"{self.source}:{self.line}: {self.field}: {self.message} ({self.cure})"


@dataclass(frozen=True)
class Source:
    """A TOML text that parsed, with the line of everything in it."""

    name: str
    data: dict[str, Any]
    lines: dict[Path, int]

    def problem(self, path: Path, message: str, cure: str) -> Problem:
        """Make a problem of a place in the definition, at the line of that place or of what should hold it."""
        line = next((self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), 1)
        return Problem(self.name, line, self._words(path), message, cure)

    def read(self, model: type[Model]) -> Model | tuple[Problem, ...]:
        """Validate the data against a model, all problems at once, in the order of the lines."""
        try:
            return model.model_validate(self.data, by_alias=True, by_name=False)
        except ValidationError as error:
            # a list whose items are wrong counts as too short; the items are told for themselves
            told = (one for one in error.errors(include_url=False) if one["type"] != "too_short" or not one["input"])
            found = (self._translate(model, details) for details in told)
            return tuple(sorted(found, key=lambda problem: problem.line))

    def _translate(self, model: type[BaseModel], details: ErrorDetails) -> Problem:
        path, kind = details["loc"], details["type"]
        cause = details.get("ctx", {}).get("error")
        if isinstance(cause, MalformedError):
            return self.problem(path, cause.problem, cause.cure)
        if kind == "extra_forbidden":
            return self.problem(path, f"unknown key {path[-1]!r}", _nearest(str(path[-1]), _keys(model, path[:-1])))
        if kind in ("missing", "too_short"):
            return self.problem(path, "is missing", _missing(model, path))
        if kind == "literal_error":
            return self.problem(path, f"{details['input']!r} is not a choice", f"write {details['ctx']['expected']}")
        wanted = _TYPES.get(kind.removesuffix("_type"))
        if wanted:
            return self.problem(path, f"{details['input']!r} has the wrong type", f"write {wanted}")
        message = details["msg"]
        return self.problem(path, f"{details['input']!r} is out of bounds", message[0].lower() + message[1:])

    def _words(self, path: Path) -> str:
        """Say a path as a person would: list items by their key, or by from → to."""
        words, value, here = [], self.data, []
        for part in path:
            try:
                value = value[part]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                value = {}
            if not isinstance(part, int):
                here.append(part)
            elif isinstance(value, dict):
                words.append(f"{'.'.join(here)} {_name(value, part)}")
                here = []
        words.append(".".join(here))
        return ": ".join(word for word in words if word) or "file"


def load(text: str, name: str) -> Source | tuple[Problem, ...]:
    """Parse a TOML text; a syntax error is one problem with its line."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _POSITION.search(str(error))
        line = int(match[1]) if match else max(1, len(text.splitlines()))
        return (Problem(name, line, "syntax", _POSITION.sub("", str(error)), "TOML is described at toml.io"),)
    except (ValueError, RecursionError):
        # tomllib lets Python's own limits through: digits of a number, depth of nesting
        return (Problem(name, 1, "syntax", "a number is too long or a value too deep", "write it shorter"),)
    return Source(name, data, dict(reversed(list(_scan(text)))))


def _scan(text: str) -> Iterator[tuple[Path, int]]:
    """Yield each path that the text writes with the line that writes it, in order."""
    lines, number = text.replace("\r\n", "\n").split("\n"), 0
    table: Path = ()
    counts: dict[Path, int] = {}
    while number < len(lines):
        first, stripped = number, lines[number].strip()
        number += 1
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("["):
            table = _enter(stripped, counts)
            yield from ((table[:end], first + 1) for end in range(1, len(table) + 1))
            continue
        while (value := _attempt(lines[first:number])) is None and number < len(lines):
            number += 1
        for path in _paths(value):
            yield (*table, *path), first + 1


def _attempt(lines: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return None


def _enter(header: str, counts: dict[Path, int]) -> Path:
    """Return the path that a header opens; ``counts`` holds how many items each list of tables has so far."""
    parsed, parts = _attempt([header]) or {}, []
    value: Any = parsed
    while isinstance(value, dict) and value:
        part, value = next(iter(value.items()))
        parts.append(part)
    path: Path = ()
    for place, part in enumerate(parts):
        path = (*path, part)
        if place == len(parts) - 1 and isinstance(value, list):
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = (*path, counts[path] - 1)
    return path


def _paths(value: object) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (key,)
            yield from ((key, *path) for path in _paths(inner))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield (place,)
            yield from ((place, *path) for path in _paths(inner))


def _name(item: dict[str, Any], place: int) -> str:
    if isinstance(item.get("key"), str):
        return str(item["key"])
    if "from" in item and "to" in item:
        return f"{item['from']} → {item['to']}"
    return f"number {place + 1}"


def _missing(model: type[BaseModel], path: Path) -> str:
    """Say what to write where ``path`` is not: a table of its own, or a key with a value."""
    table: type[BaseModel] | None = model
    inner = None
    for part in path:
        if isinstance(part, str):
            inner = {_written(name, field): field for name, field in (table or model).model_fields.items()}.get(part)
            table = next(_models(inner.annotation), None) if inner else None
    if table is None:
        return f"write {path[-1]} = … here"
    return f"write a table [{path[-1]}]" if inner and inner.annotation is table else f"write a table [[{path[-1]}]]"


def _nearest(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"


def _keys(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys a table of the file may hold, found by walking the model along the path."""
    for part in path:
        if isinstance(part, str):
            inner = {_written(name, field): field for name, field in model.model_fields.items()}.get(part)
            model = next(_models(inner.annotation), model) if inner else model
    return [_written(name, field) for name, field in model.model_fields.items()]


def _written(name: str, field: Any) -> str:
    return str(field.serialization_alias or name)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
